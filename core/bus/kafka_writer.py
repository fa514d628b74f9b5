"""The producing side of Kafka: idempotent, acks=all, every send awaited, rebuilt on any error."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.codec import has_zstd  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from core.backoff import backoff
from core.bus import Outgoing
from core.bus.kafka_settings import KafkaSettings
from core.errors import CannotStore
from core.log import get_logger
from core.topics import MAX_RECORD_BYTES, TOPICS

# zstd needs cramjam; without it gzip does, which costs the loop four times the time.
PRODUCING: dict[str, Any] = {
    "enable_idempotence": True,
    "acks": "all",
    "linger_ms": 5,
    "max_batch_size": 131_072,
    "max_request_size": MAX_RECORD_BYTES,
    "compression_type": "zstd" if has_zstd() else "gzip",
}
# What Kafka adds to key, value and headers, generously.
_OVERHEAD = 200
_EVENT_ID, SEQUENCE = "event_id", "sequence"

Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Replacing(Outgoing):
    """What takes the place of the record that was at `sequence`: the same key, other bytes."""

    sequence: int = -1


def encode(record: Outgoing) -> tuple[bytes, Headers]:
    """Return a record's Kafka key, unique unless its topic is compacted by our own key."""
    if isinstance(record, Replacing):
        plain = Outgoing(record.topic, record.partition, record.event_id, b"", record.key)
        key, headers = encode(plain)
        return key, [*headers, (SEQUENCE, str(record.sequence).encode())]
    if TOPICS[record.topic].compacted:
        return record.key.encode(), [(_EVENT_ID, record.event_id.encode())]
    if record.key:
        named = f"{record.event_id}/{record.key}"
        return named.encode(), [(_EVENT_ID, record.event_id.encode())]
    return record.event_id.encode(), []


def decode(topic: str, key: bytes | None, headers: Sequence[tuple[str, bytes]]) -> tuple[str, str]:
    """Return (event id, key) of a record; one that is not ours gives what text its bytes hold."""
    text = (key or b"").decode(errors="replace")
    event_id = next((v.decode(errors="replace") for k, v in headers if k == _EVENT_ID), text)
    if TOPICS[topic].compacted:
        return event_id, text
    return event_id, text.removeprefix(event_id).removeprefix("/")


class Writer:
    """One process's producer. Its records may be repeated by a resend, never lost or reordered."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._producer: Any = None
        self._opening = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()

    async def send(self, records: Sequence[Outgoing], *, once: bool = False) -> list[int]:
        """Return each record's offset (-1 where the broker no longer knows it).

        Raises CannotStore when it did not succeed in time; what became of the records is then
        unknown. With `once` nothing is sent a second time, so no record can be there twice.
        """
        _check_sizes(records)
        if not records:
            return []
        deadline = asyncio.get_running_loop().time() + self._settings.send_seconds
        attempt = 0
        while True:
            try:
                offsets = await self._send_once(records, deadline)
            except Exception as error:
                attempt += 1
                pause = backoff(0.2, attempt, 2.0)
                if once or asyncio.get_running_loop().time() + pause > deadline:
                    raise CannotStore(f"Kafka tidak menyimpan: {type(error).__name__}") from error
                get_logger().warning(
                    "producer_rebuilt", attempt=attempt, error=type(error).__name__
                )
                await asyncio.sleep(pause)
            else:
                return offsets

    async def _send_once(self, records: Sequence[Outgoing], deadline: float) -> list[int]:
        async with asyncio.timeout_at(deadline):
            producer = await self._open()
        try:
            async with asyncio.timeout_at(deadline):
                futures = [await self._queue(producer, record) for record in records]
                # Shielded: cancelling a send does not take its record back.
                answers = await asyncio.shield(asyncio.gather(*futures, return_exceptions=True))
            return [_offset(answer) for answer in answers]
        except Exception:
            self._discard(producer)
            raise

    async def _queue(self, producer: Any, record: Outgoing) -> "asyncio.Future[Any]":
        key, headers = encode(record)
        future: asyncio.Future[Any] = await producer.send(
            self._settings.topic(record.topic), record.value, key, record.partition, headers=headers
        )
        future.add_done_callback(_retrieve)
        return future

    async def _open(self) -> Any:
        async with self._opening:
            if self._producer is None:
                producer = AIOKafkaProducer(**self._settings.connection(), **PRODUCING)
                try:
                    await producer.start()
                except BaseException:
                    self._discard(producer)
                    raise
                self._producer = producer
            return self._producer

    def _discard(self, producer: Any) -> None:
        """Drop a producer that failed: its sequence numbers can no longer be trusted."""
        if self._producer is producer:
            self._producer = None
        task = asyncio.get_running_loop().create_task(_end(producer))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Send what is queued and let go of the connections."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _end(producer, flush=True)
        if self._leaving:
            await asyncio.wait(self._leaving)


async def _end(producer: Any, *, flush: bool = False) -> None:
    """Stop a producer for good; its own stop() waits for ever when the broker is away."""
    try:
        if flush:
            async with asyncio.timeout(2.0):
                await producer.flush()
    except TimeoutError:
        pass
    # Nothing public fails what is queued: without it a dropped batch would be sent later after all.
    producer._message_accumulator.fail_all(KafkaError("producer discarded"))
    await producer.client.close()
    try:
        async with asyncio.timeout(10.0):
            await producer.stop()
    except (TimeoutError, KafkaError, OSError) as error:
        get_logger().warning("producer_left", error=type(error).__name__)


def _offset(answer: Any) -> int:
    if isinstance(answer, BaseException):
        raise answer
    return int(answer.offset)


def _retrieve(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled():
        future.exception()


def _check_sizes(records: Sequence[Outgoing]) -> None:
    for record in records:
        size = len(record.value) + 2 * len(record.event_id) + len(record.key) + _OVERHEAD
        if size > MAX_RECORD_BYTES:
            raise CannotStore(
                f"rekaman {size} byte untuk topik {record.topic} melebihi batas Kafka "
                f"({MAX_RECORD_BYTES} byte)"
            )
