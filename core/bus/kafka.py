"""The Kafka engine: durable when the brokers have acknowledged; event ids may be repeated.

Nothing on a broker knows an event id, so repeats are dropped elsewhere: what is taken in, by the
outbox in front (its UNIQUE index); what the normalizer sends twice, by dedup; what dedup writes,
by the owner of its register (core/bus/register.py).
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition  # type: ignore[import-untyped]

from core.bus import Outgoing, Positions, Published, Status, Stored, Tally, check
from core.bus.claims import Starts
from core.bus.kafka_admin import Group, groups
from core.bus.kafka_consumer import KafkaConsumer
from core.bus.kafka_reader import Reader, oldest
from core.bus.kafka_settings import KafkaSettings
from core.bus.kafka_topics import delete_before, ensure_topics
from core.bus.kafka_writer import Replacing, Writer
from core.bus.register import Erased
from core.errors import CannotStore
from core.topics import TOPICS

__all__ = ["KafkaBus", "KafkaSettings"]

_PAGE = 5000


class KafkaBus:
    """One process's handle on the cluster. The first call connects, and checks the topics."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._writer: Writer | None = None
        self._reader: Reader | None = None
        self._consumers: list[KafkaConsumer] = []
        self._checking = asyncio.Lock()
        self._checked = self._closed = False

    async def _ready(self) -> None:
        """Check the topics once. Raises ConfigError for unlike ones, CannotStore if away."""
        if self._closed:
            raise CannotStore("bus ditutup")
        async with self._checking:
            if not self._checked:
                await ensure_topics(self._settings)
                self._checked = True

    async def publish(
        self, records: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        """Send and wait for every acknowledgement; all are called new, for Kafka cannot know."""
        check(records)
        if tallies:
            raise ValueError("counts are kept by the outbox in front of Kafka")
        await self.send(records)
        return Published((True,) * len(records))

    async def send(self, records: Sequence[Outgoing]) -> list[int]:
        """Publish, and return the offsets."""
        await self._ready()
        self._writer = self._writer or Writer(self._settings)
        return await self._writer.send(records)

    async def subscribe(
        self,
        group: str,
        topics: Sequence[str],
        positions: Positions | None = None,
        starts: Starts | None = None,
        *,
        member: str = "",
    ) -> KafkaConsumer:
        """Join a group; with `positions` take every partition without one (a single reader).

        `starts` is asked at each assignment where to begin, instead of the broker. The cluster
        tells members apart by itself; `member` is what it shows them as.
        """
        await self._ready()
        consumer = KafkaConsumer(self._settings, group, topics, positions, starts, member)
        self._consumers.append(await consumer.open())
        return consumer

    async def read(self, topic: str, after: Positions, limit: int) -> list[Stored]:
        """Read each partition in order; partitions come one after the other, as they arrive."""
        await self._ready()
        return await self._open_reader().read(topic, after, limit)

    async def latest(self, topic: str) -> Mapping[str, bytes]:
        after: Positions = {}
        newest: dict[str, bytes] = {}
        while found := await self.read(topic, after, _PAGE):
            for record in found:
                newest[record.key] = record.value
                after[topic, record.partition] = record.offset
        return newest

    async def erase(self, topic: str, event_id: str, value: bytes) -> bool:
        """Write `value` under the record's own key; compaction takes the old bytes away later.

        Of the register all are erased that bear this id, those that do not stand too. Brokers
        cannot look an id up, so this reads the whole topic.
        """
        after: Positions = {}
        old: dict[tuple[int, str], Replacing] = {}
        while found := await self.read(topic, after, _PAGE):
            for r in found:
                after[topic, r.partition] = r.offset
                if r.event_id == event_id and not isinstance(r, Erased):
                    new = Replacing(topic, r.partition, event_id, value, r.key, sequence=r.offset)
                    old.setdefault((r.partition, r.key), new)
        await self.send(list(old.values()))
        return bool(old)

    async def trim(self, topic: str, through: Positions) -> int:
        """Drop records up to these offsets, but none that a group has not handled."""
        await self._ready()
        wanted = {key: at for key, at in through.items() if key[0] == topic}
        for group in (await groups(self._settings)).values():
            if any(name == topic for name, _ in group.done):
                wanted = {key: min(at, group.done.get(key, -1)) for key, at in wanted.items()}
        tps = {TopicPartition(self._settings.topic(t), p): at for (t, p), at in wanted.items()}
        begins, _ = await self._open_reader().bounds(list(tps))
        gone = {tp: at + 1 for tp, at in tps.items() if at >= begins[tp]}
        await delete_before(self._settings, gone)
        return sum(end - begins[tp] for tp, end in gone.items())

    async def status(self) -> Status:
        """Heads, lags and ages as the brokers tell them; `tallies` has what retention has taken."""
        await self._ready()
        reader = self._open_reader()
        begins, ends = await reader.bounds(reader.partitions(TOPICS))
        ends_of = {self._key(tp): end for tp, end in ends.items()}
        begin_of = {self._key(tp): begin for tp, begin in begins.items()}
        known = await groups(self._settings)
        waiting = {name: _waiting(group.done, begin_of, ends_of) for name, group in known.items()}
        return Status(
            heads=_heads(ends_of),
            lags=_lags(known, waiting, ends_of),
            tallies=self._gaps(),
            records=_sums(ends_of),
            oldest=await self._oldest(waiting),
            members={
                (name, member): parts
                for name, group in known.items()
                for member, parts in group.members.items()
            },
        )

    def _key(self, tp: Any) -> tuple[str, int]:
        return tp.topic.removeprefix(self._settings.prefix), tp.partition

    def _gaps(self) -> dict[tuple[str, str, str], int]:
        gaps: dict[tuple[str, str, str], int] = defaultdict(int)
        for consumer in self._consumers:
            for (topic, _), count in consumer.gaps.items():
                gaps["", topic, "retention_gap"] += count
        return dict(gaps)

    async def _oldest(self, waiting: Mapping[str, Positions]) -> dict[tuple[str, str], float]:
        wanted: Positions = {}
        for places in waiting.values():
            for key, offset in places.items():
                wanted[key] = min(offset, wanted.get(key, offset))
        stamps, now = await oldest(self._settings, wanted), time.time()
        found: dict[tuple[str, str], float] = {}
        for group, places in waiting.items():
            for key in places:
                age = max(now - stamps[key], 0.0)
                found[group, key[0]] = max(age, found.get((group, key[0]), 0.0))
        return found

    def _open_reader(self) -> Reader:
        self._reader = self._reader or Reader(self._settings)
        return self._reader

    async def close(self) -> None:
        """Leave every group, send what is queued and let go of the connections."""
        if self._closed:
            return
        self._closed = True
        for part in [*self._consumers, self._writer, self._reader]:
            if part is not None:
                await part.close()


def _waiting(done: Positions, begins: Positions, ends: Positions) -> Positions:
    """Return the first record that waits, per partition of the topics a group reads."""
    topics = {topic for topic, _ in done}
    first = {
        key: max(done.get(key, -1) + 1, begin) for key, begin in begins.items() if key[0] in topics
    }
    return {key: offset for key, offset in first.items() if offset < ends[key]}


def _heads(ends: Positions) -> dict[str, int]:
    heads: dict[str, int] = {}
    for (topic, _), end in ends.items():
        if end:
            heads[topic] = max(heads.get(topic, -1), end - 1)
    return heads


def _sums(ends: Positions) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for (topic, _), end in ends.items():
        sums[topic] += end
    return {topic: count for topic, count in sums.items() if count}


def _lags(
    known: Mapping[str, Group], waiting: Mapping[str, Positions], ends: Positions
) -> dict[tuple[str, str], int]:
    lags = {(name, topic): 0 for name, group in known.items() for topic, _ in group.done}
    for name, places in waiting.items():
        for key, offset in places.items():
            lags[name, key[0]] += ends[key] - offset
    return lags
