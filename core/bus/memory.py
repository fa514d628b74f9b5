"""The in-memory bus that ships for tests: the same contract, no disk."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from core.bus import Batch, Outgoing, Positions, Published, Status, Stored, Tally, check
from core.errors import CannotStore, Fenced
from core.topics import TOPICS


class MemoryBus:
    """A bus in a dictionary. `full = True` makes every write raise CannotStore."""

    def __init__(self) -> None:
        self.full = False
        self._closed = False
        self._log: dict[tuple[str, int], list[Stored]] = defaultdict(list)
        self._ids: dict[tuple[str, str], str] = {}
        self._groups: dict[tuple[str, str, int], int] = defaultdict(lambda: -1)
        self._tallies: Counter[tuple[str, str, str]] = Counter()
        self._next = 0
        self._news = asyncio.Event()

    async def publish(
        self, records: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        check(records)
        if self.full or self._closed:
            raise CannotStore("bus ditutup" if self._closed else "bus penuh")
        for tally in tallies:
            self._tallies[tally.tenant, tally.channel, tally.what] += tally.n
        new = tuple(self._append(record) for record in records)
        self._news.set()
        return Published(new)

    def _append(self, record: Outgoing) -> bool:
        known = None
        if TOPICS[record.topic].compacted:
            log = self._log[record.topic, record.partition]
            log[:] = [r for r in log if r.key != record.key]
        else:
            known = self._ids.get((record.topic, record.event_id))
            self._ids.setdefault((record.topic, record.event_id), record.delivery)
        self._count(record, known)
        if known is not None:
            return False
        self._next += 1
        self._log[record.topic, record.partition].append(
            Stored(record.topic, record.partition, self._next, record.event_id, record.value,
                   record.key)
        )  # fmt: skip
        return True

    def _count(self, record: Outgoing, known: str | None) -> None:
        if record.counted is None or (known and known == record.delivery):
            return
        for what in ("received", "stored" if known is None else "redelivered"):
            self._tallies[(*record.counted, what)] += 1

    async def subscribe(
        self,
        group: str,
        topics: Sequence[str],
        positions: Positions | None = None,
        *,
        member: str = "",
    ) -> "MemoryConsumer":
        if positions is not None:
            for topic in topics:
                for part in range(TOPICS[topic].partitions):
                    self._groups[group, topic, part] = positions.get((topic, part), -1)
        return MemoryConsumer(self, group, tuple(topics))

    async def read(self, topic: str, after: Positions, limit: int) -> list[Stored]:
        found = [
            record
            for part in range(TOPICS[topic].partitions)
            for record in self._log[topic, part]
            if record.offset > after.get((topic, part), -1)
        ]
        return sorted(found, key=lambda r: r.offset)[:limit]

    async def latest(self, topic: str) -> Mapping[str, bytes]:
        return {r.key: r.value for r in await self.read(topic, {}, 1 << 30)}

    async def erase(self, topic: str, event_id: str, value: bytes) -> bool:
        raise NotImplementedError

    async def trim(self, topic: str, through: Positions) -> int:
        raise NotImplementedError

    async def status(self) -> Status:
        heads: Counter[str] = Counter()
        lags: Counter[tuple[str, str]] = Counter()
        for (topic, part), records in self._log.items():
            heads[topic] = max([heads[topic], *(r.offset for r in records)])
            for group, of_topic, of_part in list(self._groups):
                if (of_topic, of_part) == (topic, part):
                    done = self._groups[group, topic, part]
                    lags[group, topic] += sum(r.offset > done for r in records)
        return Status(dict(heads), dict(lags), dict(self._tallies))

    async def close(self) -> None:
        self._closed = True


class MemoryConsumer:
    """One group's reader; positions are compared and set, as in the embedded engine."""

    def __init__(self, bus: MemoryBus, group: str, topics: tuple[str, ...]) -> None:
        self._bus = bus
        self._group = group
        self._topics = topics
        self._at: Positions = {
            (topic, part): bus._groups[group, topic, part]
            for topic in topics
            for part in range(TOPICS[topic].partitions)
        }

    async def take(self, max_batch: int, linger: float) -> Batch:
        found = await self._found(max_batch)
        if not found:
            self._bus._news.clear()
            try:
                await asyncio.wait_for(self._bus._news.wait(), linger)
            except TimeoutError:
                return Batch()
            found = await self._found(max_batch)
        after = {(r.topic, r.partition): r.offset for r in found}
        return Batch(found, {key: self._at[key] for key in after}, after)

    async def _found(self, limit: int) -> list[Stored]:
        found: list[Stored] = []
        for topic in self._topics:
            found += await self._bus.read(topic, self._at, limit)
        return sorted(found, key=lambda r: r.offset)[:limit]

    async def commit(
        self, batch: Batch, outputs: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        if any(
            self._bus._groups[self._group, *key] != offset for key, offset in batch.before.items()
        ):
            raise Fenced(f"posisi grup {self._group} sudah dipindahkan proses lain")
        published = await self._bus.publish(outputs, tallies)
        for key, offset in batch.after.items():
            self._bus._groups[self._group, *key] = offset
            self._at[key] = offset
        return published

    async def close(self) -> None:
        return None
