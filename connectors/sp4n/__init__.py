"""SP4N-LAPOR!: the exports an office takes from the national application, brought in by hand."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from connectors.sp4n.columns import Columns
from connectors.sp4n.connector import Sp4n
from core.connector import ChannelSettings, ChannelSpec, Context, Importer

__all__ = ["SPEC", "Settings", "build"]


class Settings(ChannelSettings):
    """How the export is read."""

    zone: str = Field(
        default="UTC",
        description="Zona waktu jam pada ekspor. SP4N tidak menyebutnya; sebaran jamnya cocok "
        "dengan UTC. Pastikan dengan satu laporan yang jamnya Anda ketahui; Asia/Jakarta bila WIB.",
    )
    columns: Columns = Field(
        default=Columns(),
        description="Judul kolom pada ekspor bila SP4N mengganti namanya, di tabel columns.",
    )

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("zona waktu tidak dikenal, mis. UTC atau Asia/Jakarta") from None
        return zone


def build(settings: Settings, context: Context) -> Importer:
    """Make the channel."""
    return Sp4n(context, settings.zone, settings.columns)


SPEC = ChannelSpec(
    name="sp4n",
    label="SP4N-LAPOR!",
    mode="import",
    settings=Settings,
    build=build,
    idempotency_key="Tracking ID; versi dari isi baris",
    authenticity="hak menjalankan impor",
)
