"""Where work for the embedded log waits: bounded in bytes and in time, and answered in bulk."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from core.bus import Limits, Outgoing
from core.bus.embedded_writes import Writes
from core.errors import CannotStore

T = TypeVar("T")
Work = Callable[[Writes], Callable[[], T]]
"""Writes in the open transaction, or raises with nothing written; what it returns is called after
the commit and makes the result."""


@dataclass(slots=True, eq=False)
class Job:
    """One piece of work waiting for the next transaction, and who waits for it.

    What is not `essential` is refused first when the disk runs out; what is `alone` shares its
    transaction with no other; `truncate` empties the write-ahead log before it is answered.
    """

    work: Work[Any] | None
    size: int
    essential: bool
    alone: bool
    truncate: bool
    line: "Line"
    until: float
    future: "asyncio.Future[Any]"


class Line:
    """What one event loop has handed over; only that loop's thread uses it."""

    def __init__(self, limits: Limits, hand_over: Callable[[Job], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self._limits = limits
        self._hand_over = hand_over
        self._pending = 0
        self._jobs: deque[Job] = deque()
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._waiting = 0
        self._watched = False

    async def do(
        self, work: Work[T], size: int, *, essential: bool, alone: bool, truncate: bool
    ) -> T:
        """Hand work over and wait for its result. Raises CannotStore after the bound."""
        if self._is_full(size):
            await self._wait_for_room(size)
        until = self.loop.time() + self._limits.wait
        future: asyncio.Future[T] = self.loop.create_future()
        job = Job(work, size, essential, alone, truncate, self, until, future)
        self._pending += size
        self._jobs.append(job)
        if not self._watched:
            self._watch()
        self._hand_over(job)
        return await future

    def settle(self, jobs: Sequence[Job], results: Sequence[object]) -> None:
        """Answer jobs that are done, and let those in that waited for room."""
        for job, result in zip(jobs, results, strict=True):
            self._pending -= job.size
            if job.future.done():
                continue
            if isinstance(result, BaseException):
                job.future.set_exception(result)
            else:
                job.future.set_result(result)
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)

    def _is_full(self, size: int) -> bool:
        return bool(self._pending) and self._pending + size > self._limits.pending_bytes

    async def _wait_for_room(self, size: int) -> None:
        """Wait until the disk has caught up; what waits is bounded too."""
        if self._waiting + size > self._limits.pending_bytes:
            raise CannotStore("antrean tulis penuh")
        self._waiting += size
        try:
            async with asyncio.timeout(self._limits.wait):
                while self._is_full(size):
                    waiter: asyncio.Future[None] = self.loop.create_future()
                    self._waiters.append(waiter)
                    await waiter
        except TimeoutError:
            raise CannotStore("antrean tulis penuh") from None
        finally:
            self._waiting -= size

    def _watch(self) -> None:
        # One timer for all: a timer per record would cost more than the record.
        self._watched = True
        self.loop.call_later(self._limits.wait / 4, self._expire)

    def _expire(self) -> None:
        """Answer those for whom the disk takes too long; what became of their work is open."""
        self._watched = False
        now = self.loop.time()
        while self._jobs and (self._jobs[0].future.done() or self._jobs[0].until <= now):
            future = self._jobs.popleft().future
            if not future.done():
                future.set_exception(CannotStore("log tidak menjawab"))
        if self._jobs:
            self._watch()


_RECORD_OVERHEAD = 200


def weight(records: Sequence[Outgoing]) -> int:
    """Return about how much memory records take while they wait."""
    return sum(len(r.value) + _RECORD_OVERHEAD for r in records)
