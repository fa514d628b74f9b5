"""Reads what is published, from many threads, always the newest, never the live file."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from core.errors import GatewayError
from sink import manifest, user_sql
from sink.manifest import Flavour, Manifest
from sink.store import connect, settings

# Queries that began on an older version finish on it.
_ATTACHED = 3

Params = Sequence[object] | Mapping[str, object]


class NotPublished(GatewayError):
    """Belum ada data yang diterbitkan; jalankan `kanal up` dan tunggu beberapa detik."""


class Reader:
    """One flavour of the published data."""

    def __init__(self, data_dir: Path, flavour: Flavour) -> None:
        self._folder = data_dir / "published"
        self._flavour: Flavour = flavour
        self._lock = threading.Lock()
        self._con = connect(":memory:", settings("512MB", 2))
        self._attached: list[int] = []
        self._manifest: Manifest | None = None
        self._stamp: tuple[int, int] | None = None

    @property
    def version(self) -> int:
        """The version that is published now."""
        return self.manifest().version

    def manifest(self) -> Manifest:
        """Return what is published now. Raises NotPublished."""
        with self._lock:
            return self._refresh()

    def query(self, sql: str, params: Params = ()) -> pa.Table:
        """Run one query on the newest version. Raises NotPublished."""
        try:
            return self._query(sql, params)
        except _LetGo:
            return self._query(sql, params)

    def user_query(self, sql: str, seconds: float = 10.0) -> pa.Table:
        """Run a person's SELECT in a locked, time-limited session of its own."""
        name = self.manifest().flavours[self._flavour]
        return user_sql.run(self._folder / name, sql, seconds)

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._con.close()

    def _query(self, sql: str, params: Params) -> pa.Table:
        cursor, version = self._cursor()
        try:
            return cursor.execute(sql, params).to_arrow_table()
        except duckdb.Error as error:
            # So slow that its version was detached before the query began.
            if version not in self._attached:
                raise _LetGo from error
            raise
        finally:
            cursor.close()

    def _cursor(self) -> tuple[duckdb.DuckDBPyConnection, int]:
        """A cursor per call: DuckDB 2 refuses a connection that two threads share."""
        with self._lock:
            version = self._refresh().version
            cursor = self._con.cursor()
            cursor.execute(f"USE v{version}")
            return cursor, version

    def _refresh(self) -> Manifest:
        try:
            return self._follow()
        except (duckdb.IOException, FileNotFoundError):
            # The file went between reading the pointer and opening it: follow the newer one.
            self._stamp = None
            try:
                return self._follow()
            except (duckdb.IOException, FileNotFoundError) as error:
                raise NotPublished from error

    def _follow(self) -> Manifest:
        stat = (self._folder / manifest.CURRENT).stat()
        stamp = (stat.st_ino, stat.st_mtime_ns)
        if self._manifest is not None and stamp == self._stamp:
            return self._manifest
        current = manifest.load(self._folder)
        if current is None:
            raise NotPublished
        if current.version not in self._attached:
            self._attach(current)
        self._manifest, self._stamp = current, stamp
        return current

    def _attach(self, current: Manifest) -> None:
        path = str(self._folder / current.flavours[self._flavour]).replace("'", "''")
        self._con.execute(f"ATTACH '{path}' AS v{current.version} (READ_ONLY)")
        self._attached.append(current.version)
        if len(self._attached) > _ATTACHED:
            self._con.execute(f"DETACH v{self._attached.pop(0)}")


class _LetGo(Exception):
    """The version a query was to run on is no longer attached."""
