"""Runs a person's SQL: one SELECT, limited in time and memory, without a way out of the file."""

import threading
from pathlib import Path

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from core.errors import GatewayError
from sink.store import connect, settings

# What a result may weigh; the memory limit does not count it once it has left DuckDB.
_MOST_BYTES = 512 * 2**20


class QueryRefused(GatewayError):
    """Kueri ini tidak dapat dijalankan."""


def run(path: Path, sql: str, seconds: float) -> pa.Table:
    """Run one SELECT on a snapshot. Raises QueryRefused with a sentence for the person."""
    _check(sql)
    con = connect(":memory:", settings("512MB", 2))
    timer = threading.Timer(seconds, con.interrupt)
    timer.daemon = True
    try:
        con.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS kanal (READ_ONLY)")
        con.execute("USE kanal")
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
        timer.start()
        return _collect(con, sql)
    except duckdb.InterruptException as error:
        raise QueryRefused(f"Kueri dihentikan setelah {seconds:g} detik; persempitlah.") from error
    except duckdb.OutOfMemoryException as error:
        raise QueryRefused("Kueri memerlukan terlalu banyak memori; persempitlah.") from error
    except duckdb.Error as error:
        raise QueryRefused(f"Kueri salah: {error}") from error
    finally:
        timer.cancel()
        con.close()


def _check(sql: str) -> None:
    try:
        found = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryRefused(f"Kueri tidak dipahami: {error}") from error
    if len(found) != 1:
        raise QueryRefused("Tulis tepat satu perintah SELECT.")
    if found[0].type != duckdb.StatementType.SELECT:
        raise QueryRefused("Hanya SELECT yang boleh; data di sini tidak dapat diubah.")


def _collect(con: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    reader = con.execute(sql).to_arrow_reader(10_000)
    parts, size = [], 0
    for part in reader:
        parts.append(part)
        size += part.nbytes
        if size > _MOST_BYTES:
            raise QueryRefused("Hasil kueri terlalu besar; persempitlah atau tambahkan LIMIT.")
    return pa.Table.from_batches(parts, reader.schema)
