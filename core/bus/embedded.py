"""The embedded engine: an append-only log in SQLite (WAL, synchronous=FULL) with group commit."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from core.bus import Limits, Outgoing, Positions, Published, Status, Stored, Tally, check
from core.bus import embedded_care as care
from core.bus import embedded_sql as sql
from core.bus.embedded_care import Verified
from core.bus.embedded_consumer import EmbeddedConsumer
from core.bus.embedded_file import Host, LogFile
from core.bus.embedded_line import weight
from core.bus.embedded_members import Membership
from core.bus.embedded_presence import Monotonic, Presence
from core.bus.embedded_reading import read
from core.bus.embedded_writer import Writer
from core.bus.embedded_writes import Writes
from core.clock import Clock, system_clock
from core.errors import CannotStore

# Between two slices of a trim the others get their turn.
_TRIM_ROWS = 1000


class EmbeddedBus:
    """One process's handle on the log; any number of processes may hold one on the same file.

    `max_pages` and `host` are for tests: they bound the file and replace what the machine is.
    """

    def __init__(
        self,
        path: Path,
        limits: Limits | None = None,
        *,
        clock: Clock = system_clock,
        monotonic: Monotonic = time.monotonic,
        max_pages: int | None = None,
        host: Host | None = None,
    ) -> None:
        limits = limits or Limits()
        self._clock = clock
        self.log = LogFile(path, limits, host or Host(max_pages=max_pages))
        self._presence = Presence(path.with_suffix(".members"), limits.lease, monotonic)
        self._consumers: dict[tuple[str, str], EmbeddedConsumer] = {}
        self._writer = Writer(self.log, clock, self._tell_news)
        self._closed = False

    def _tell_news(self) -> None:
        for consumer in self._consumers.values():
            consumer.news.set()

    async def publish(
        self, records: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        check(records)
        return await self._writer.do(
            lambda writes: writes.publish(records, tallies), weight(records), essential=False
        )

    async def subscribe(
        self,
        group: str,
        topics: Sequence[str],
        positions: Positions | None = None,
        *,
        member: str = "",
    ) -> EmbeddedConsumer:
        if self._closed:
            raise CannotStore("log ditutup")
        asked = Membership(group, member, tuple(topics), positions)
        consumer = EmbeddedConsumer(self.log, self._writer, self._presence, asked)
        await consumer.join()
        self._consumers[group, member] = consumer
        return consumer

    async def read(self, topic: str, after: Positions, limit: int) -> list[Stored]:
        return await asyncio.to_thread(self._read, topic, after, limit)

    def _read(self, topic: str, after: Positions, limit: int) -> list[Stored]:
        with self.log.reading() as db:
            return read(self.log, db, [topic], after, limit)

    async def latest(self, topic: str) -> Mapping[str, bytes]:
        found = await asyncio.to_thread(self.log.rows, sql.LATEST, self.log.topic_ids[topic])
        return dict(found)

    async def erase(self, topic: str, event_id: str, value: bytes) -> bool:
        bindings = (value, self.log.topic_ids[topic], sql.packed(event_id))

        def work(writes: Writes) -> Callable[[], bool]:
            writes.db.execute(sql.ERASE, bindings)
            found = writes.db.changes() > 0
            return lambda: found

        return await self._writer.do(work, len(value), alone=True, truncate=True)

    async def trim(self, topic: str, through: Positions) -> int:
        topic_id, count = self.log.topic_ids[topic], 0
        for (of_topic, part), upto in sorted(through.items()):
            while of_topic == topic:
                step = care.trim_step(topic_id, part, upto, _TRIM_ROWS)
                gone = await self._writer.do(step, alone=True)
                count += gone
                if gone < _TRIM_ROWS:
                    break
        return count

    async def status(self) -> Status:
        return await asyncio.to_thread(care.status, self.log, self._clock())

    async def verify(self) -> Verified:
        """Check the whole log: its pages, and that heads, positions and records agree."""
        return await asyncio.to_thread(care.verify, self.log)

    async def backup(self, target: Path) -> int:
        """Write a copy of the log as it stands now; return its size. Work goes on meanwhile."""
        return await asyncio.to_thread(care.backup, self.log, target)

    async def facts(self) -> care.Facts:
        """Return what the files and the disk look like, for `kanal bus status`."""
        return await asyncio.to_thread(care.facts, self.log)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for consumer in self._consumers.values():
            await consumer.close()
        await self._writer.close()
        self._presence.close()
        self.log.close()
