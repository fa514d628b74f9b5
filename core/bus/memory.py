"""The in-memory bus that ships for tests: the same contract, no disk, no leases."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.bus import (
    NONE,
    Batch,
    Outgoing,
    Positions,
    Published,
    Status,
    Stored,
    Tally,
    check,
    share,
)
from core.errors import CannotStore, Fenced
from core.topics import TOPICS


class MemoryBus:
    """A bus in a dictionary. `full = True` makes every write raise CannotStore."""

    def __init__(self) -> None:
        self.full = False
        self._closed = False
        self._log: dict[tuple[str, int], list[Stored]] = defaultdict(list)
        self._ids: dict[tuple[str, str], str] = {}
        self._stored: Counter[str] = Counter()
        self._tallies: Counter[tuple[str, str, str]] = Counter()
        self._next = 0
        self._positions: dict[tuple[str, str, int], int] = defaultdict(lambda: -1)
        self._members: dict[str, dict[str, MemoryConsumer]] = defaultdict(dict)
        self._owners: dict[tuple[str, int], MemoryConsumer] = {}
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
        self._wake()
        return Published(new)

    def _wake(self) -> None:
        """Wake up every take that waits."""
        self._news.set()
        self._news = asyncio.Event()

    def _append(self, record: Outgoing) -> bool:
        known = None
        log = self._log[record.topic, record.partition]
        if TOPICS[record.topic].compacted:
            log[:] = [r for r in log if r.key != record.key]
        else:
            known = self._ids.get((record.topic, record.event_id))
            self._ids.setdefault((record.topic, record.event_id), record.delivery)
        self._count(record, known)
        if known is not None:
            return False
        self._next += 1
        self._stored[record.topic] += 1
        log.append(
            Stored(
                record.topic, record.partition, self._next, record.event_id, record.value,
                record.key,
            )
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
        if self._closed:
            raise CannotStore("bus ditutup")
        for topic in topics:
            for part in range(TOPICS[topic].partitions):
                # Named even at the beginning: a lag is that of a group that is known.
                self._positions[group, topic, part] += 0
                if positions is not None:
                    self._positions[group, topic, part] = positions.get((topic, part), -1)
        consumer = MemoryConsumer(self, group, tuple(topics), member)
        older = self._members[group].pop(member, None)
        self._members[group][member] = consumer
        if older is not None:
            self._release(older)
        self._wake()
        return consumer

    def _release(self, consumer: "MemoryConsumer") -> None:
        for key in [key for key, owner in self._owners.items() if owner is consumer]:
            del self._owners[key]
        self._wake()

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
        for part in range(TOPICS[topic].partitions):
            log = self._log[topic, part]
            for n, record in enumerate(log):
                if record.event_id == event_id:
                    log[n] = replace(record, value=value)
                    return True
        return False

    async def trim(self, topic: str, through: Positions) -> int:
        count = 0
        for (of_topic, part), upto in through.items():
            handled = [
                at for (_, t, p), at in self._positions.items() if (t, p) == (of_topic, part)
            ]
            end = min([upto, *handled])
            log = self._log[of_topic, part] if of_topic == topic else []
            kept = [record for record in log if record.offset > end]
            count += len(log) - len(kept)
            log[:] = kept
        return count

    async def status(self) -> Status:
        heads = {
            topic: max(r.offset for r in log)
            for topic in TOPICS
            if (
                log := [
                    r for part in range(TOPICS[topic].partitions) for r in self._log[topic, part]
                ]
            )
        }
        lags: Counter[tuple[str, str]] = Counter()
        for (group, topic, part), done in list(self._positions.items()):
            lags[group, topic] += sum(r.offset > done for r in self._log[topic, part])
        members = {
            (group, name): tuple(sorted(consumer.owned))
            for group, named in self._members.items()
            for name, consumer in named.items()
        }
        return Status(heads, dict(lags), dict(self._tallies), dict(self._stored), {}, members)

    async def close(self) -> None:
        self._closed = True


class MemoryConsumer:
    """One member of a group; positions are compared and set, as in the embedded engine."""

    def __init__(self, bus: MemoryBus, group: str, topics: tuple[str, ...], name: str) -> None:
        self._bus = bus
        self._group = group
        self._topics = topics
        self._name = name
        self._numbers = max(TOPICS[topic].partitions for topic in topics)
        self._in_doubt = False
        self._gained = self._lost = NONE
        self.owned: frozenset[int] = NONE

    async def take(self, max_batch: int, linger: float) -> Batch:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + linger
        while True:
            news = self._bus._news
            self._settle()
            found = await self._found(max_batch)
            if found:
                return self._batch(found)
            try:
                await asyncio.wait_for(news.wait(), max(deadline - loop.time(), 0))
            except TimeoutError:
                return self._batch([])

    async def _found(self, limit: int) -> list[Stored]:
        found: list[Stored] = []
        at = self._at()
        for topic in self._topics:
            found += [
                r for r in await self._bus.read(topic, at, 1 << 30) if r.partition in self.owned
            ]
        return sorted(found, key=lambda r: r.offset)[:limit]

    def _batch(self, found: list[Stored]) -> Batch:
        at = self._at()
        after = {(r.topic, r.partition): r.offset for r in found}
        gained, lost = self._gained, self._lost
        self._gained = self._lost = NONE
        return Batch(found, {key: at[key] for key in after}, after, gained, lost)

    def _settle(self) -> None:
        """Let go of what others are to have, take what is ours and free; note what changed."""
        members = self._bus._members[self._group]
        if members.get(self._name) is not self:
            raise Fenced(f"anggota {self._name!r} grup {self._group} sudah digantikan")
        before, owners = self.owned, self._bus._owners
        for part, name in share(list(members), self._numbers).items():
            key = (self._group, part)
            if name == self._name:
                owners.setdefault(key, self)
            elif owners.get(key) is self:
                del owners[key]
                self._bus._wake()
        self.owned = frozenset(p for (g, p), owner in owners.items()
                               if g == self._group and owner is self)  # fmt: skip
        doubted = before if self._in_doubt else NONE
        self._in_doubt = False
        lost = (before - self.owned) | doubted
        self._gained = (self._gained - lost) | (self.owned - before) | (doubted & self.owned)
        self._lost |= lost

    def _at(self) -> Positions:
        return {
            (topic, part): self._bus._positions[self._group, topic, part]
            for topic in self._topics
            for part in range(TOPICS[topic].partitions)
        }

    async def commit(
        self, batch: Batch, outputs: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        self._in_doubt = True
        for (topic, part), offset in batch.before.items():
            if self._bus._owners.get((self._group, part)) is not self:
                raise Fenced(f"partisi {part} grup {self._group} sudah dipegang anggota lain")
            if self._bus._positions[self._group, topic, part] != offset:
                raise Fenced(f"posisi grup {self._group} sudah dipindahkan proses lain")
        published = await self._bus.publish(outputs, tallies)
        for (topic, part), offset in batch.after.items():
            self._bus._positions[self._group, topic, part] = offset
        self._in_doubt = False
        return published

    async def close(self) -> None:
        members = self._bus._members[self._group]
        if members.get(self._name) is self:
            del members[self._name]
        self._bus._release(self)
