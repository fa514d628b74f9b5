"""The public form and Open311: off until the office names the law that lets it have them."""

from pydantic import Field, SecretStr

from connectors.web.connector import WebForm
from core.connector import ChannelSettings, ChannelSpec, Context, Push
from core.errors import ConfigError

__all__ = ["SPEC", "Settings", "build"]

_WHY = (
    "[channels.web] dasar_hukum: wajib diisi. Aplikasi pengaduan publik baru sesudah 2020 harus "
    "lewat SP4N-LAPOR! (KepmenPANRB 680/2020); tulis dasar hukum yang membolehkan formulir ini, "
    "atau biarkan enabled = false. Lihat docs/kedudukan-hukum.md."
)


class Settings(ChannelSettings):
    """What the public form and Open311 may do."""

    enabled: bool = Field(
        default=False, description="Apakah formulir publik dan Open311 dibuka; perlu dasar_hukum."
    )
    dasar_hukum: str = Field(
        default="",
        max_length=500,
        description="Peraturan yang membolehkan kantor ini membuka formulir publik; tampil di kaki "
        "formulir.",
    )
    formulir: bool = Field(default=True, description="Buka formulir di /lapor/KANTOR.")
    open311: bool = Field(default=True, description="Buka Open311 di /open311/v2/.")
    api_key: SecretStr = Field(
        default=SecretStr(""),
        description="Kunci yang wajib disertakan pada POST Open311; kosong = tanpa kunci.",
    )
    per_menit: float = Field(
        default=6.0, gt=0, le=600, description="Kiriman per menit dari satu alamat."
    )
    sekaligus: int = Field(
        default=10, ge=1, le=600, description="Kiriman sekaligus dari satu alamat."
    )
    foto_mb: float = Field(default=6.0, gt=0, le=20, description="Foto terbesar yang diterima, MB.")


def build(settings: Settings, context: Context) -> Push:
    """Make the channel. Raises ConfigError if it is on without a legal basis."""
    if settings.enabled and not settings.dasar_hukum.strip():
        raise ConfigError(_WHY)
    return WebForm(context)


SPEC = ChannelSpec(
    name="web",
    label="Formulir web",
    mode="push",
    settings=Settings,
    build=build,
    idempotency_key="nonce formulir + isi; Open311: Idempotency-Key + isi, atau isi dalam 10 menit",
    authenticity="tanpa bukti diri warga; antarproses x-kanal-signature (HMAC-SHA256)",
)
