"""The columns of an SP4N-LAPOR! export: which of them is what, whatever their order and number."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field

from core.tabular import plain

# The names a column is known to bear; three shapes of the export have been seen (17, 20, 27).
_NAMES = {
    "tracking_id": ("tracking_id", "trackingid", "nomor_tracking", "no_tracking", "id_laporan"),
    "tanggal": ("tanggal_laporan_masuk", "tanggal_masuk", "tanggal_laporan", "tanggal"),
    "waktu": ("waktu_laporan_masuk", "waktu_masuk", "jam_laporan_masuk", "waktu", "jam"),
    "isi": ("isi_laporan_awal", "isi_laporan", "isi"),
    "isi_akhir": ("isi_laporan_akhir", "isi_akhir"),
    "judul": ("judul_laporan", "judul"),
    "tipe": ("tipe_laporan_anonim_rahasia", "tipe_laporan", "anonim_rahasia", "tipe"),
    "sumber": ("sumber_laporan", "sumber"),
    "klasifikasi": ("klasifikasi_laporan", "klasifikasi"),
    "kategori": ("kategori", "kategori_laporan"),
    "status": ("status_laporan", "status"),
    "opd": ("instansi_terdisposisi", "instansi_tujuan"),
    "nama": ("nama_pelapor", "pelapor"),
    "provinsi": ("provinsi",),
    "kabupaten_kota": ("kota_kabupaten", "kabupaten_kota", "kabupaten", "kota"),
    "kecamatan": ("kecamatan",),
    "kelurahan_desa": ("kelurahan", "kelurahan_desa", "desa_kelurahan", "desa"),
}
# Without these a row is no report; without `tipe` nobody knows what is confidential.
REQUIRED = ("tracking_id", "tanggal", "isi")


_LABELS = {
    "tracking_id": "Tracking ID",
    "tanggal": "Tanggal Laporan Masuk",
    "waktu": "Waktu Laporan Masuk",
    "isi": "Isi Laporan Awal",
}


class Columns(BaseModel):
    """[channels.sp4n.columns]: an export's own headings; empty = the names that are known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tracking_id: str = Field(default="", description="Nomor laporan di SP4N.")
    tanggal: str = Field(default="", description="Tanggal laporan masuk.")
    waktu: str = Field(default="", description="Jam laporan masuk.")
    isi: str = Field(default="", description="Kata-kata warga.")
    isi_akhir: str = Field(default="", description="Isi setelah disunting admin.")
    judul: str = Field(default="", description="Judul laporan.")
    tipe: str = Field(default="", description="Anonim, Rahasia, atau keduanya.")
    sumber: str = Field(default="", description="Kanal asal menurut SP4N.")
    klasifikasi: str = Field(default="", description="Klasifikasi menurut SP4N.")
    kategori: str = Field(default="", description="Kategori menurut SP4N.")
    status: str = Field(default="", description="Status menurut SP4N.")
    opd: str = Field(default="", description="Instansi terdisposisi.")
    nama: str = Field(default="", description="Nama pelapor.")
    provinsi: str = Field(default="", description="Provinsi.")
    kabupaten_kota: str = Field(default="", description="Kabupaten atau kota.")
    kecamatan: str = Field(default="", description="Kecamatan.")
    kelurahan_desa: str = Field(default="", description="Kelurahan atau desa.")

    def find(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return for each field the column of a file it stands in."""
        return _find(self, tuple(names))

    def is_heading(self, names: Sequence[str]) -> bool:
        """Say whether these names are an export's heading: its number, and one thing more."""
        found = self.find(name for name in names if name)
        return "tracking_id" in found and len(found) > 1

    def called(self, field: str) -> str:
        """Return how an export calls a field, for whoever looks for it there."""
        return getattr(self, field) or _LABELS.get(field, field)

    def changed(self) -> Mapping[str, str]:
        """Return the headings that the office has set."""
        return self.model_dump(exclude_defaults=True)


# The rows of an export are filled in few ways, and there may be a hundred thousand.
@lru_cache(maxsize=1024)
def _find(columns: Columns, names: tuple[str, ...]) -> Mapping[str, str]:
    written = {plain(name): name for name in reversed(names)}
    found: dict[str, str] = {}
    for field, known in _NAMES.items():
        own = getattr(columns, field)
        name = next((n for n in ([plain(own)] if own else known) if n in written), None)
        if name is not None:
            found[field] = written[name]
    return found
