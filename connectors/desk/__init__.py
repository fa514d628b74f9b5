"""The service desk: counter, suggestion box, letters, PPID, field visits, the leaders' phones."""

from pydantic import Field

from connectors.desk.connector import Desk
from core.connector import ChannelSettings, ChannelSpec, Context, Push
from core.forms import SERVICES

__all__ = ["SPEC", "Settings", "build"]


class Settings(ChannelSettings):
    """The desk's services, and what its privacy notice says other than the office's [privasi]."""

    layanan: tuple[str, ...] = Field(
        default=SERVICES, min_length=1, description="Layanan yang dapat dipilih pada formulir."
    )
    pengendali: str = Field(
        default="", max_length=200, description="Baris pengendali; kosong = dari [privasi]."
    )
    tujuan: str = Field(
        default="", max_length=200, description="Baris tujuan; kosong = dari [privasi]."
    )
    kontak: str = Field(
        default="", max_length=200, description="Baris kontak; kosong = dari [privasi]."
    )


def build(settings: Settings, context: Context) -> Push:
    """Make the channel."""
    own = settings.model_dump(include={"pengendali", "tujuan", "kontak"})
    notice = context.notice.changed(**own)
    return Desk(context, settings.layanan, notice)


SPEC = ChannelSpec(
    name="desk",
    label="Loket layanan",
    mode="push",
    settings=Settings,
    build=build,
    idempotency_key="form_id; baris tanpa kode: waktu + isi + lokasi + pelapor",
    authenticity="x-kanal-signature (HMAC-SHA256, t + path + body); berkas: hak menjalankan impor",
)
