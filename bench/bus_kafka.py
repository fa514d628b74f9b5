"""Contenders of bench/bus.py that need a broker: the Kafka engine, and the outbox in front of it.

Their yardstick is aiokafka without Kanal: the same client with the same settings, given the same
records (for the outbox: read from the same table).
"""

import asyncio
import atexit
import functools
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.bus import (
    PARTITIONS,
    TOPIC,
    VALUE,
    Cell,
    Contender,
    Measure,
    Turn,
    batches,
    event_id,
    publish,
)
from core.bus.embedded import EmbeddedBus
from core.bus.kafka import KafkaBus, KafkaSettings
from core.bus.kafka_topics import ensure_topics
from core.bus.kafka_writer import PRODUCING
from core.bus.outbox import OutboxBus
from tests.kafka.broker import Broker

_RELAYED = 500


@functools.cache
def _settings(folder: Path) -> KafkaSettings:
    """Start one broker for all contenders of a run."""
    broker = Broker(folder / "broker").start()
    atexit.register(broker.kill)
    return KafkaSettings(broker.bootstrap, send_seconds=60.0)


@contextmanager
def kafka(folder: Path, _rows: int) -> Iterator[Measure]:
    """The Kafka engine: every publish waits for its own acknowledgements."""
    with asyncio.Runner() as runner:
        bus = KafkaBus(_settings(folder.parent))
        yield lambda cell, seconds: runner.run(publish(bus, cell, seconds))
        runner.run(bus.close())


@contextmanager
def aiokafka(folder: Path, _rows: int) -> Iterator[Measure]:
    """The bare client: send what would be together, wait for all of it."""
    with asyncio.Runner() as runner:
        producer = runner.run(_producer(_settings(folder.parent)))
        yield lambda cell, seconds: runner.run(_send(producer, cell, seconds))
        runner.run(producer.stop())


async def _producer(told: KafkaSettings) -> Any:
    await ensure_topics(told)
    producer = AIOKafkaProducer(**told.connection(), **PRODUCING)
    await producer.start()
    return producer


async def _send(producer: Any, cell: Cell, seconds: float) -> Turn:
    turn = Turn(0.0, 0)
    while turn.seconds < seconds:
        rows = [(n % PARTITIONS, event_id().encode()) for n in range(cell.together)]
        asked = time.perf_counter()
        sent = [await producer.send(TOPIC, VALUE, key, part) for part, key in rows]
        await asyncio.gather(*sent)
        turn.acks.append(time.perf_counter() - asked)
        turn.seconds += turn.acks[-1]
        turn.records += len(rows)
    return turn


@contextmanager
def outbox(folder: Path, _rows: int) -> Iterator[Measure]:
    """The outbox, until the broker has everything: stored locally, shipped, marked, cleared."""
    with asyncio.Runner() as runner:
        bus = OutboxBus(folder / "outbox.sqlite", KafkaBus(_settings(folder.parent)))

        async def through(cell: Cell, seconds: float) -> Turn:
            started = time.perf_counter()
            turn = await publish(bus, cell, seconds)
            await bus.drain()
            turn.seconds = time.perf_counter() - started
            return turn

        yield lambda cell, seconds: runner.run(through(cell, seconds))
        runner.run(bus.close())


@contextmanager
def from_table(folder: Path, _rows: int) -> Iterator[Measure]:
    """The bare client fed from the same table, filled before the clock starts."""
    with asyncio.Runner() as runner:
        bus = EmbeddedBus(folder / "log.sqlite")
        runner.run(_fill(bus))
        runner.run(bus.close())
        producer = runner.run(_producer(_settings(folder.parent)))
        db = apsw.Connection(str(folder / "log.sqlite"), flags=apsw.SQLITE_OPEN_READONLY)
        yield lambda _cell, seconds: runner.run(_relay(db, producer, seconds))
        db.close()
        runner.run(producer.stop())


async def _fill(bus: EmbeddedBus) -> None:
    for records in batches(50, 1000):
        await bus.publish(records)


async def _relay(db: apsw.Connection, producer: Any, seconds: float) -> Turn:
    turn, seq = Turn(0.0, 0), 0
    while turn.seconds < seconds:
        asked = time.perf_counter()
        sql = "SELECT seq, part, event_id, value FROM log WHERE seq > ? ORDER BY seq LIMIT ?"
        rows: list[Any] = db.execute(sql, (seq, _RELAYED)).fetchall()
        sent = [await producer.send(TOPIC, row[3], row[2].hex().encode(), row[1]) for row in rows]
        await asyncio.gather(*sent)
        seq = rows[-1][0] if len(rows) == _RELAYED else 0
        turn.acks.append(time.perf_counter() - asked)
        turn.seconds += turn.acks[-1]
        turn.records += len(rows)
    return turn


CONTENDERS: dict[str, tuple[Contender, Contender]] = {
    "kafka": (kafka, aiokafka),
    "outbox": (outbox, from_table),
}
