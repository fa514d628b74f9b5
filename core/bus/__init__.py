"""The bus: publish durably, take in batches, commit outputs and position together."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.topics import TOPICS

Positions = dict[tuple[str, int], int]
"""(topic, partition) -> offset of the last record handled; -1 before the first."""

NONE: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to be published; `event_id` makes it once, `key` is set for compacted topics.

    With `counted` (tenant, channel) the bus tallies it as received and as stored or redelivered,
    in the transaction that decides which; a repeat of the same `delivery` is not counted again.
    """

    topic: str
    partition: int
    event_id: str
    value: bytes
    key: str = ""
    counted: tuple[str, str] | None = None
    delivery: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as the bus keeps it; offsets rise within a partition and may have gaps."""

    topic: str
    partition: int
    offset: int
    event_id: str
    value: bytes
    key: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """A count that is written in the same transaction as what it counts."""

    tenant: str
    channel: str
    what: str
    n: int = 1


@dataclass(frozen=True, slots=True)
class Published:
    """What became of each record of one publish: True = new, False = already known."""

    new: tuple[bool, ...]


@dataclass(slots=True)
class Batch:
    """Records taken together, and the positions that stand once they are handled.

    `lost` and `gained` are partition numbers: whoever owns number p reads p of every topic of its
    group (which therefore has equally many partitions of each, or one member). Handle `lost`
    first (forget what you know of p), then `gained` (learn it anew), then the records, which may
    be of gained partitions already. A number in both was away in between or its last commit is in
    doubt: what you know of it is stale. The first batch gains all that is owned; a batch without
    records may carry both.
    """

    records: list[Stored] = field(default_factory=list)
    before: Positions = field(default_factory=dict)
    after: Positions = field(default_factory=dict)
    gained: frozenset[int] = NONE
    lost: frozenset[int] = NONE


class Consumer(Protocol):
    """One member of a group; exactly one task uses it: take, handle, commit, take ..."""

    async def take(self, max_batch: int, linger: float) -> Batch:
        """Wait up to `linger` seconds for records; an empty batch says there were none.

        Returns as soon as there is a record; partitions gained or lost come with it, or at the end
        of the wait. Fewer than `max_batch` says nothing about what is left (a batch is bounded in
        bytes too). What was taken and not committed is given again. A partition leaves this member
        only in here, between two batches, unless the member was silent for longer than its lease.
        Raises Fenced when another process goes on under this member's name.
        """
        ...

    async def commit(
        self, batch: Batch, outputs: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        """Store outputs and position in one step.

        Raises Fenced if a partition of the batch was given to another member or its position was
        moved: drop the work in hand; the next take says what is still owned, as lost and gained.
        CannotStore leaves open whether it was stored: offer the same again, or take.
        """
        ...

    async def close(self) -> None:
        """Leave the group; what is owned is free for the others at once."""
        ...


class Bus(Protocol):
    """A durable log of topics. Every method may raise CannotStore or an engine's I/O error."""

    async def publish(
        self, records: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        """Append records whose event id is new; they are on disk when this returns.

        Raises CannotStore when they are not, or when that is in doubt: publishing the same again
        is always right. Cancelling does not take a record back. A record of no topic or partition
        raises ValueError.
        """
        ...

    async def subscribe(
        self,
        group: str,
        topics: Sequence[str],
        positions: Positions | None = None,
        *,
        member: str = "",
    ) -> Consumer:
        """Join a group; its live members share the partitions by range over their names.

        Every process of a stage needs a `member` name of its own: a member takes over at once from
        an older one of its name, alive or dead (so a restart does not wait for a lease). The
        default name is right for a stage that runs once. `positions` (kept with the effect, as
        the sink does) win over the bus's; what they do not name starts at the beginning.
        """
        ...

    async def read(self, topic: str, after: Positions, limit: int) -> list[Stored]:
        """Read a topic outside any group, partition by partition in order.

        It may return fewer than `limit`; only an empty list is the end.
        """
        ...

    async def latest(self, topic: str) -> Mapping[str, bytes]:
        """Return the newest value of each key of a compacted topic."""
        ...

    async def erase(self, topic: str, event_id: str, value: bytes) -> bool:
        """Put `value` in the place of a record's payload, so that the old bytes are gone.

        The record keeps its offset and its event id. False: there is no such payload (any more).
        """
        ...

    async def trim(self, topic: str, through: Positions) -> int:
        """Drop the payloads up to and including these offsets; return how many went.

        Event ids stay, and what a group has not handled is kept.
        """
        ...

    async def status(self) -> "Status":
        """Return counts, heads and lags for the summary line and the metrics; cheap."""
        ...

    async def close(self) -> None:
        """Finish what is accepted and let go of the files."""
        ...


@dataclass(frozen=True, slots=True)
class Status:
    """Heads per topic, lag per (group, topic), every tally, and how old the waiting records are."""

    heads: Mapping[str, int]
    lags: Mapping[tuple[str, str], int]
    tallies: Mapping[tuple[str, str, str], int]
    records: Mapping[str, int] = field(default_factory=dict)
    """topic -> records ever stored (repeats are not)."""
    oldest: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """(group, topic) -> seconds since the oldest record that waits was stored, if one waits."""
    members: Mapping[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)
    """(group, member) -> the partition numbers it owns."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an engine keeps to; the defaults suit a machine with a disk of its own."""

    pending_bytes: int = 64 * 1024 * 1024
    """Payloads that may wait for the disk; publishers beyond them wait in line."""
    wait: float = 10.0
    """Seconds a publisher waits, for its turn and for the disk, before CannotStore."""
    free_floor: int = 256 * 1024 * 1024
    """Free bytes on the disk below which nothing is published."""
    hard_floor: int = 64 * 1024 * 1024
    """Free bytes below which stages cannot commit either."""
    lease: float = 5.0
    """Seconds without a sign of life after which a member's partitions go to others."""
    check_seconds: float = 2.0
    """How long the first process to open a log may check it; `verify` checks all of it."""


async def walk(bus: Bus, topic: str, page: int = 500) -> AsyncIterator[Stored]:
    """Yield every record of a topic from its beginning, each partition in order."""
    after: Positions = {}
    while records := await bus.read(topic, after, page):
        for record in records:
            after[record.topic, record.partition] = record.offset
            yield record


def check(records: Sequence[Outgoing]) -> None:
    """Raise ValueError for a record that no engine could store, before it meets its neighbours."""
    for record in records:
        topic = TOPICS.get(record.topic)
        if topic is None or not 0 <= record.partition < topic.partitions:
            raise ValueError(f"no partition {record.partition} of topic {record.topic}")
        if topic.compacted and not record.key:
            raise ValueError(f"a record of {record.topic} needs a key")
        # A lone surrogate cannot be written; UnicodeEncodeError is a ValueError.
        (record.event_id + record.key + record.delivery).encode()


def share(members: Sequence[str], partitions: int) -> dict[int, str]:
    """Give each partition number to a member: ranges in the order of names, as Kafka's do."""
    ranked = sorted(set(members))
    if not ranked:
        return {}
    size, larger = divmod(partitions, len(ranked))
    owner: dict[int, str] = {}
    for rank, name in enumerate(ranked):
        first = rank * size + min(rank, larger)
        owner.update(dict.fromkeys(range(first, first + size + (rank < larger)), name))
    return owner
