"""`kanal sql`: asks what is published, and writes the answer in the form that was asked for."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]
from rich.table import Table
from rich.text import Text

from core.errors import ConfigError, GatewayError
from core.sheets import harmless
from gateway import screen
from gateway.screen import printable
from sink.manifest import FLAVOURS
from sink.reader import Reader

_PROMPT, _MORE = "kanal> ", "  ...> "


def ask(data: Path, query: str, form: str, flavour: str) -> None:
    """Answer one query, or read queries from a prompt. Raises ConfigError, NotPublished."""
    if form not in FORMS:
        raise ConfigError(f"--format {form!r} tidak ada; pilih: {', '.join(FORMS)}")
    if flavour not in FLAVOURS:
        raise ConfigError(f"--flavour {flavour!r} tidak ada; pilih: {', '.join(FLAVOURS)}")
    reader = Reader(data, flavour)
    if query:
        FORMS[form](reader.user_query(query))
    else:
        _converse(reader, FORMS[form])


def _converse(reader: Reader, show: Callable[[pa.Table], None]) -> None:
    """Answer statement after statement; raises the first error if nobody sits at the terminal."""
    seated = sys.stdin.isatty()
    if seated:
        print("Tulis satu SELECT dan akhiri dengan titik koma; keluar: Ctrl-D.", file=sys.stderr)
    for statement in _statements(seated):
        try:
            show(reader.user_query(statement))
        except GatewayError as error:
            if not seated:
                raise
            print(printable(error), file=sys.stderr)


def _statements(seated: bool) -> Iterator[str]:
    """Read up to a line that ends in a semicolon; what is left at the end is one more."""
    written = ""
    while True:
        try:
            prompt = (_MORE if written else _PROMPT) if seated else ""
            written += input(prompt) + "\n"
        except EOFError:
            break
        if written.rstrip().endswith(";"):
            yield written
            written = ""
    if written.strip():
        yield written


def _rows(found: pa.Table) -> Iterator[tuple[object, ...]]:
    """Yield rows by position: a query may name two columns alike."""
    for batch in found.to_batches():
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _table(found: pa.Table) -> None:
    shown = Table(*(printable(name) for name in found.column_names))
    for row in _rows(found):
        shown.add_row(*(Text("" if v is None else _visible(str(v))) for v in row))
    screen.show(shown)
    print(f"{found.num_rows} baris")


def _visible(text: str) -> str:
    """Keep a citizen's line breaks, and nothing that steers the terminal."""
    return "\n".join(printable(line) for line in text.splitlines())


def _csv(found: pa.Table) -> None:
    safe = found
    for index, field in enumerate(found.schema):
        if pa.types.is_nested(field.type):
            texts = [None if v is None else str(v) for v in found.column(index).to_pylist()]
            safe = safe.set_column(index, field.name, pa.array(texts, pa.string()))
        elif pa.types.is_string(field.type):
            values = [None if v is None else harmless(v) for v in found.column(index).to_pylist()]
            safe = safe.set_column(index, field.name, pa.array(values, pa.string()))
    pyarrow.csv.write_csv(safe, sys.stdout.buffer)


def _json(found: pa.Table) -> None:
    names = _different(found.column_names)
    for row in _rows(found):
        print(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=str))


def _different(names: Sequence[str]) -> list[str]:
    """Number the names that occur again, so that none hides another: id, id_1."""
    taken: dict[str, int] = {}
    different: list[str] = []
    for name in names:
        count = taken.get(name, 0)
        taken[name] = count + 1
        different.append(f"{name}_{count}" if count else name)
    return different


def _parquet(found: pa.Table) -> None:
    if sys.stdout.isatty():
        raise ConfigError("parquet bukan untuk layar; alihkan: kanal sql ... > berkas.parquet")
    pyarrow.parquet.write_table(found, sys.stdout.buffer)


FORMS: dict[str, Callable[[pa.Table], None]] = {
    "table": _table,
    "csv": _csv,
    "json": _json,
    "parquet": _parquet,
}
