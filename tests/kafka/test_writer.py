"""What the producer does when a real broker refuses, hangs or answers late: never a silent loss."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka.admin.config_resource import (  # type: ignore[import-untyped]
    ConfigResource,
    ConfigResourceType,
)

from core.bus import Outgoing
from core.bus.kafka import KafkaBus
from core.bus.kafka_admin import admin
from core.bus.kafka_settings import KafkaSettings
from core.bus.kafka_topics import configs
from core.bus.kafka_writer import Writer
from core.errors import CannotStore
from core.ids import digest
from core.topics import MAX_RECORD_BYTES
from tests.kafka.engine import broker, settings

RAW = "raw"


def event(n: int, size: int = 10, partition: int = 0) -> Outgoing:
    # Bytes that do not shrink, so that a broker sees the size.
    value = b"".join(bytes.fromhex(digest(str(n), str(k))) for k in range(size // 16 + 1))
    return Outgoing(RAW, partition, digest("e", str(n)), value[:size])


PROBE = event(-1, 5000)


@asynccontextmanager
async def writing(folder: Path, **more: object) -> AsyncIterator[tuple[KafkaBus, Writer]]:
    told = settings(folder, **more)
    bus, writer = KafkaBus(told), Writer(told)
    try:
        await bus.read(RAW, {}, 1)  # makes the topics
        yield bus, writer
    finally:
        await writer.close()
        await bus.close()


async def limit(told: KafkaSettings, size: int) -> None:
    async with admin(told) as client:
        kept = configs(RAW, 1) | {"max.message.bytes": str(size)}
        topic = ConfigResource(ConfigResourceType.TOPIC, told.topic(RAW), kept)
        await client.alter_configs([topic])
    # The controller has answered; the broker follows when it has read the change.
    async with asyncio.timeout(60):
        while await _takes(told, PROBE) is (size < len(PROBE.value)):
            await asyncio.sleep(0.05)


async def _takes(told: KafkaSettings, record: Outgoing) -> bool:
    writer = Writer(told)
    try:
        await writer.send([record], once=True)
    except CannotStore:
        return False
    finally:
        await writer.close()
    return True


async def found(bus: KafkaBus) -> list[str]:
    ids = [record.event_id for record in await bus.read(RAW, {}, 10_000)]
    return [event_id for event_id in ids if event_id != PROBE.event_id]


def test_what_the_broker_refuses_is_refused_and_the_next_goes_through(tmp_path: Path) -> None:
    async def story() -> None:
        async with writing(tmp_path, send_seconds=3.0) as (bus, writer):
            await limit(settings(tmp_path), 1000)
            with pytest.raises(CannotStore):
                await writer.send([event(1, 5000), event(2, partition=1)])
            assert event(1).event_id not in await found(bus)
            await limit(settings(tmp_path), MAX_RECORD_BYTES)
            assert len(await writer.send([event(1, 5000), event(3)])) == 2
            # The neighbour may be there twice; nobody was told that it is there.
            assert set(await found(bus)) == {event(n).event_id for n in (1, 2, 3)}

    asyncio.run(story())


def test_what_is_sent_once_is_not_tried_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with writing(tmp_path, send_seconds=15.0) as (bus, writer):
            await limit(settings(tmp_path), 1000)
            began = time.monotonic()
            with pytest.raises(CannotStore):
                await writer.send([event(1, 5000), event(2, partition=1)], once=True)
            assert time.monotonic() - began < 10
            assert (await found(bus)).count(event(2).event_id) <= 1

    asyncio.run(story())


def test_a_broker_that_hangs_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    async def story() -> None:
        async with writing(tmp_path, send_seconds=2.0) as (bus, writer):
            await writer.send([event(0)])
            broker().pause()
            try:
                waiting = [writer.send([event(n, partition=n)]) for n in range(1, 6)]
                results = await asyncio.gather(*waiting, return_exceptions=True)
            finally:
                broker().resume()
            assert [type(result) for result in results] == [CannotStore] * 5
            # What became of them is unknown; the same again is always right.
            await asyncio.gather(*(writer.send([event(n, partition=n)]) for n in range(1, 6)))
            assert set(await found(bus)) == {event(n).event_id for n in range(6)}

    asyncio.run(story())


def test_many_senders_get_their_own_offsets(tmp_path: Path) -> None:
    async def story() -> None:
        async with writing(tmp_path) as (bus, writer):
            offsets = await asyncio.gather(*(writer.send([event(n)]) for n in range(200)))
            by_offset = {offset: n for n, [offset] in enumerate(offsets)}
            assert sorted(by_offset) == list(range(200))
            for record in await bus.read(RAW, {}, 1000):
                assert record.event_id == event(by_offset[record.offset]).event_id

    asyncio.run(story())


def test_a_record_beyond_every_limit_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    async def story() -> None:
        async with writing(tmp_path) as (bus, writer):
            with pytest.raises(CannotStore, match="melebihi batas"):
                await writer.send([event(1), Outgoing(RAW, 0, "ab", bytes(MAX_RECORD_BYTES))])
            assert not await found(bus)

    asyncio.run(story())
