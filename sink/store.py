"""The live DuckDB file: opened by this process alone, written once per register entry."""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from core.bus import Positions, Stored
from core.errors import RetryLater
from core.log import get_logger
from sink.damage import Damaged, is_damage, put_aside
from sink.rows import Row, decode
from sink.statements import script, statements
from sink.write import Write

_TRIES = 2
_CANNOT_OPEN = "Berkas data tidak dapat dibuka; mungkin sedang dipakai proses lain."
_DEFAULT_ZONE = ZoneInfo("Asia/Jakarta")


class Reopened(RetryLater):
    """Berkas data tidak dapat ditulis; sudah dibuka ulang dan akan dicoba lagi."""


class Store:
    """Owns the live file. Calls may come from any thread, one at a time."""

    def __init__(
        self,
        path: Path,
        zone: Mapping[str, ZoneInfo],
        *,
        memory_limit: str = "1GB",
        threads: int = 2,
    ) -> None:
        self._path = path
        self._zones = zone
        self._config = settings(memory_limit, threads)
        self._lock = threading.RLock()
        self._con: duckdb.DuckDBPyConnection | None = None
        self._schemas: dict[str, pa.Schema] = {}
        self._positions: Positions = {}
        self._notes: dict[tuple[str, int], str] = {}
        self.pub_seq = 0
        self.revision = 0
        """Rises with every change a reader could see; kept in memory only."""
        self._held: int | None = None
        self._start()

    def _start(self) -> None:
        """Open the file; only now, before anybody has read a position, may it begin anew."""
        try:
            self._ready()
        except Reopened as error:
            if not is_damage(error.__cause__ or error):
                raise
            put_aside(self._path)
            self._ready()

    def positions(self) -> Positions:
        """Return what is stored, as read from the file; the bus is to go on after it."""
        with self._lock:
            self._ready()
            return dict(self._positions)

    def notes(self) -> dict[tuple[str, int], str]:
        """Return what was noted with each position."""
        with self._lock:
            self._ready()
            return dict(self._notes)

    def write(
        self,
        batch: Sequence[Stored],
        after: Positions,
        notes: Mapping[tuple[str, int], str] | None = None,
    ) -> int:
        """Write a batch and the positions after it in one transaction; return the rows written.

        What is stored already is left out, so offering a batch again changes nothing. Raises
        Reopened when the file cannot be written now, Damaged when it must be built anew.
        """
        with self._lock:
            for attempt in range(1, _TRIES + 1):
                try:
                    return self._write_rest(batch, after, notes or {})
                except duckdb.Error as error:
                    # The error does not tell whether the batch is stored (a commit may be durable
                    # and its checkpoint fail): only the file itself does.
                    self._failed(error, attempt)
            raise Reopened(after=1.0)

    @contextlib.contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend the connection between two writes; after any DuckDB error the file is reopened."""
        with self._lock:
            con = self._ready()
            try:
                yield con
            except duckdb.Error as error:
                self._failed(error, 1)
                raise

    def replace_table(self, table: str, rows: Sequence[tuple[object, ...]]) -> bool:
        """Let a reference table hold exactly these rows; False if it did already."""
        with self.connection() as con:
            schema = self._schemas[table]
            named = [dict(zip(schema.names, row, strict=True)) for row in rows]
            columns = [pa.array([r[f.name] for r in named], f.type) for f in schema]
            wanted = pa.Table.from_arrays(columns, schema=schema)
            if con.execute(f"FROM {table}").to_arrow_table().equals(wanted):
                return False
            with _transaction(con):
                con.execute(f"DELETE FROM {table}")
                con.register("incoming", wanted)
                con.execute(f"INSERT INTO {table} BY NAME FROM incoming")
            self.revision += 1
            return True

    def close(self) -> None:
        """Let go of the file; what is written stays."""
        with self._lock:
            self._disconnect()
            held, self._held = self._held, None
            if held is not None:
                os.close(held)

    def _write_rest(
        self, batch: Sequence[Stored], after: Positions, notes: Mapping[tuple[str, int], str]
    ) -> int:
        con = self._ready()
        fresh, positions = self._rest(batch, after)
        if not positions:
            return 0
        work = decode(fresh, self._zones, _DEFAULT_ZONE)
        write = Write(con, self._schemas, self.pub_seq)
        with _transaction(con):
            written = write.apply(work)
            write.positions(positions, {**self._notes, **notes})
        self._positions |= positions
        self._notes |= {key: notes[key] for key in positions if key in notes}
        self.pub_seq = write.seq.value
        self.revision += written > 0
        return written

    def _rest(self, batch: Sequence[Stored], after: Positions) -> tuple[list[Stored], Positions]:
        """Return the records beyond the stored positions, and the positions that move."""
        fresh = []
        heads = {k: v for k, v in after.items() if v > self._positions.get(k, -1)}
        for record in batch:
            key = (record.topic, record.partition)
            if record.offset > self._positions.get(key, -1):
                fresh.append(record)
                heads[key] = max(record.offset, heads.get(key, -1))
        return fresh, heads

    def _failed(self, error: duckdb.Error, attempt: int) -> None:
        get_logger().warning("store_reopened", error=type(error).__name__, attempt=attempt)
        self._disconnect()
        if is_damage(error, opening=False):
            # Whoever works on holds positions of a file that is gone: the process starts anew.
            put_aside(self._path)
            raise Damaged from error
        with contextlib.suppress(duckdb.Error, OSError):
            self._open()

    def _disconnect(self) -> None:
        con, self._con = self._con, None
        if con is not None:
            with contextlib.suppress(duckdb.Error):
                con.close()

    def _ready(self) -> duckdb.DuckDBPyConnection:
        if self._con is None:
            try:
                self._open()
            except (duckdb.Error, OSError) as error:
                raise Reopened(_CANNOT_OPEN, after=1.0) from error
        assert self._con is not None
        return self._con

    def _open(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._hold()
        self._set_aside_other_schema()
        con = connect(self._path, self._config)
        try:
            os.chmod(self._path, 0o600)
            self._schemas = _schemas(con)
            stored = _ask(con, "positions")
        except BaseException:
            con.close()
            raise
        self._positions = {(r["topic"], r["part"]): r["last"] for r in stored}
        self._notes = {(r["topic"], r["part"]): r["note"] for r in stored}
        pub_seq = max((r["pub_seq"] for r in stored), default=0)
        # A commit that raised may be durable all the same; readers are to see it.
        self.revision += pub_seq != self.pub_seq
        self.pub_seq = pub_seq
        self._con = con

    def _hold(self) -> None:
        """Keep a second sink out before it could set this one's file aside."""
        if self._held is None:
            held = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(held)
                raise
            self._held = held

    def _set_aside_other_schema(self) -> None:
        """Make room for today's schema: the file is a projection, the register rebuilds it."""
        mark = self._path.with_suffix(".schema")
        today = sha256(script("schema.sql").encode()).hexdigest()
        if self._path.exists() and mark.exists() and mark.read_text() == today:
            return
        for path in (self._path, self._path.with_name(self._path.name + ".wal")):
            if path.exists():
                path.replace(path.with_name(path.name + ".lama"))
        # The schema is whole and checkpointed before the file bears its name: a file killed
        # half-way through its DDL would never be opened.
        fresh = self._path.with_name(self._path.name + ".baru")
        fresh.unlink(missing_ok=True)
        fresh.with_name(fresh.name + ".wal").unlink(missing_ok=True)
        con = connect(fresh, self._config)
        with _transaction(con):
            con.execute(script("schema.sql"))
        con.execute("CHECKPOINT")
        con.close()
        mark.write_text(today)
        fresh.replace(self._path)


def settings(memory_limit: str, threads: int) -> dict[str, str | bool | int | float | list[str]]:
    """Return what every connection sets: limits, and no extension from anywhere."""
    return {
        "memory_limit": memory_limit,
        "threads": threads,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


def connect(
    path: Path | str, config: dict[str, str | bool | int | float | list[str]]
) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB connection whose times are UTC."""
    con = duckdb.connect(str(path), config=config)
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    return con


@contextlib.contextmanager
def _transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    con.execute("BEGIN")
    try:
        yield
        con.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(duckdb.Error):
            con.execute("ROLLBACK")
        raise


def _schemas(con: duckdb.DuckDBPyConnection) -> dict[str, pa.Schema]:
    """Read the columns from the file itself, so that they are written down in schema.sql only."""
    names = con.execute("SELECT table_name FROM duckdb_tables()").to_arrow_table()["table_name"]
    return {n: _empty(con, n).schema for n in names.to_pylist()}


def _empty(con: duckdb.DuckDBPyConnection, table: str) -> pa.Table:
    return con.execute(f"FROM {table} LIMIT 0").to_arrow_table()


def _ask(con: duckdb.DuckDBPyConnection, name: str) -> list[Row]:
    rows: list[Row] = con.execute(statements("write.sql")[name]).to_arrow_table().to_pylist()
    return rows
