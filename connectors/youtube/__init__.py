"""YouTube: the comments and replies under the office's videos, asked for every few minutes."""

from datetime import timedelta

from pydantic import Field, SecretStr

from connectors.youtube.client import Comments, Quota
from connectors.youtube.connector import Choices, YouTube
from core.connector import ChannelSettings, ChannelSpec, Context, Pull

__all__ = ["SPEC", "Settings", "build"]


class Settings(ChannelSettings):
    """Whose comments are read, with which key, and how much of the day's quota that may cost."""

    api_key: SecretStr | None = Field(
        default=None,
        description="Kunci API proyek Google Cloud dengan YouTube Data API v3 menyala.",
    )
    channel_id: str = Field(
        default="",
        description="Nomor kanal YouTube kantor, berawalan UC (YouTube Studio > Setelan > Kanal > "
        "Setelan lanjutan).",
    )
    every: float = Field(default=600.0, gt=0, description="Jeda antara dua kali bertanya (s).")
    daily_units: int = Field(
        default=9000,
        gt=0,
        description="Kuota yang boleh dipakai sehari (unit; satu panggilan satu unit). Google "
        "memberi 10.000 per proyek; sisakan untuk aplikasi lain di proyek yang sama.",
    )
    history_days: int = Field(
        default=30, ge=0, description="Komentar setua ini ikut diambil pada kali pertama (hari)."
    )
    watch_threads: int = Field(
        default=200,
        ge=0,
        le=1000,
        description="Sebanyak ini utas terbaru dilihat ulang tiap kali: balasan, suntingan.",
    )
    timeout: float = Field(default=20.0, gt=0, description="Batas menunggu jawaban Google (s).")
    api_base: str = Field(
        default="",
        description="Alamat pengganti API Google, untuk proxy atau uji; biasanya kosong.",
    )


def build(settings: Settings, context: Context) -> Pull:
    """Make the channel; nothing is asked before its first turn."""
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    quota = Quota(settings.daily_units, context)
    comments = Comments(key, quota, settings.api_base, settings.timeout)
    choices = Choices(
        settings.channel_id, settings.every,
        timedelta(days=settings.history_days), settings.watch_threads,
    )  # fmt: skip
    return YouTube(comments, quota, context, choices)


SPEC = ChannelSpec(
    name="youtube",
    label="YouTube",
    mode="pull",
    settings=Settings,
    build=build,
    required=("api_key", "channel_id"),
    idempotency_key="id komentar + updatedAt",
    authenticity="HTTPS ke Google dengan kunci API",
)
