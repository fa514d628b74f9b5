"""Reads one row of an SP4N-LAPOR! export."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.sp4n.columns import Columns
from core import ids
from core.reading import dump
from core.tabular import local_moment, plain

# English as the export writes it, Indonesian as people write it when they save it again.
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "feb peb", "mar", "apr", "may mei", "jun", "jul", "aug agu ags", "sep", "oct okt",
         "nov nop", "dec des"), 1
    )
    for name in names.split()
}  # fmt: skip
_DATE = re.compile(r"(\d{1,2})[ .\-/]+([A-Za-z]{3,10})\.?[ ,.\-/]+(\d{4}|\d{2})(?!\d)(.*)", re.S)
_NOON = re.compile(r"(\d{1,2})([.:]\d\d(?:[.:]\d\d)?)\s*([AaPp])\.?[Mm]\.?")
_HASH = re.compile(r"#?([A-Za-z0-9][A-Za-z0-9._/\-]{0,63}?)(?:\.0)?")
# Excel's way of ruining a number; the digits behind it are gone.
_RUINED = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d+")
_FLAGS = ("anonim", "rahasia")
_FLAG = re.compile(r"\b(tidak|non|bukan)?[ \-]*(anonim|rahasia)\b")
_OPEN = ("", "-", "publik", "public", "normal", "biasa", "terbuka", "umum")
# What stands in the message itself; everything else is SP4N's own evidence.
_OURS = ("isi", "judul", "nama")
_PLACE = ("kelurahan_desa", "kecamatan", "kabupaten_kota", "provinsi")


class BadReport(ValueError):
    """A row that is no report: `column: why`, without its words."""


@dataclass(frozen=True, slots=True)
class Report:
    """One report of the export, and when it came in."""

    row: Mapping[str, str]
    column: Mapping[str, str]
    tracking_id: str
    at: datetime

    @classmethod
    def read(cls, row: Mapping[str, str], columns: Columns, zone: ZoneInfo) -> "Report":
        """Read a row. Raises BadReport naming its column."""
        column = columns.find(row)
        called = columns.called
        values = {field: row[name].strip() for field, name in column.items()}
        number = _tracking_id(values.get("tracking_id", ""), called("tracking_id"))
        if not any(values.get(name) for name in ("isi", "isi_akhir", "judul")):
            raise BadReport(f"{called('isi')}: kosong")
        return cls(row, column, number, _moment(values, columns, zone))

    def value(self, field: str) -> str:
        """Return a field, empty if the export has it not."""
        return self.row.get(self.column.get(field, ""), "").strip()

    @property
    def text(self) -> str:
        """The citizen's words; where SP4N has blocked them, what is left."""
        return self.value("isi") or self.value("isi_akhir") or self.value("judul")

    @property
    def place(self) -> str:
        """Where, as far as SP4N knows it beyond the regency; nothing the text tells itself."""
        told = self.text.casefold()
        parts = (("Kelurahan/Desa", "kelurahan_desa"), ("Kecamatan", "kecamatan"))
        found = [(name, self.value(field)) for name, field in parts]
        return ", ".join(f"{n} {v}" for n, v in found if v and v.casefold() not in told)

    @property
    def flags(self) -> frozenset[str]:
        """Which of anonim and rahasia SP4N has set; a word nobody knows is taken for both."""
        tipe = self.value("tipe").lower()
        if tipe in _OPEN:
            return frozenset()
        found = _FLAG.findall(tipe)
        return frozenset(word for no, word in found if not no) if found else frozenset(_FLAGS)

    @property
    def given(self) -> dict[str, str]:
        """What SP4N itself says, field by field, under our names where we have one."""
        fields = {name: field for field, name in self.column.items()}
        given = {
            fields.get(name, plain(name)): value
            for name, value in self.row.items()
            if value and fields.get(name) not in _OURS
        }
        wilayah = ", ".join(value for field in _PLACE if (value := self.value(field)))
        return given | {"tracking_id": self.tracking_id} | ({"wilayah": wilayah} if wilayah else {})

    @property
    def version(self) -> str:
        """Name this state of the report, whatever the order of columns or the look of its dates."""
        told = {plain(name): " ".join(value.split()) for name, value in self.row.items() if value}
        for field in ("tanggal", "waktu"):
            told.pop(plain(self.column.get(field, "")), None)
        same = {"masuk": self.at.isoformat(), "tracking_id": self.tracking_id}
        read = {field: plain(name) for field, name in self.column.items()}
        return ids.content_id(dump(sorted((told | same).items()) + sorted(read.items())))[:32]


def _tracking_id(text: str, called: str) -> str:
    """Write the number one way: Excel and people add `#` and `.0`. Raises BadReport."""
    if not text:
        raise BadReport(f"{called}: kosong")
    found = _HASH.fullmatch(text)
    if _RUINED.fullmatch(text):
        raise BadReport(f"{called}: dirusak Excel; buka ekspor aslinya")
    if found is None:
        raise BadReport(f"{called}: bukan nomor laporan")
    return found[1]


def _moment(values: Mapping[str, str], columns: Columns, zone: ZoneInfo) -> datetime:
    """Read date and time; the date's cell may hold both. Raises BadReport."""
    day, hour = _day(values.get("tanggal", "")), _hour(values.get("waktu", ""))
    whole, date = local_moment(f"{day} {hour}".strip(), zone), local_moment(day, zone)
    if date is None:
        raise BadReport(f"{columns.called('tanggal')}: tidak terbaca")
    if whole is None and ":" not in day:
        raise BadReport(f"{columns.called('waktu')}: tidak terbaca")
    return whole or date


def _day(text: str) -> str:
    """Write a month's name as its number."""
    found = _DATE.fullmatch(text)
    if found is None or (month := _MONTHS.get(found[2][:3].lower())) is None:
        return text
    year = found[3] if len(found[3]) == 4 else f"20{found[3]}"
    return f"{year}-{month:02}-{int(found[1]):02}{found[4]}"


def _hour(text: str) -> str:
    """Write the hours of the afternoon as hours of the day."""
    noon = _NOON.fullmatch(text)
    if noon is None:
        return text
    return f"{int(noon[1]) % 12 + 12 * (noon[3] in 'pP'):02}{noon[2]}"
