"""Complaints by the hundred thousand for the speed of dedup: all open, few of them the same."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from core.ids import complaint_id
from core.schema import Complaint, Wilayah

_START = datetime(2026, 8, 1, tzinfo=UTC)
_SPREAD = timedelta(days=7)
_SAYS = {
    "jalan_rusak": "jalan berlubang parah aspal rusak",
    "pju": "lampu penerangan jalan padam gelap",
    "sampah": "sampah menumpuk bau tidak diangkut",
    "drainase_banjir": "banjir selokan mampet meluap",
    "air_minum": "air pdam mati keruh",
    "lalin_transportasi": "macet lampu merah mati rambu hilang",
    "parkir_jukir": "parkir liar menutup trotoar jukir",
    "ketertiban_umum": "musik keras warga resah",
}
_FILL = (
    "mohon", "segera", "diperbaiki", "pak", "karena", "membahayakan", "warga", "yang", "lewat",
    "tiap", "malam", "anak", "sekolah", "takut", "jatuh", "sudah", "lama", "tindakan", "dinas",
    "terkait", "kendaraan", "tergelincir", "saat", "hujan",
)  # fmt: skip
_SYLLABLES = tuple(a + b for a in "bcdgjklmnprstw" for b in "aiu")


def load(count: int, open_: int) -> Iterator[Complaint]:
    """Yield so many complaints; streets grow with them, as a province has more than a regency."""
    rnd = random.Random(7)
    streets = [_name(rnd, 4) for _ in range(max(500, open_ // 4))]
    desa = [(_name(rnd, 3), f"35.{k // 22 + 1:02d}.{k % 22 + 1:02d}.2{d:03d}")
            for k in range(max(22, open_ // 4500)) for d in range(1, 12)]  # fmt: skip
    for number in range(count):
        yield _one(rnd, number, _START + _SPREAD * number / count, streets, desa)


def _one(
    rnd: random.Random, number: int, at: datetime, streets: list[str], desa: list[tuple[str, str]]
) -> Complaint:
    kategori = rnd.choice(list(_SAYS))
    name, kode = rnd.choice(desa)
    spot = rnd.choice(["masjid", "pasar", "SDN 1", "balai desa", f"warung {_name(rnd, 3)}"])
    words = _SAYS[kategori].split()
    rnd.shuffle(words)
    text = (
        f"{' '.join(words)} di jalan {rnd.choice(streets).title()} desa {name.title()} "
        f"dekat {spot} {' '.join(rnd.sample(_FILL, 12))}"
    )
    name = complaint_id("kab-blitar", "sms", "", f"m{number}")
    return Complaint(
        tenant="kab-blitar", complaint_id=name, channel="sms", external_id=f"m{number}",
        version="v1", raw_id=f"{number:032x}", rules_version="r1",
        reporter_ref=f"{number:032x}", occurred_at=at, received_at=at, text=text, text_clean=text,
        text_masked=text, kategori=kategori,
        wilayah=Wilayah(kode=kode, kecamatan=kode[:8], kelurahan_desa=name.title(), confidence=0.9),
    )  # fmt: skip


def _name(rnd: random.Random, syllables: int) -> str:
    return "".join(rnd.choice(_SYLLABLES) for _ in range(syllables))
