"""Reads the tables people export or fill in (XLSX, CSV), wherever in the file their heading is."""

import csv
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, count, islice
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from core.errors import GatewayError, Unparseable
from core.tabular import encoding_of, plain

IsHeading = Callable[[Sequence[str]], bool]
"""Says whether these plain column names are the heading looked for."""

Cells = tuple[str, ...]
_HEADING_WITHIN = 100
_CHUNK = 500
_COLUMNS = 512
# What a workbook may hold unpacked. The shared texts are the one part that is held in memory.
_UNPACKED = 2_000_000_000
_SHARED = 400_000_000
_RATIO, _RATIO_FROM = 300, 50_000_000
# Characters that Excel writes as _x000D_, and control characters that are no text.
_ESCAPED = re.compile(r"_x00[01][0-9A-Fa-f]_")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Table:
    """A table within a file; rows carry the number a person sees beside them."""

    line: int
    columns: tuple[str, ...]
    rows: Iterator[tuple[int, dict[str, str]]]
    """Filled cells only, by the column's name as it is written."""
    above: Mapping[str, str]
    """What stands above the heading: a line's first cell (its plain name) and the next one."""


@contextmanager
def open_table(path: Path, is_heading: IsHeading) -> Iterator[Table]:
    """Open the first table with such a heading. Raises Unparseable, also while rows are read."""
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise Unparseable(f"tidak dapat dibaca ({error.strerror})") from error
    if start.startswith(b"PK"):
        with _workbook(path) as book:
            yield _first(_sheets(book), is_heading)
    elif start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unparseable("berkas Excel lama (.xls) atau bersandi; simpan ulang sebagai .xlsx")
    elif re.match(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|table|\?xml)", start, re.IGNORECASE):
        raise Unparseable("halaman web bernama Excel; buka lalu simpan sebagai .xlsx")
    elif not start:
        raise Unparseable("berkas kosong")
    else:
        encoding = encoding_of(path)
        lines = _csv(path, encoding, _delimiter(path, encoding, is_heading))
        yield _first(iter([lines]), is_heading)


def harmless(text: str) -> str:
    """Write a cell so that no spreadsheet runs it: a formula is preceded by an apostrophe."""
    return "'" + text if text.startswith(_FORMULA) else text


def _first(tables: Iterator[Iterator[tuple[int, Cells]]], is_heading: IsHeading) -> Table:
    for lines in tables:
        above: dict[str, str] = {}
        for line, cells in islice(lines, _HEADING_WITHIN):
            if is_heading([plain(cell) for cell in cells]):
                columns = _named(cells)
                rows = _rows(lines, cells, columns)
                return Table(line, tuple(filter(None, columns)), rows, above)
            first, *rest = [*filter(None, cells), ""]
            above[plain(first)] = next(iter(rest), "")
    raise Unparseable(f"baris judul kolom tidak ditemukan di {_HEADING_WITHIN} baris pertama")


def _named(cells: Cells) -> list[str]:
    """Number the columns that bear a name twice; nothing of them may be lost."""
    names: list[str] = []
    for cell in cells:
        again = (f"{cell} ({n})" for n in count(2))
        names.append(next(name for name in chain([cell], again) if not name or name not in names))
    return names


def _rows(
    lines: Iterator[tuple[int, Cells]], heading: Cells, columns: Sequence[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    for line, cells in lines:
        # A heading may be printed again on every page.
        if any(cells) and cells[: len(heading)] != heading:
            named = zip(columns, cells, strict=False)
            yield line, {name: cell for name, cell in named if name and cell}


# -- CSV --------------------------------------------------------------------------------------


def _delimiter(path: Path, encoding: str, is_heading: IsHeading) -> str:
    """Find the delimiter under which there is a heading; lines before it may have none."""
    with path.open(encoding=encoding, newline="") as file:
        try:
            head = list(islice(file, _HEADING_WITHIN))
        except UnicodeError as error:
            raise Unparseable("bukan teks UTF-16 yang utuh") from error
    for delimiter in ";,\t|":
        with suppress(csv.Error):
            for cells in csv.reader(head, delimiter=delimiter):
                if is_heading([plain(cell) for cell in cells]):
                    return delimiter
    return ","


def _csv(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, Cells]]:
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        line = 1
        try:
            for cells in reader:
                yield line, tuple(_clean(cell) for cell in cells)
                line = reader.line_num + 1
        except (csv.Error, UnicodeError) as error:
            raise Unparseable(
                f"baris {line}: kutip tak berpasangan atau kolom terlalu panjang"
            ) from error


# -- XLSX -------------------------------------------------------------------------------------


@contextmanager
def _workbook(path: Path) -> Iterator[Workbook]:
    # Opened here: by a name, openpyxl refuses what is not called .xlsx.
    with path.open("rb") as file:
        with _broken():
            _refuse_bomb(path)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                book = load_workbook(file, read_only=True, data_only=True)
        try:
            yield book
        finally:
            book.close()


@contextmanager
def _broken() -> Iterator[None]:
    """Make Unparseable of whatever openpyxl raises over a broken file: it has no one error."""
    try:
        yield
    except GatewayError:
        raise
    except Exception as error:
        raise Unparseable("berkas Excel rusak atau bukan .xlsx") from error


def _refuse_bomb(path: Path) -> None:
    """Refuse what unpacks to more than an export can be; no part is read beyond its stated size."""
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
    size, packed = sum(p.file_size for p in parts), sum(p.compress_size for p in parts)
    shared = sum(p.file_size for p in parts if p.filename.lower().endswith("sharedstrings.xml"))
    if size > max(packed * _RATIO, _RATIO_FROM) or size > _UNPACKED or shared > _SHARED:
        raise Unparseable("isinya terlalu besar untuk satu berkas; bagilah per bulan atau tahun")


def _sheets(book: Workbook) -> Iterator[Iterator[tuple[int, Cells]]]:
    for sheet in book.worksheets:
        # The stated dimension of exports is often wrong, and what lies outside would be lost.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True, max_col=_COLUMNS)
        yield _chunked(enumerate(rows, 1))


def _chunked(rows: Iterator[tuple[int, Sequence[object]]]) -> Iterator[tuple[int, Cells]]:
    while True:
        # Not around the yield: a filter of warnings that outlives a call is everybody's.
        with _broken(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            chunk = [(n, _trimmed(cells)) for n, cells in islice(rows, _CHUNK)]
        if not chunk:
            return
        yield from chunk


def _trimmed(cells: Sequence[object]) -> Cells:
    last = max((n for n, cell in enumerate(cells, 1) if cell is not None), default=0)
    return tuple(_written(cell) for cell in cells[:last])


def _written(value: object) -> str:
    """Write a cell's value as a person would have typed it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = (value + timedelta(microseconds=500_000)).replace(microsecond=0)
        return str(value.date() if value.time() == time() else value)
    if isinstance(value, date | time):
        return str(value.replace(microsecond=0) if isinstance(value, time) else value)
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _clean(str(value))


def _clean(text: str) -> str:
    return _CONTROL.sub("", _ESCAPED.sub("", text)).strip()
