"""Splits a file of 112 calls into rows, one a call, as they come from programs and people."""

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from connectors.call112 import speech
from connectors.call112.folder import Unreadable

TEXT, JSON = "text/plain", "application/json"
_MAX_ROWS = 100_000


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


def split(suffix: str, data: bytes) -> Sheet:
    """Split a file into its rows. Raises Unreadable."""
    text = decode(data)
    if not text.strip():
        raise Unreadable("berkas kosong")
    kind = {".txt": TEXT, ".vtt": speech.VTT, ".srt": speech.SRT}.get(suffix, "")
    if suffix == ".tsv" and speech.table_of_times(text):
        kind = speech.TSV
    if kind:
        return Sheet(kind, [Row(1, data, text)])
    sheet = _split_csv(text) if suffix in (".csv", ".tsv") else _split_json(text)
    if len(sheet.rows) > _MAX_ROWS:
        raise Unreadable(f"lebih dari {_MAX_ROWS} panggilan; bagilah berkas ini")
    return sheet


def decode(data: bytes) -> str:
    """Read a file's text in whatever encoding it is. Raises Unreadable."""
    try:
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if "\0" in text:
        raise Unreadable("berisi byte NUL: bukan berkas teks")
    return text


def load(text: str) -> object:
    """Read JSON, refusing numbers that are none. Raises Unreadable."""
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
    found = load(text)
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
        named = [name for name in map(plain_key, head) if name]
        if len(set(named)) < len(named):
            raise Unreadable("baris 1: ada judul kolom yang ganda")
        number = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                body = _dump(
                    {k: v for k, v in zip(head, cells, strict=False) if plain_key(k)}
                ).encode()
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


def plain_key(name: str) -> str:
    """Write a field's name one way."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
