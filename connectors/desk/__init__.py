"""The service desk: counter, suggestion box, letters, PPID, field visits, the leaders' phones."""

from pydantic import Field

from connectors.desk.connector import Desk
from core.connector import ChannelSettings, ChannelSpec, Context, Push
from core.forms import Notice

__all__ = ["SPEC", "Settings", "build"]


class Settings(ChannelSettings):
    """The desk's services, and the privacy notice on its offline forms."""

    layanan: tuple[str, ...] = Field(
        default=(
            "Loket ULPIM", "Kotak saran", "Surat", "PPID", "Turun lapangan",
            "Pesan ke HP pimpinan",
        ),
        min_length=1,
        description="Layanan yang dapat dipilih pada formulir luring.",
    )  # fmt: skip
    pengendali: str = Field(
        default="pemerintah daerah yang menyelenggarakan layanan ini",
        min_length=1,
        max_length=200,
        description="Pemberitahuan privasi: pengendali data pribadi, yaitu nama kantor.",
    )
    tujuan: str = Field(
        default="menindaklanjuti aduan Anda; laporan yang diterbitkan tidak memuat nama",
        min_length=1,
        max_length=200,
        description="Pemberitahuan privasi: untuk apa data dipakai.",
    )
    kontak: str = Field(
        default="petugas yang menerima formulir ini",
        min_length=1,
        max_length=200,
        description="Pemberitahuan privasi: siapa yang dihubungi tentang data pribadi.",
    )


def build(settings: Settings, context: Context) -> Push:
    """Make the channel."""
    notice = Notice(settings.pengendali, settings.tujuan, settings.kontak)
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
