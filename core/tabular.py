"""Reads the CSV files that offices export, as they come: any delimiter, old encodings, BOM."""

import codecs
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path

from core.errors import Unparseable

Row = Mapping[str, str]
_CHUNK = 1 << 20
_YEARS = range(2000, 2100)
_ZONE = re.compile(r"\s*\b(WIB|WITA|WIT|UTC)\s*$", re.IGNORECASE)
_ZONES = {
    "UTC": UTC,
    "WIB": timezone(timedelta(hours=7)),
    "WITA": timezone(timedelta(hours=8)),
    "WIT": timezone(timedelta(hours=9)),
}
_LOCAL = re.compile(
    r"(?:(?P<d>\d\d?)[/.-](?P<m>\d\d?)[/.-](?P<y>\d{4})|(?P<Y>\d{4})[/-](?P<M>\d\d?)[/-](?P<D>\d\d?))"
    r"(?:[ ,T]+(?:pukul |jam )?(?P<h>\d\d?)[.:](?P<n>\d\d)(?:[.:](?P<s>\d\d))?)?",
    re.ASCII,
)


def read_csv(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield the rows with the line each begins on, columns by their plain names.

    Raises Unparseable if the file is no CSV with a heading.
    """
    with path.open(encoding=encoding_of(path), newline="") as file:
        try:
            delimiter = max(";,\t", key=file.readline().count)
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            head = [plain(name) for name in next(reader, [])]
            named = [name for name in head if name]
            if not named or len(set(named)) < len(named):
                raise Unparseable("baris pertama harus judul kolom, masing-masing sekali")
            line = reader.line_num + 1
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield line, {k: v.strip() for k, v in zip(head, cells, strict=False) if k}
                line = reader.line_num + 1
        except (csv.Error, UnicodeError) as error:
            raise Unparseable("bukan CSV yang utuh: kutip tak berpasangan atau rusak") from error


def plain(name: str) -> str:
    """Write a column's name one way: `Tanggal Dibuat (WIB)` is `tanggal_dibuat_wib`."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def pick(row: Row, names: Sequence[str]) -> str:
    """Return the first filled column of several names."""
    return next((row[name] for name in names if row.get(name)), "")


def local_moment(text: str, zone: tzinfo) -> datetime | None:
    """Read a time as Indonesian offices write it; without a zone it is theirs."""
    text = text.strip()
    if named := _ZONE.search(text):
        zone = _ZONES[named[1].upper()]
        text = text[: named.start()]
    try:
        moment = _moment(text)
    except ValueError:
        return None
    if moment.year not in _YEARS:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _moment(text: str) -> datetime:
    found = _LOCAL.fullmatch(text)
    if found is None:
        return datetime.fromisoformat(text)
    part = {name: int(value or 0) for name, value in found.groupdict().items()}
    year, month, day = (part[a] or part[b] for a, b in ("yY", "mM", "dD"))
    return datetime(year, month, day, part["h"], part["n"], part["s"])


def encoding_of(path: Path) -> str:
    """Tell UTF-8, UTF-16 and Windows-1252 apart without holding the file. Raises Unparseable."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        file.seek(0)
        try:
            while chunk := file.read(_CHUNK):
                if b"\0" in chunk:
                    raise Unparseable("berisi byte NUL: bukan berkas teks")
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"
