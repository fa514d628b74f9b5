"""The thread that writes the embedded log: group commit, checkpoints, reopening after an error."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence

import apsw

from core.bus.embedded_damage import cannot_store, is_damage
from core.bus.embedded_file import BUSY_MS, LogFile
from core.bus.embedded_line import Job, Line, T, Work
from core.bus.embedded_writes import Writes
from core.clock import Clock
from core.errors import CannotStore, GatewayError
from core.log import get_logger

_GROUP_BYTES = 8 * 1024 * 1024
_IDLE_SECONDS = 2.0
_GATHER_SECONDS = 0.002
# A checkpoint that would be nice to have does not wait for a reader.
_BRIEFLY_MS = 10


class Writer:
    """Owns the only connection that writes; one event loop at a time hands it work."""

    def __init__(self, log: LogFile, clock: Clock, news: Callable[[], None]) -> None:
        self._log = log
        self._clock = clock
        self._news = news
        self._limits = log.limits
        self._line: Line | None = None
        self._closed = False
        # Pages in the write-ahead log, and how many of them a checkpoint has seen.
        self._pages = 0
        self._copied = 0
        self._answered = threading.Event()
        self._failing = False
        self._db: apsw.Connection | None = None
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_loop, name="bus-writer", daemon=True)
        self._thread.start()

    async def do(
        self,
        work: Work[T],
        size: int = 0,
        *,
        essential: bool = True,
        alone: bool = False,
        truncate: bool = False,
    ) -> T:
        """Run work in a transaction; durable on return. Raises CannotStore or what it raises."""
        if self._line is None or self._line.loop is not asyncio.get_running_loop():
            self._line = Line(self._limits, self._hand_over)
        return await self._line.do(work, size, essential=essential, alone=alone, truncate=truncate)

    def _hand_over(self, job: Job) -> None:
        if self._closed:
            job.future.set_exception(CannotStore("log ditutup"))
        else:
            self._jobs.put(job)

    async def close(self) -> None:
        """Finish what was accepted, checkpoint, and let go of the connection."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    # -- the thread ---------------------------------------------------------------------------

    def _write_loop(self) -> None:
        while (jobs := self._next_jobs()) is not None:
            for group in _groups(jobs):
                self._tell(group, self._run(group))
                if self._pages - self._copied > self._log.checkpoint_pages:
                    self._checkpoint(apsw.SQLITE_CHECKPOINT_PASSIVE)
            if not jobs:
                self._checkpoint(apsw.SQLITE_CHECKPOINT_TRUNCATE)
        self._checkpoint(apsw.SQLITE_CHECKPOINT_TRUNCATE)
        if self._db is not None:
            self._db.close(True)

    def _next_jobs(self) -> list[Job] | None:
        """Return what waits (nothing, after a while of silence), or None at the end."""
        try:
            first = self._jobs.get(timeout=_IDLE_SECONDS if self._pages else None)
        except queue.Empty:
            return []
        if first is None:
            return None
        # Those who were just answered come again at once: let them share one fsync.
        self._answered.wait(_GATHER_SECONDS)
        jobs, size = [first], first.size
        while size < _GROUP_BYTES:
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

    def _tell(self, jobs: Sequence[Job], results: Sequence[object]) -> None:
        for job in jobs:
            job.work = None
        by_line: dict[Line, list[tuple[Job, object]]] = {}
        for job, result in zip(jobs, results, strict=True):
            by_line.setdefault(job.line, []).append((job, result))
        for line, told in by_line.items():
            self._answered.clear()
            # Nobody waits any more on a loop that is closed.
            with contextlib.suppress(RuntimeError):
                line.loop.call_soon_threadsafe(self._settle, line, told)

    def _settle(self, line: Line, told: Sequence[tuple[Job, object]]) -> None:
        line.settle([job for job, _ in told], [result for _, result in told])
        self._news()
        # Whoever was answered runs in the loop's next turn; after it they have all come again.
        line.loop.call_soon(line.loop.call_soon, self._answered.set)

    def _run(self, jobs: Sequence[Job]) -> list[object]:
        """Run jobs in one transaction; one that cannot be written does not hurt the others."""
        try:
            results = self._transact(jobs)
        except Exception as error:
            disk = isinstance(error, apsw.Error | OSError) and not isinstance(error, _OF_THE_DATA)
            if disk:
                # What became of it is open, and a failed fsync must not be tried again on this
                # handle: open the log anew and go on from what is there. A repeat is harmless.
                self._let_go(error)
                return [cannot_store(error)] * len(jobs)
            if isinstance(error, CannotStore):
                return [error] * len(jobs)
            if len(jobs) > 1:
                return [result for job in jobs for result in self._run([job])]
            return [error]
        if self._failing:
            self._failing = False
            get_logger().info("log_resumed")
        return results

    def _transact(self, jobs: Sequence[Job]) -> list[object]:
        free = self._log.free()
        with self._log.gate:
            db = self._open()
            db.execute("BEGIN IMMEDIATE")
            try:
                writes = Writes(db, self._log.topics, int(self._clock().timestamp() * 1000))
                endings = [self._begin(writes, job, free) for job in jobs]
                writes.finish()
                db.execute("COMMIT")
                if (last := writes.last()) >= 0:
                    self._log.mark.write(last)
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            results = [e if isinstance(e, BaseException) else e() for e in endings]
            if any(job.truncate for job in jobs):
                db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
                self._pages = self._copied = 0
        return results

    def _begin(self, writes: Writes, job: Job, free: int) -> Callable[[], object] | BaseException:
        """Let a job write; what it may not or cannot do is its own answer and nobody else's."""
        floor = self._limits.hard_floor if job.essential else self._limits.free_floor
        if free < floor:
            return CannotStore(f"ruang cakram tinggal {free // 2**20} MB")
        if job.work is None or job.future.done():
            return CannotStore("tidak ditunggu lagi")  # answered long ago: it saw no end
        try:
            return job.work(writes)
        except GatewayError as error:
            return error

    def _open(self) -> apsw.Connection:
        if self._db is None:
            self._db = self._log.writer()
            self._db.set_wal_hook(self._note_pages)
        return self._db

    def _note_pages(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        self._pages = pages
        if pages < self._copied:
            self._copied = 0  # it begins anew once all of it is in the file
        return apsw.SQLITE_OK

    def _let_go(self, error: Exception) -> None:
        if not self._failing:
            self._failing = True
            event = "log_damaged" if is_damage(error) else "log_refused"
            get_logger().error(event, error=type(error).__name__)
        if self._db is not None:
            with contextlib.suppress(apsw.Error, OSError):
                self._db.close(True)
            self._db = None

    def _checkpoint(self, mode: int) -> None:
        """Copy the write-ahead log into the file; nobody waits for the outcome."""
        if self._db is None or not self._pages:
            return
        self._copied = self._pages
        try:
            with self._log.gate:
                self._db.set_busy_timeout(_BRIEFLY_MS)
                try:
                    self._db.wal_checkpoint(mode=mode)
                finally:
                    self._db.set_busy_timeout(BUSY_MS)
        except apsw.BusyError:
            return
        except (apsw.Error, OSError) as error:
            self._let_go(error)
        if mode == apsw.SQLITE_CHECKPOINT_TRUNCATE:
            self._pages = self._copied = 0


def _groups(jobs: Sequence[Job]) -> list[list[Job]]:
    """Split jobs so that each which asked for it is alone."""
    groups: list[list[Job]] = []
    for job in jobs:
        if job.alone or not groups or groups[-1][-1].alone:
            groups.append([])
        groups[-1].append(job)
    return groups


# About what was to be written, not about the disk.
_OF_THE_DATA = (
    apsw.ConstraintError, apsw.MismatchError, apsw.TooBigError, apsw.RangeError, apsw.SQLError,
    apsw.BindingsError,
)  # fmt: skip
