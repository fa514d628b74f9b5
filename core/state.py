"""Records of which only the newest holds: how a channel stands, what a node has counted."""

from typing import Literal

from core.record import Moment, Record, Text


class ChannelState(Record):
    """A channel's cursor and health, the newest of which the topic `cursors` keeps."""

    tenant: str
    channel: str
    mode: Literal["push", "pull", "import"]
    # The channel's name on screens; the dashboard does not know the registry.
    label: str = ""
    cursor: str | None = None
    state: Literal["terhubung", "percobaan", "gagal", "belum_disambungkan", "mati"]
    sentence: Text = ""
    last_success: Moment | None = None
    last_message_at: Moment | None = None
    at: Moment

    @property
    def key(self) -> str:
        """The compaction key."""
        return f"{self.tenant}/{self.channel}"


class Tallies(Record):
    """What one node's log has counted of a channel since it was made; the newest one holds."""

    tenant: str
    channel: str
    node: str
    counts: dict[str, int]
    at: Moment

    @property
    def key(self) -> str:
        """The compaction key."""
        return f"{self.tenant}/{self.channel}/{self.node}"


class Alarm(Record):
    """Something that a person should look at, from its begin to its end; the newest one holds."""

    tenant: str
    channel: str = ""
    # A burst's `channel` is its kategori and kecamatan: "pohon/Kanigoro".
    kind: Literal["gap", "parked", "lag", "silent", "failing", "burst"]
    sentence: Text
    since: Moment
    ended: Moment | None = None

    @property
    def key(self) -> str:
        """The compaction key."""
        return f"{self.tenant}/{self.channel}/{self.kind}"
