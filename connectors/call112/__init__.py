"""Call centre 112: transcripts dropped as files into a folder, or sent by its own system."""

from pydantic import Field, SecretStr

from connectors.call112.connector import Call112
from connectors.call112.folder import DropFolder
from connectors.call112.push import Door
from core.connector import ChannelSettings, ChannelSpec, Context, Pull

__all__ = ["SPEC", "Settings", "build"]


class Settings(ChannelSettings):
    """How the folder is watched, and the secret of whoever may send."""

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
    push_secret: SecretStr | None = Field(
        default=None,
        description="Kunci penanda tangan bila sistem 112 mengirim panggilan lewat HTTP. Kosong = "
        "hanya folder.",
    )
    push_secret_previous: SecretStr | None = Field(
        default=None,
        description="Kunci lama yang masih diterima selama penggantian kunci; hapus sesudahnya.",
    )


def build(settings: Settings, context: Context) -> Pull:
    """Make the channel; its folder is `context.inbox`, exercises go into `simulasi/` there."""
    # The office may keep its folder elsewhere by a link; one laid inside it is not followed.
    inbox = context.inbox.resolve()
    calls, exercises = (
        DropFolder(path, settings.settle_seconds, settings.max_bytes, context.clock, context.zone)
        for path in (inbox, inbox / "simulasi")
    )
    given = (settings.push_secret, settings.push_secret_previous)
    keys = [key.get_secret_value().encode() for key in given if key and key.get_secret_value()]
    return Call112(calls, exercises, Door(keys, context), context, settings.every)


SPEC = ChannelSpec(
    name="call112",
    label="Call center 112",
    mode="pull",
    settings=Settings,
    build=build,
    idempotency_key="id panggilan; tanpa id: sha256(berkas) + baris, HTTP: Idempotency-Key",
    authenticity="hak tulis pada folder inbox; HTTP: x-kanal-signature (HMAC-SHA256)",
)
