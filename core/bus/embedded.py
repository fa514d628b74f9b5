"""The embedded engine: an append-only log in SQLite (WAL, synchronous=FULL) with group commit."""

import asyncio
import fcntl
import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from core.bus import (
    Batch,
    Limits,
    Outgoing,
    Positions,
    Published,
    Status,
    Stored,
    Tally,
    check,
)
from core.bus.embedded_sql import LATEST, READ, SCHEMA, Writes, unpacked
from core.errors import CannotStore, ConfigError, Fenced
from core.topics import TOPICS

# The WAL-reset corruption bug is fixed from here on.
_OLDEST_SQLITE = (3, 51, 3)
_MAX_PENDING_BYTES = 64 * 1024 * 1024
_CHECKPOINT_PAGES = 4000
_POLL_BUSY, _POLL_IDLE = 0.01, 0.05


@dataclass(slots=True)
class _Job:
    """One publish or commit waiting for the next transaction."""

    group: str
    records: Sequence[Outgoing]
    tallies: Sequence[Tally]
    before: Positions
    after: Positions
    size: int
    done: Callable[[Published | BaseException], None]


class EmbeddedBus:
    """One process's handle on the log; any number of processes may hold one on the same file.

    `max_pages` bounds the file, so that a test can fill it.
    """

    def __init__(
        self, path: Path, limits: Limits | None = None, *, max_pages: int | None = None
    ) -> None:
        if tuple(int(n) for n in apsw.sqlite_lib_version().split(".")) < _OLDEST_SQLITE:
            raise ConfigError(f"SQLite {apsw.sqlite_lib_version()} terlalu tua untuk log ini.")
        self._path = path
        self._max_pages = max_pages
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._gate = os.open(
            path.with_suffix(".gate"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        self._reader = self._connect()
        self._reading = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._pending = 0
        self._closed = False
        self._thread = threading.Thread(target=self._write_loop, name="bus-writer", daemon=True)
        self._thread.start()

    def _connect(self) -> apsw.Connection:
        try:
            with self._locked():
                db = apsw.Connection(str(self._path))
                db.set_busy_timeout(10_000)
                db.pragma("page_size", 4096)
                db.pragma("journal_mode", "wal")
                db.pragma("synchronous", "full")
                db.pragma("wal_autocheckpoint", 0)
                db.pragma("secure_delete", True)
                db.pragma("trusted_schema", False)
                if self._max_pages is not None:
                    db.pragma("max_page_count", self._max_pages)
                db.execute(SCHEMA)
                with db:
                    db.executemany(
                        "INSERT OR IGNORE INTO topics(name, partitions) VALUES (?, ?)",
                        [(t.name, t.partitions) for t in TOPICS.values()],
                    )
        except apsw.Error as error:
            raise CannotStore(f"log {self._path} tidak dapat dibuka: {error}") from error
        for name, count in db.execute("SELECT name, partitions FROM topics"):
            if name in TOPICS and TOPICS[name].partitions != count:
                raise ConfigError(
                    f"Topik {name} dibuat dengan {count} partisi, "
                    f"sedangkan program ini memakai {TOPICS[name].partitions}."
                )
        found = db.execute("SELECT name, id FROM topics").fetchall()
        self._topic_ids = {str(name): int(str(number)) for name, number in found}
        return db

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.flock(self._gate, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._gate, fcntl.LOCK_UN)

    # -- writing ------------------------------------------------------------------------------

    async def publish(
        self, records: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        return await self._submit("", records, tallies, {}, {})

    async def _submit(
        self,
        group: str,
        records: Sequence[Outgoing],
        tallies: Sequence[Tally],
        before: Positions,
        after: Positions,
    ) -> Published:
        check(records)
        size = sum(len(r.value) for r in records)
        if self._closed or (self._pending and self._pending + size > _MAX_PENDING_BYTES):
            raise CannotStore("log ditutup" if self._closed else "antrean tulis penuh")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Published] = loop.create_future()

        def settle(result: Published | BaseException) -> None:
            self._pending -= size
            if future.cancelled():
                return
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)

        def done(result: Published | BaseException) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, result)

        self._pending += size
        self._jobs.put(_Job(group, records, tallies, before, after, size, done))
        return await future

    def _write_loop(self) -> None:
        """Own the writing connection; every waiting job shares the next transaction's fsync."""
        db: apsw.Connection | None = None
        while True:
            jobs = self._next_jobs()
            if jobs is None:
                break
            try:
                db = db or self._connect()
                results = self._transact(db, jobs)
            except Exception as error:
                # The outcome is unknown (a failed fsync cannot be tried again on this handle):
                # close, reopen for the next job; a repeat is harmless, event ids are unique.
                if db is not None:
                    db.close(True)
                db = None
                results = [_refused(error)] * len(jobs)
            for job, result in zip(jobs, results, strict=True):
                job.done(result)
        if db is not None:
            db.close()

    def _next_jobs(self) -> list[_Job] | None:
        first = self._jobs.get()
        if first is None:
            return None
        jobs, size = [first], first.size
        while size < 8 * 1024 * 1024:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                # Closing: finish these first, then meet the end again.
                self._jobs.put(None)
                break
            jobs.append(job)
            size += job.size
        return jobs

    def _transact(
        self, db: apsw.Connection, jobs: Sequence[_Job]
    ) -> list[Published | BaseException]:
        with self._locked():
            db.execute("BEGIN IMMEDIATE")
            try:
                writes = Writes(db, self._topic_ids)
                results = [self._one(db, writes, job) for job in jobs]
                writes.finish()
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            self._checkpoint(db)
        return results

    @staticmethod
    def _one(db: apsw.Connection, writes: Writes, job: _Job) -> Published | BaseException:
        """Write one job; a fenced one leaves nothing behind and does not hurt its neighbours."""
        for (topic, part), offset in job.before.items():
            if not writes.holds(job.group, topic, part, offset):
                return Fenced(f"posisi grup {job.group} sudah dipindahkan proses lain")
        for (topic, part), offset in job.after.items():
            writes.move(job.group, topic, part, offset)
        writes.tally(job.tallies)
        return Published(tuple(writes.append(record) for record in job.records))

    def _checkpoint(self, db: apsw.Connection) -> None:
        pages = int(os.path.getsize(f"{self._path}-wal") / 4120)
        if pages > _CHECKPOINT_PAGES:
            db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    # -- reading ------------------------------------------------------------------------------

    def _rows(self, sql: str, *bindings: Any) -> list[tuple[Any, ...]]:
        with self._reading:
            if self._closed:
                raise CannotStore("log ditutup")
            return self._reader.execute(sql, bindings).fetchall()

    async def subscribe(
        self,
        group: str,
        topics: Sequence[str],
        positions: Positions | None = None,
        *,
        member: str = "",
    ) -> "EmbeddedConsumer":
        wanted = {(t, p): -1 for t in topics for p in range(TOPICS[t].partitions)}
        for group_topic in topics:
            sql = "SELECT part, seq FROM positions WHERE grp = ? AND topic = ?"
            for part, seq in self._rows(sql, group, self._topic_ids[group_topic]):
                wanted[group_topic, part] = seq
        if positions is not None:
            kept = {key: positions.get(key, -1) for key in wanted}
            await self._submit(group, (), (), {}, kept)
            wanted = kept
        return EmbeddedConsumer(self, group, wanted)

    def version(self) -> int:
        """Return a number that changes when any process has committed (3 microseconds)."""
        with self._reading:
            if self._closed:
                raise CannotStore("log ditutup")
            return int(self._reader.pragma("data_version") or 0)

    def read_now(self, topic: str, after: Positions, limit: int) -> list[Stored]:
        """Read records beyond the given positions in the order in which they were appended."""
        topic_id = self._topic_ids[topic]
        heads = self._rows("SELECT part, seq FROM heads WHERE topic = ?", topic_id)
        behind = [after.get((topic, part), -1) for part, seq in heads
                  if seq > after.get((topic, part), -1)]  # fmt: skip
        found: list[Stored] = []
        start = min(behind, default=None)
        while start is not None and len(found) < limit:
            rows = self._rows(READ, topic_id, start, limit)
            found += [
                Stored(topic, part, seq, unpacked(event_id), value, key)
                for seq, part, event_id, key, value in rows
                if seq > after.get((topic, part), -1)
            ]
            start = rows[-1][0] if len(rows) == limit else None
        return found[:limit]

    async def read(self, topic: str, after: Positions, limit: int) -> list[Stored]:
        return await asyncio.to_thread(self.read_now, topic, after, limit)

    async def latest(self, topic: str) -> Mapping[str, bytes]:
        return dict(await asyncio.to_thread(self._rows, LATEST, self._topic_ids[topic]))

    async def erase(self, topic: str, event_id: str, value: bytes) -> bool:
        raise NotImplementedError

    async def trim(self, topic: str, through: Positions) -> int:
        raise NotImplementedError

    async def status(self) -> Status:
        return await asyncio.to_thread(self._status)

    def _status(self) -> Status:
        heads = self._rows(
            "SELECT t.name, max(h.seq) FROM heads h JOIN topics t ON t.id = h.topic GROUP BY 1"
        )
        lags = self._rows(
            "SELECT p.grp, t.name, sum((SELECT count(*) FROM log l WHERE l.topic = p.topic"
            " AND l.part = p.part AND l.seq > p.seq)) FROM positions p"
            " JOIN topics t ON t.id = p.topic GROUP BY 1, 2"
        )
        tallies = self._rows("SELECT tenant, channel, what, n FROM tallies")
        return Status(
            dict(heads),
            {(group, topic): lag for group, topic, lag in lags},
            {(tenant, channel, what): n for tenant, channel, what, n in tallies},
        )

    async def close(self) -> None:
        if self._closed:
            return
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        with self._reading:
            self._closed = True
            self._reader.close()
        os.close(self._gate)


class EmbeddedConsumer:
    """One group's reader; a commit compares and sets the positions it started from."""

    def __init__(self, bus: EmbeddedBus, group: str, at: Positions) -> None:
        self._bus = bus
        self._group = group
        self._at = at
        self._topics = list(dict.fromkeys(topic for topic, _ in at))
        self._seen = -1

    async def take(self, max_batch: int, linger: float) -> Batch:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + linger
        pause = _POLL_BUSY
        while True:
            version = self._bus.version()
            if version != self._seen:
                found = await asyncio.to_thread(self._found, max_batch)
                if found:
                    after = {(r.topic, r.partition): r.offset for r in found}
                    return Batch(found, {key: self._at[key] for key in after}, after)
                # Only now: what this process commits does not change its own data_version.
                self._seen = version
            if loop.time() >= deadline:
                return Batch()
            await asyncio.sleep(pause)
            pause = min(pause * 1.3, _POLL_IDLE)

    def _found(self, limit: int) -> list[Stored]:
        found = [r for topic in self._topics for r in self._bus.read_now(topic, self._at, limit)]
        found.sort(key=lambda r: r.offset)
        return found[:limit]

    async def commit(
        self, batch: Batch, outputs: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        published = await self._bus._submit(
            self._group, outputs, tallies, batch.before, batch.after
        )
        self._at.update(batch.after)
        return published

    async def close(self) -> None:
        return None


def _refused(error: Exception) -> Exception:
    if isinstance(error, apsw.Error | OSError):
        refused = CannotStore(f"log tidak dapat menyimpan: {type(error).__name__}")
        refused.__cause__ = error
        return refused
    return error
