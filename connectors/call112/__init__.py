"""Call centre 112: transcripts dropped as JSON, CSV or TXT files into a folder."""

from pydantic import Field

from connectors.call112.connector import Call112
from connectors.call112.folder import DropFolder
from core.connector import ChannelSettings, ChannelSpec, Context, Pull

__all__ = ["SPEC", "Settings", "build"]


class Settings(ChannelSettings):
    """How the folder is watched."""

    every: float = Field(default=2.0, gt=0, description="Jeda antara dua kali melihat folder (s).")
    settle_seconds: float = Field(
        default=1.0,
        ge=0,
        description="Berkas baru diambil bila isinya sudah diam selama ini (s). Naikkan bila "
        "berkas dikirim lewat jaringan yang tersendat.",
    )
    max_bytes: int = Field(
        default=20_000_000, gt=0, description="Ukuran berkas terbesar yang dibaca (byte)."
    )


def build(settings: Settings, context: Context) -> Pull:
    """Make the channel; its folder is `context.inbox`, exercises go into `simulasi/` there."""
    # The office may keep its folder elsewhere by a link; one laid inside it is not followed.
    inbox = context.inbox.resolve()
    calls, exercises = (
        DropFolder(path, settings.settle_seconds, settings.max_bytes, context.clock, context.zone)
        for path in (inbox, inbox / "simulasi")
    )
    return Call112(calls, exercises, context, settings.every)


SPEC = ChannelSpec(
    name="call112",
    label="Call center 112",
    mode="pull",
    settings=Settings,
    build=build,
    idempotency_key="id panggilan; tanpa id: sha256(berkas) + baris",
    authenticity="hak tulis pada folder inbox",
)
