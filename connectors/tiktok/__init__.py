"""TikTok: comments under the office's videos, exported or pasted by hand."""

from pydantic import Field

from connectors.tiktok.connector import TikTok
from core.connector import ChannelSettings, ChannelSpec, Context, Importer

__all__ = ["SPEC", "Settings", "build"]


class Settings(ChannelSettings):
    """Whose comments are none of the citizens'."""

    own: tuple[str, ...] = Field(
        default=(),
        description="Nama akun TikTok milik kantor (tanpa @); komentarnya tidak dicatat sebagai "
        "aduan.",
    )


def build(settings: Settings, context: Context) -> Importer:
    """Make the channel."""
    own = frozenset(name.strip().lstrip("@").lower() for name in settings.own)
    return TikTok(own, context)


SPEC = ChannelSpec(
    name="tiktok",
    label="TikTok",
    mode="import",
    settings=Settings,
    build=build,
    idempotency_key="comment_id; tanpa itu sidik video + akun + waktu + isi",
    authenticity="hak menjalankan impor",
)
