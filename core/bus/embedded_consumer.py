"""One member of a group on the embedded log: waits without touching the disk, reads, commits."""

import asyncio
from collections.abc import Callable, Sequence

from core.bus import NONE, Batch, Outgoing, Published, Stored, Tally, check
from core.bus import embedded_sql as sql
from core.bus.embedded_file import LogFile
from core.bus.embedded_line import weight
from core.bus.embedded_members import Held, Membership, Roll
from core.bus.embedded_presence import Presence
from core.bus.embedded_reading import read_owned
from core.bus.embedded_writer import Writer
from core.bus.embedded_writes import Writes
from core.errors import CannotStore, Fenced
from core.log import get_logger

_POLL_BUSY, _POLL_IDLE = 0.005, 0.05


class EmbeddedConsumer:
    """A member; between two batches it lets go of what others are to have and takes what is its."""

    def __init__(self, log: LogFile, writer: Writer, presence: Presence, asked: Membership) -> None:
        self._log = log
        self._writer = writer
        self._presence = presence
        self._asked = asked
        self._held = Held()
        # The epochs of the partitions that the user knows it owns, and those of them of which
        # what it knows is stale.
        self._told: dict[int, int] = {}
        self._stale = NONE
        # In doubt: a commit was fenced, or what became of it is open.
        self._in_doubt = False
        self._closed = False
        self._seen = -1
        self._looked = presence.now()
        self.news = asyncio.Event()

    async def join(self) -> None:
        """Enter the group."""
        self._take_hold(await self._writer.do(self._roll(lambda roll: roll.join()), alone=True))

    def _roll(self, step: Callable[[Roll], Held]) -> Callable[[Writes], Callable[[], Held]]:
        def work(writes: Writes) -> Callable[[], Held]:
            held = step(Roll(writes, self._presence, self._asked))

            def entered() -> Held:
                # After the commit and behind the gate: nobody has missed our lock by now.
                if held.member != self._held.member:
                    self._presence.leave(self._held.member)
                    self._presence.enter(held.member)
                return held

            return entered

        return work

    def _take_hold(self, held: Held) -> None:
        for topic, count in held.missed.items():
            get_logger().warning(
                "records_missed", stage=self._asked.group, topic=topic, count=count
            )
        if self._in_doubt:
            self._stale = frozenset(self._told)
        self._held = held
        self._in_doubt = False

    # -- take ---------------------------------------------------------------------------------

    async def take(self, max_batch: int, linger: float) -> Batch:
        if self._closed:
            raise CannotStore("anggota ditutup")
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + linger, _POLL_BUSY
        while True:
            self.news.clear()
            self._presence.touch(self._held.member)
            version = self._log.version()
            if version != self._seen or self._in_doubt or self._is_time_to_look():
                found = await self._look(max_batch)
                if found:
                    return self._batch(found)
                # Only now: a batch leaves records behind that are no news.
                self._seen = version
            remaining = deadline - loop.time()
            if remaining <= 0:
                return self._batch([])
            await self._wait(min(pause, remaining))
            pause = min(pause * 1.3, _POLL_IDLE)

    async def _wait(self, seconds: float) -> None:
        """Sleep, or wake up at once for what this process itself has stored."""
        try:
            async with asyncio.timeout(seconds):
                await self.news.wait()
        except TimeoutError:
            return

    def _is_time_to_look(self) -> bool:
        """Say, five times a lease, whether another member's lease has run out."""
        now = self._presence.now()
        if now - self._looked < self._log.limits.lease / 5:
            return False
        self._looked = now
        return not all(self._presence.alive(other) for other in self._held.others)

    async def _look(self, max_batch: int) -> list[Stored]:
        generation, found = await asyncio.to_thread(self._read, max_batch)
        if generation != self._held.generation or self._in_doubt or self._someone_died():
            step = self._roll(lambda roll: roll.sync(self._held.member))
            try:
                self._take_hold(await self._writer.do(step, alone=True))
            except CannotStore:
                # Ownership cannot be written now; what is held by the log's word still holds.
                if self._in_doubt:
                    raise
            else:
                _, found = await asyncio.to_thread(self._read, max_batch)
        return found

    def _someone_died(self) -> bool:
        return not all(self._presence.alive(other) for other in self._held.others)

    def _read(self, limit: int) -> tuple[int, list[Stored]]:
        with self._log.reading() as db:
            row = db.execute(sql.GENERATION, (self._asked.group,)).fetchone()
            found = read_owned(self._log, db, self._asked.topics, self._held.at, limit)
        return (-1 if row is None else row[0]), found

    def _batch(self, found: list[Stored]) -> Batch:
        after = {(r.topic, r.partition): r.offset for r in found}
        before = {key: self._held.at[key] for key in after}
        told, self._told = self._told, dict(self._held.epochs)
        stale, self._stale = self._stale, NONE
        kept = {p for p, epoch in told.items() if self._told.get(p) == epoch} - stale
        gained = frozenset(self._told.keys() - kept)
        return Batch(found, before, after, gained, frozenset(told.keys() - kept))

    # -- commit -------------------------------------------------------------------------------

    async def commit(
        self, batch: Batch, outputs: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        check(outputs)
        held = self._held

        def work(writes: Writes) -> Callable[[], Published]:
            writes.commit(self._asked.group, held.member, held.epochs, batch)
            return writes.publish(outputs, tallies)

        self._presence.touch(held.member)
        self._in_doubt = True
        published = await self._writer.do(work, weight(outputs))
        self._in_doubt = False
        self._held.at.update(batch.after)
        return published

    async def beat(self) -> None:
        """Let the heart beat now; it does so by itself several times a lease."""
        self._presence.beat()

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        member = self._held.member

        def work(writes: Writes) -> Callable[[], None]:
            Roll(writes, self._presence, self._asked).leave(member)
            return lambda: self._presence.leave(member)

        try:
            await self._writer.do(work, alone=True)
        except (CannotStore, Fenced):
            # Its lock goes with it, and so the others find out.
            self._presence.leave(member)
