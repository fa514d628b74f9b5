"""The embedded log's files: who may write now, connections, and what is checked at the start."""

import contextlib
import fcntl
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from core.bus import Limits
from core.bus import embedded_damage as damage
from core.bus import embedded_host as host
from core.bus import embedded_sql as sql
from core.errors import CannotStore, ConfigError
from core.log import get_logger
from core.topics import TOPICS

BUSY_MS = 10_000
_WRITER_CACHE_KIB, _READER_CACHE_KIB = 64 * 1024, 4 * 1024
# Beside a busy event loop the writing thread gets Python's lock only by force, after this long;
# with Python's own 5 ms one transaction was seen to take a second.
_SWITCH_SECONDS = 0.0005
_FREE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Host:
    """What a test may replace: the table of mounts, SQLite's door to the disk, what bounds it.

    `synchronous` below full loses what was acknowledged; the power-cut tests show that.
    """

    mounts: Path = host.MOUNTS
    vfs: str = ""
    max_pages: int | None = None
    synchronous: str = "full"
    checkpoint_pages: int = 4000


class Gate:
    """Lets one writer at a time through, of all threads and processes: a fair queue, no polling."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # Two threads with one file descriptor would both be let through.
        self._threads = threading.Lock()

    def __enter__(self) -> None:
        self._threads.acquire()
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            self._threads.release()
            raise

    def __exit__(self, *_error: object) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


class LogFile:
    """One process's door to the files of a log. Raises ConfigError or CannotStore when opened."""

    def __init__(self, path: Path, limits: Limits, host_: Host) -> None:
        self.path = path
        self.limits = limits
        self._host = host_
        self._vfs = host_.vfs or damage.checksums()
        self.checkpoint_pages = host_.checkpoint_pages
        self._closed = False
        self._free, self._free_at = 0, -_FREE_SECONDS * 2
        self._readers: queue.LifoQueue[apsw.Connection] = queue.LifoQueue()
        self.topic_ids: dict[str, int] = {}
        self.topics: dict[str, tuple[int, bool]] = {}
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_SECONDS))
        host.refuse_host(path.parent, apsw.sqlite_lib_version(), host_.mounts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.gate = Gate(path.with_suffix(".gate"))
            self.mark = damage.Mark(path.with_suffix(".mark"))
            self._open_mark = os.open(
                path.with_suffix(".open"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            raise damage.refusal(self.path, error) from error
        self._first: apsw.Connection | None = None
        self._watch: apsw.Connection | None = None
        try:
            self._first = self._start()
            self._watch = self._connect(reads=True)
        except BaseException:
            self.close()
            raise

    def writer(self) -> apsw.Connection:
        """Return a connection for the writing thread; the one that was checked comes first."""
        db, self._first = self._first, None
        return db or self._connect()

    @contextlib.contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """Lend a connection that reads; after an error it is not lent again."""
        if self._closed:
            raise CannotStore("log ditutup")
        try:
            db = self._readers.get_nowait()
        except queue.Empty:
            db = self._connect(reads=True)
        try:
            yield db
        except apsw.Error as error:
            db.close(True)
            raise damage.refusal(self.path, error) from error
        except BaseException:
            db.close(True)
            raise
        self._give_back(db)

    def _give_back(self, db: apsw.Connection) -> None:
        if self._closed:
            db.close(True)
        else:
            self._readers.put(db)

    def rows(self, query: str, *bindings: Any) -> list[tuple[Any, ...]]:
        """Read all rows of a query."""
        with self.reading() as db:
            return db.execute(query, bindings).fetchall()

    def version(self) -> int:
        """Return a number that changes when anybody has committed (3 microseconds, no disk)."""
        if self._closed or self._watch is None:
            raise CannotStore("log ditutup")
        return int(self._watch.pragma("data_version") or 0)

    def free(self) -> int:
        """Return the free bytes of the disk, as they were a moment ago (asking takes 20 us)."""
        now = time.monotonic()
        if now - self._free_at > _FREE_SECONDS:
            self._free, self._free_at = host.free_bytes(self.path.parent), now
        return self._free

    def close(self) -> None:
        """Close what reads; the writer has closed its own."""
        self._closed = True
        with contextlib.suppress(queue.Empty):
            while True:
                self._readers.get_nowait().close(True)
        for db in (self._watch, self._first):
            if db is not None:
                db.close(True)
        os.close(self._open_mark)
        self.mark.close()
        self.gate.close()

    # -- opening ------------------------------------------------------------------------------

    def _connect(self, *, reads: bool = False) -> apsw.Connection:
        try:
            db = self.open(self.path)
            # Only the writer checkpoints, and only behind the gate.
            db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            db.set_busy_timeout(BUSY_MS)
            for name, value in _PRAGMAS.items():
                db.pragma(name, value)
            db.pragma("synchronous", self._host.synchronous)
            db.pragma("cache_size", -(_READER_CACHE_KIB if reads else _WRITER_CACHE_KIB))
            if reads:
                db.pragma("query_only", True)
            elif self._host.max_pages is not None:
                db.pragma("max_page_count", self._host.max_pages)
        except apsw.Error as error:
            raise damage.refusal(self.path, error) from error
        return db

    def open(self, path: Path) -> apsw.Connection:
        """Open a database as this log is: a new one will have checksums if it has them."""
        db = apsw.Connection(str(path), vfs=self._vfs)
        if self._vfs == damage.VFS:
            db.reserve_bytes("main", damage.RESERVED)
        return db

    def _start(self) -> apsw.Connection:
        """Open the log, make what is missing, and let the first process of all check it."""
        try:
            with self.gate:
                alone = self._alone()
                private(self.path)
                db = self._connect()
                if alone:
                    self._check(db)
                self._make(db)
                self._check_end(db)
                if alone:
                    self._guard(db)
        except (apsw.Error, OSError) as error:
            raise damage.refusal(self.path, error) from error
        self._check_topics(db)
        # Whoever comes later finds the log in use and leaves it unchecked.
        fcntl.flock(self._open_mark, fcntl.LOCK_SH)
        return db

    def _alone(self) -> bool:
        try:
            fcntl.flock(self._open_mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _check_end(self, db: apsw.Connection) -> None:
        """Raise ConfigError for a log that ends before what was known to be on the disk."""
        (last,) = sql.row(db, sql.LAST) or (0,)
        if last < (marked := self.mark.read()):
            raise damage.behind(self.path, last, marked)

    def _check(self, db: apsw.Connection) -> None:
        """Run quick_check for as long as is allowed. Raises ConfigError on any damage."""
        timer = threading.Timer(self.limits.check_seconds, db.interrupt)
        timer.daemon = True
        timer.start()
        try:
            for (found,) in db.execute("PRAGMA quick_check"):
                if found != "ok":
                    raise damage.damaged(self.path, str(found).splitlines()[-1])
        except apsw.InterruptError:
            get_logger().info("log_checked_in_part", duration_ms=1000 * self.limits.check_seconds)
        finally:
            timer.cancel()
            timer.join()

    def _make(self, db: apsw.Connection) -> None:
        (found,) = db.execute("PRAGMA user_version").fetchone() or (0,)
        if int(found) > sql.VERSION:
            raise ConfigError(f"Log {self.path.name} ditulis rilis Kanal yang lebih baru.")
        if int(found) == sql.VERSION and self._has_all(db):
            return
        if int(found) == 0 and db.table_exists("main", "log"):
            raise ConfigError(f"Log {self.path.name} ditulis rilis percobaan; pakai --data baru.")
        db.execute("BEGIN IMMEDIATE")
        try:
            db.execute(sql.SCHEMA)
            db.executemany(
                "INSERT OR IGNORE INTO topics(name, partitions) VALUES (?, ?)",
                [(t.name, t.partitions) for t in TOPICS.values()],
            )
            db.pragma("user_version", sql.VERSION)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _guard(self, db: apsw.Connection) -> None:
        """Write a log anew, with checksums, that a release without them has left."""
        with self.path.open("rb") as file:
            reserved = file.read(21)[20]
        if self._vfs == damage.VFS and reserved != damage.RESERVED:
            get_logger().info("log_gets_checksums", count=self.path.stat().st_size)
            db.reserve_bytes("main", damage.RESERVED)
            db.execute("VACUUM")
            db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    @staticmethod
    def _has_all(db: apsw.Connection) -> bool:
        return TOPICS.keys() <= {name for (name,) in db.execute("SELECT name FROM topics")}

    def _check_topics(self, db: apsw.Connection) -> None:
        for number, name, count in db.execute("SELECT id, name, partitions FROM topics"):
            if name in TOPICS and TOPICS[name].partitions != count:
                raise ConfigError(
                    f"Topik {name} dibuat dengan {count} partisi, "
                    f"sedangkan program ini memakai {TOPICS[name].partitions}."
                )
            self.topic_ids[name] = number
            self.topics[name] = (number, name in TOPICS and TOPICS[name].compacted)


_PRAGMAS = {
    "page_size": 4096,
    "journal_mode": "wal",
    "wal_autocheckpoint": 0,
    "secure_delete": True,
    "trusted_schema": False,
}


def private(path: Path) -> None:
    """Make a file that only its owner may read; what SQLite puts beside it is like it."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
