"""Reads one row, file or request as one call, whatever its format calls things."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from connectors.call112 import speech, vcon
from connectors.call112.rows import TEXT, decode, load, plain_key

_MAX_ID = 200
# A later time is a slip of the pen: it would break every clock that runs from it.
_AHEAD = timedelta(days=1)
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
    "judul": ("judul", "subject", "perihal"),
    "durasi": ("durasi", "duration", "lama"),
    "percakapan": ("percakapan",),
    "tanda_tangan": ("tanda_tangan",),
    "kategori": ("kategori", "jenis_kejadian"),
    "klasifikasi": ("klasifikasi",),
    "status": ("status",),
    "opd": ("opd", "dinas"),
    "wilayah": ("wilayah", "kecamatan"),
}  # fmt: skip
_GIVEN = ("outcome", "lokasi", "kategori", "klasifikasi", "status", "opd", "wilayah", "durasi",
          "percakapan", "tanda_tangan")  # fmt: skip
# What the centres call a call that came to nothing, or to a question; counted apart by this name.
_OUTCOMES = {
    "terjawab": ("terjawab", "answered", "selesai", "ditangani", "darurat", "valid", "nyata"),
    "iseng": ("iseng", "prank", "hoax", "hoaks", "palsu", "fake"),
    "kosong": ("kosong", "ghost", "hening", "tanpa suara", "silent", "terputus", "hung up",
               "abandoned", "no answer", "tidak dijawab", "missed", "salah sambung"),
    "informasi": ("informasi", "information", "info", "inquiry", "bertanya"),
}  # fmt: skip
# Nothing was said, but the call was there: the words let it count as none of a complaint.
_SILENT = {
    "kosong": "(panggilan kosong: iseng atau salah sambung)",
    "iseng": "(panggilan iseng tanpa isi)",
}
# The time in a recorder's file name: 20261121-081500_0812.wav.vtt, 2026-11-21 08.15.txt
_STAMP = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_ T]?(\d\d)[-_.:]?(\d\d)(?:[-_.:]?(\d\d))?(?!\d)",
    re.ASCII,
)
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
class Call:
    """One call, as far as its row tells."""

    values: Mapping[str, str]
    at: datetime | None

    def refuse_future(self, now: datetime) -> None:
        """Raise BadRow for a call that was made later than now."""
        if self.at and self.at - now > _AHEAD:
            raise BadRow("waktu: di masa depan")

    @property
    def given(self) -> dict[str, str]:
        """What the call centre itself thought of the call."""
        found = {name: self.values[name] for name in _GIVEN if self.values[name]}
        kind = _outcome(self.values["outcome"])
        return found | ({"panggilan": kind} if kind else {})


def read_call(body: bytes, content_type: str, zone: tzinfo, file: str = "") -> Call:
    """Read a row as a call; `file` is what it lay in. Raises BadRow or Unreadable."""
    values, one_call = _values(body, content_type)
    if not values["percakapan"]:
        values |= _said(speech.labelled(values["transkrip"]))
    kind = _outcome(values["outcome"])
    values["transkrip"] = values["transkrip"] or _SILENT.get(kind, "")
    if not values["transkrip"]:
        raise BadRow("transkrip: kosong")
    if len(values["id"]) > _MAX_ID:
        raise BadRow(f"id: lebih dari {_MAX_ID} huruf")
    time = values["waktu"] or f"{values['tanggal']} {values['jam']}".strip()
    try:
        return Call(values, _moment(time, zone) if time else _stamped(file, zone, one_call))
    except ValueError as error:
        raise BadRow("waktu: tidak terbaca") from error


def _values(body: bytes, content_type: str) -> tuple[dict[str, str], bool]:
    """Return a call's fields, and whether its file held nothing else."""
    fields, one_call = _fields(body, content_type)
    if not isinstance(fields, dict):
        raise BadRow("baris: bukan objek")
    known = {plain_key(name): _word(value) for name, value in fields.items()}
    return {
        field: next((known[name] for name in names if known.get(name)), "")
        for field, names in _NAMES.items()
    }, one_call


def _fields(body: bytes, content_type: str) -> tuple[object, bool]:
    if content_type == TEXT:
        return _headings(decode(body)), True
    if content_type in (speech.VTT, speech.SRT):
        return _said(speech.subtitles(decode(body))), True
    if content_type == speech.TSV:
        return _said(speech.table_of_times(decode(body))), True
    found = load(body.decode())
    if isinstance(found, dict) and vcon.is_vcon(found):
        try:
            return vcon.fields_of(found), True
        except vcon.Sealed as error:
            raise BadRow(str(error)) from error
    if isinstance(found, dict) and isinstance(found.get("segments"), list):
        # Whisper's `text` is its segments without who speaks.
        return found | _said(speech.segments(found["segments"])), True
    return found, False


def _said(lines: list[speech.Line]) -> dict[str, str]:
    said = speech.spoken(lines)
    return {"transkrip": said.text, "percakapan": said.whole} if said.text else {}


def _outcome(told: str) -> str:
    words = plain_key(told).replace("_", " ")
    return next((kind for kind, names in _OUTCOMES.items() if words in names), "")


def _stamped(file: str, zone: tzinfo, one_call: bool) -> datetime | None:
    """Take the time of a file that is one call from its name, as recorders write it."""
    found = _STAMP.search(file) if one_call else None
    if found is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None


def _headings(text: str) -> dict[str, object]:
    """Read the `Kunci: nilai` lines before a transcript; the rest is its text."""
    fields: dict[str, object] = {}
    lines = text.strip().splitlines()
    found = [_HEADING.fullmatch(line) for line in lines]
    keys = [plain_key(heading[1]) if heading else "" for heading in found]
    start = next((n for n, key in enumerate(keys) if key in _NAMES["transkrip"]), len(lines))
    # "Penelepon: Halo" begins a conversation, unless the transcript is still to come.
    talk = start == len(lines) and bool(speech.labelled(text))
    for at, (line, heading, key) in enumerate(zip(lines, found, keys, strict=True)):
        if heading and at == start:
            return fields | {"transkrip": "\n".join([heading[2], *lines[at + 1 :]])}
        unknown = key not in _HEADINGS or key in fields
        if heading is None or unknown or (talk and speech.is_labelled(line)):
            return fields | {"transkrip": "\n".join(lines[at:])}
        fields[key] = heading[2]
    return fields


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
