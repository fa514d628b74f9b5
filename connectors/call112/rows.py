"""Splits a file of call transcripts into rows and reads a row as one call."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NoReturn

from connectors.call112.folder import Unreadable

TEXT, JSON = "text/plain", "application/json"
_MAX_ROWS = 100_000
_MAX_ID = 200
# The names a field may bear; in a TXT file they are the headings before the text. No format
# of 112 transcripts is published in Indonesia, so this list grows with what vendors send.
_NAMES = {
    "transkrip": ("transkrip", "transcript", "text", "isi", "uraian", "keterangan"),
    "id": ("id", "call_id", "id_panggilan", "no_panggilan", "nomor_panggilan", "no_tiket"),
    "waktu": ("waktu", "time", "started_at", "timestamp", "waktu_panggilan", "start_time"),
    "tanggal": ("tanggal", "date", "tgl"),
    "jam": ("jam", "pukul"),
    "nomor": ("nomor", "telepon", "no_telepon", "nomor_telepon", "no_hp", "telp", "phone",
              "caller", "caller_number", "nomor_penelepon", "no_penelepon"),
    "nama": ("nama", "nama_penelepon", "penelepon", "pelapor", "name", "caller_name"),
    "lokasi": ("lokasi", "location", "alamat", "address", "lokasi_kejadian", "tempat"),
    "lat": ("lat", "latitude", "lintang"),
    "lon": ("lon", "lng", "long", "longitude", "bujur"),
    "outcome": ("outcome", "hasil", "status_panggilan", "jenis_panggilan"),
    "kategori": ("kategori", "jenis_kejadian"),
    "klasifikasi": ("klasifikasi",),
    "status": ("status",),
    "opd": ("opd", "dinas"),
    "wilayah": ("wilayah", "kecamatan"),
}  # fmt: skip
_GIVEN = ("outcome", "lokasi", "kategori", "klasifikasi", "status", "opd", "wilayah")
_HEADINGS = frozenset(name for names in _NAMES.values() for name in names)
_HEADING = re.compile(r"\s*([A-Za-z][A-Za-z _.]{0,28}?)\s*:(.*)", re.DOTALL)
_ZONE = re.compile(r"\s*\b(WIB|WITA|WIT)\s*$", re.IGNORECASE)
_HOURS = {"WIB": 7, "WITA": 8, "WIT": 9}
_LOCAL = re.compile(
    r"(?:(?P<d>\d\d?)[/.-](?P<m>\d\d?)[/.-](?P<y>\d{4})|(?P<Y>\d{4})-(?P<M>\d\d?)-(?P<D>\d\d?))"
    r"(?:[ ,T]+(?:pukul |jam )?(?P<h>\d\d?)[.:](?P<n>\d\d)(?:[.:](?P<s>\d\d))?)?",
    re.ASCII,
)
# Python would read "08.15" as eight o'clock and 15 hundredths of a second.
_DOTTED = re.compile(r"[ T]\d\d(?::\d\d)?[.,]", re.ASCII)
_YEARS = range(2000, 2100)
_EPOCH = re.compile(r"\d{10}(?:\d{3})?", re.ASCII)


class BadRow(ValueError):
    """A row that is no call; the message is `field: reason`."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file: what the raw record keeps, and what is handed back if it is bad."""

    number: int
    body: bytes
    source: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file, and what stands around the bad ones when they are handed back."""

    content_type: str
    rows: list[Row]
    frame: tuple[str, str, str] = ("", "", "")

    def hand_back(self, rows: Iterable[Row]) -> bytes:
        """Write bad rows as a file of the same format, to be corrected and dropped again."""
        head, between, tail = self.frame
        return (head + between.join(row.source for row in rows) + tail).encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as far as its row tells."""

    values: Mapping[str, str]
    at: datetime | None

    @property
    def given(self) -> dict[str, str]:
        """What the call centre itself thought of the call."""
        return {name: self.values[name] for name in _GIVEN if self.values[name]}


def split(suffix: str, data: bytes) -> Sheet:
    """Split a file into its rows. Raises Unreadable."""
    text = _decode(data)
    if not text.strip():
        raise Unreadable("berkas kosong")
    if suffix == ".txt":
        return Sheet(TEXT, [Row(1, data, text)])
    sheet = _split_csv(text) if suffix == ".csv" else _split_json(text)
    if len(sheet.rows) > _MAX_ROWS:
        raise Unreadable(f"lebih dari {_MAX_ROWS} panggilan; bagilah berkas ini")
    return sheet


def read_call(body: bytes, content_type: str, zone: tzinfo) -> Call:
    """Read a row as a call. Raises BadRow or Unreadable."""
    fields = _headings(_decode(body)) if content_type == TEXT else _load(body.decode())
    if not isinstance(fields, dict):
        raise BadRow("baris: bukan objek")
    known = {_key(name): _word(value) for name, value in fields.items()}
    values = {
        field: next((known[name] for name in names if known.get(name)), "")
        for field, names in _NAMES.items()
    }
    if not values["transkrip"]:
        raise BadRow("transkrip: kosong")
    if len(values["id"]) > _MAX_ID:
        raise BadRow(f"id: lebih dari {_MAX_ID} huruf")
    time = values["waktu"] or f"{values['tanggal']} {values['jam']}".strip()
    try:
        return Call(values, _moment(time, zone) if time else None)
    except ValueError as error:
        raise BadRow("waktu: tidak terbaca") from error


def _decode(data: bytes) -> str:
    try:
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if "\0" in text:
        raise Unreadable("berisi byte NUL: bukan berkas teks")
    return text


def _load(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        line = f" (baris {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(f"JSON tidak terbaca{line}") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are not JSON


def _finite(number: str) -> float:
    value = float(number)
    return value if abs(value) < float("inf") else _refuse(number)


def _dump(value: object) -> str:
    # Sorted, so that a re-export with its columns in another order is the same version.
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _split_json(text: str) -> Sheet:
    found = _load(text)
    if isinstance(found, dict) and "calls" in found:
        found = found["calls"]
        if not isinstance(found, list):
            raise Unreadable("calls: bukan daftar")
    calls = found if isinstance(found, list) else [found]
    try:
        bodies = [_dump(call) for call in calls]
    except RecursionError as error:
        raise Unreadable("JSON bersarang terlalu dalam") from error
    rows = [Row(n, body.encode("utf-8", "replace"), body) for n, body in enumerate(bodies, 1)]
    return Sheet(JSON, rows, ("[\n", ",\n", "\n]\n"))


def _split_csv(text: str) -> Sheet:
    delimiter = max(";,\t", key=re.split(r"[\r\n]", text, maxsplit=1)[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    try:
        head = next(reader, [])
        named = [name for name in map(_key, head) if name]
        if len(set(named)) < len(named):
            raise Unreadable("baris 1: ada judul kolom yang ganda")
        number = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                body = _dump({k: v for k, v in zip(head, cells, strict=False) if _key(k)}).encode()
                over = any(cell.strip() for cell in cells[len(head) :])
                problem = "kolom: lebih banyak dari judulnya" if over else ""
                rows.append(Row(number, body, _line(cells, delimiter), problem))
            number = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(
            f"baris {reader.line_num}: kutip tak berpasangan atau kolom terlalu panjang"
        ) from error
    return Sheet(JSON, rows, ("\ufeff" + _line(head, delimiter), "", ""))


def _line(cells: list[str], delimiter: str) -> str:
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter).writerow(cells)
    return line.getvalue()


def _headings(text: str) -> dict[str, object]:
    """Read the `Kunci: nilai` lines before a transcript; the rest is its text."""
    fields: dict[str, object] = {}
    lines = text.strip().splitlines()
    for at, line in enumerate(lines):
        found = _HEADING.fullmatch(line)
        key = _key(found[1]) if found else ""
        if found and key in _NAMES["transkrip"]:
            return fields | {"transkrip": "\n".join([found[2], *lines[at + 1 :]])}
        if not found or key not in _HEADINGS or key in fields:
            return fields | {"transkrip": "\n".join(lines[at:])}
        fields[key] = found[2]
    return fields


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _word(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    # JSON can spell half a character, which no encoder can write.
    return str(value).encode("utf-8", "replace").decode().strip()


def _moment(text: str, zone: tzinfo) -> datetime:
    """Read a time; without a zone it is the office's. Raises ValueError."""
    if named := _ZONE.search(text):
        zone = timezone(timedelta(hours=_HOURS[named[1].upper()]))
        text = text[: named.start()]
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    found = _LOCAL.fullmatch(text)
    moment = _local(found) if found else datetime.fromisoformat(text)
    if (_DOTTED.search(text) and not found) or moment.year not in _YEARS:
        raise ValueError
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _local(found: re.Match[str]) -> datetime:
    part = {name: int(value or 0) for name, value in found.groupdict().items()}
    year, month, day = (part[a] or part[b] for a, b in ("yY", "mM", "dD"))
    return datetime(year, month, day, part["h"], part["n"], part["s"])
