"""Reading a Kafka topic outside any group: from given positions up to where it ends now."""

import asyncio
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]

from core.bus import Positions, Stored
from core.bus.kafka_settings import KafkaSettings
from core.bus.kafka_writer import SEQUENCE, decode
from core.bus.register import Erased
from core.errors import CannotStore
from core.topics import MAX_RECORD_BYTES, TOPICS

# What every consuming client is told; ours decode bytes themselves, a deserializer loses records.
CONSUMING: dict[str, Any] = {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "isolation_level": "read_committed",
    "check_crcs": True,
    "max_poll_records": 5000,
    "fetch_max_bytes": 16 * 1024 * 1024,
    # Room for one record of any size; whatever is larger than a fetch would be skipped.
    "max_partition_fetch_bytes": MAX_RECORD_BYTES + 1_000_000,
}


def stored(prefix: str, record: Any) -> Stored:
    """Turn a client's record into ours."""
    topic = record.topic.removeprefix(prefix)
    event_id, key = decode(topic, record.key, record.headers)
    plain = (topic, record.partition, record.offset, event_id, record.value, key)
    for name, value in record.headers:
        if name == SEQUENCE:
            return Erased(*plain, sequence=int(value))
    return Stored(*plain)


class Reader:
    """One groupless client, used by one caller at a time."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._consumer: Any = None
        self._turn = asyncio.Lock()
        # Where the client stands in each partition it is assigned.
        self._next: dict[Any, int] = {}

    def partitions(self, topics: Iterable[str]) -> list[Any]:
        """Return every partition of some topics."""
        return [
            TopicPartition(self._settings.topic(name), part)
            for name in topics
            for part in range(TOPICS[name].partitions)
        ]

    async def read(self, topic: str, after: Positions, limit: int) -> list[Stored]:
        """Return up to `limit` records beyond `after`; none says there are none now."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._settings.send_seconds):
                    return await self._read(topic, after, limit)
            except Exception as error:
                await self._drop()
                raise CannotStore(f"Kafka tidak terbaca: {type(error).__name__}") from error
            except BaseException:
                await self._drop()
                raise

    async def bounds(self, partitions: list[Any]) -> tuple[dict[Any, int], dict[Any, int]]:
        """Return the first offset kept and the next one to be given out, per partition."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._settings.send_seconds):
                    consumer = await self._open()
                    return (
                        await consumer.beginning_offsets(partitions),
                        await consumer.end_offsets(partitions),
                    )
            except Exception as error:
                await self._drop()
                raise CannotStore(f"Kafka tidak terbaca: {type(error).__name__}") from error

    async def _read(self, topic: str, after: Positions, limit: int) -> list[Stored]:
        consumer = await self._open()
        parts = self.partitions([topic])
        begins, ends = await consumer.beginning_offsets(parts), await consumer.end_offsets(parts)
        wanted = {tp: max(after.get((topic, tp.partition), -1) + 1, begins[tp]) for tp in parts}
        behind = {tp for tp in parts if wanted[tp] < ends[tp]}
        if not behind:
            return []
        self._place(consumer, {tp: wanted[tp] for tp in behind})
        found: list[Stored] = []
        while behind and len(found) < limit:
            taken = await consumer.getmany(*behind, timeout_ms=200, max_records=limit - len(found))
            found += [
                stored(self._settings.prefix, record)
                for tp, records in taken.items()
                for record in records
                if record.value is not None
            ]
            for tp in behind:
                self._next[tp] = await consumer.position(tp)
            behind = {tp for tp in behind if self._next[tp] < ends[tp]}
        return found

    def _place(self, consumer: Any, wanted: dict[Any, int]) -> None:
        """Assign exactly these partitions; a seek throws prefetched records away, so few of them.

        One that is assigned and not read would hold up the others with what it has prefetched.
        """
        if wanted.keys() != self._next.keys():
            consumer.assign(list(wanted))
            self._next = {}
        for tp, offset in wanted.items():
            if self._next.get(tp) != offset:
                consumer.seek(tp, offset)
                self._next[tp] = offset

    async def _open(self) -> Any:
        if self._consumer is None:
            # It reads only what is there: a long wait would only hold up the next seek.
            consumer = AIOKafkaConsumer(
                **self._settings.connection(), **CONSUMING, fetch_max_wait_ms=50
            )
            try:
                await consumer.start()
            except BaseException:
                await consumer.stop()
                raise
            self._consumer = consumer
        return self._consumer

    async def _drop(self) -> None:
        consumer, self._consumer, self._next = self._consumer, None, {}
        if consumer is not None:
            await consumer.stop()

    async def close(self) -> None:
        """Let go of the connection."""
        async with self._turn:
            await self._drop()


async def oldest(settings: KafkaSettings, wanted: Positions) -> dict[tuple[str, int], float]:
    """Return when (unix seconds) the record at each position was stored, fetching little else."""
    if not wanted:
        return {}
    at = {
        TopicPartition(settings.topic(topic), part): offset
        for (topic, part), offset in wanted.items()
    }
    told = CONSUMING | {"max_partition_fetch_bytes": 1, "fetch_max_bytes": 1}
    consumer = AIOKafkaConsumer(**settings.connection(), **told, fetch_max_wait_ms=50)
    try:
        async with asyncio.timeout(settings.send_seconds):
            await consumer.start()
            return await _first(settings.prefix, consumer, at)
    except Exception as error:
        raise CannotStore(f"Kafka tidak terbaca: {type(error).__name__}") from error
    finally:
        await consumer.stop()


async def _first(prefix: str, consumer: Any, at: dict[Any, int]) -> dict[tuple[str, int], float]:
    consumer.assign(list(at))
    for tp, offset in at.items():
        consumer.seek(tp, offset)
    found: dict[tuple[str, int], float] = {}
    while at:
        for tp, records in (await consumer.getmany(*at, timeout_ms=200)).items():
            found[tp.topic.removeprefix(prefix), tp.partition] = records[0].timestamp / 1000
            consumer.pause(tp)
            del at[tp]
    return found
