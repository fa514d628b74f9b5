"""`kanal sql`: asks what is published, and writes the answer in the form that was asked for."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]
from rich.table import Table
from rich.text import Text

from core.errors import ConfigError, GatewayError
from core.sheets import harmless
from gateway import screen
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
    print("Tulis satu SELECT dan akhiri dengan titik koma; keluar: Ctrl-D.", file=sys.stderr)
    written = ""
    while True:
        try:
            written += input(_MORE if written else _PROMPT) + "\n"
        except EOFError:
            return
        if written.rstrip().endswith(";"):
            try:
                show(reader.user_query(written))
            except GatewayError as error:
                print(error, file=sys.stderr)
            written = ""


def _table(found: pa.Table) -> None:
    shown = Table(*found.column_names)
    for row in found.to_pylist():
        shown.add_row(*(Text("" if v is None else str(v)) for v in row.values()))
    screen.show(shown)
    print(f"{found.num_rows} baris")


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
    for row in found.to_pylist():
        print(json.dumps(row, ensure_ascii=False, default=str))


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
