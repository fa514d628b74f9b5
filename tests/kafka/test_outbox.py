"""Intake lives through an outage of the brokers, and everything arrives once they are back."""

import asyncio
from pathlib import Path

import pytest

from core.bus import Bus, Outgoing
from core.bus.embedded import EmbeddedBus
from core.bus.kafka import KafkaBus, KafkaSettings
from core.bus.outbox import GROUP, OutboxBus
from core.errors import CannotStore
from core.ids import digest
from core.topics import MAX_RECORD_BYTES
from tests.kafka.broker import Broker
from tests.kafka.engine import need_kafka, settings

RAW, CURSORS = "raw", "cursors"
PATIENCE = 60.0


def event(n: int) -> Outgoing:
    return Outgoing(RAW, n % 12, digest("e", str(n)), f"isi {n}".encode(), counted=("kab", "sms"))


def outbox(folder: Path, told: KafkaSettings) -> OutboxBus:
    return OutboxBus(folder / "outbox.sqlite", KafkaBus(told))


async def stored(bus: Bus) -> list[bytes]:
    return [record.value for record in await bus.read(RAW, {}, 100_000)]


@pytest.mark.slow
def test_intake_goes_on_while_the_broker_is_killed_and_all_of_it_arrives(tmp_path: Path) -> None:
    need_kafka()
    broker = Broker(tmp_path / "broker").start()

    async def story() -> None:
        bus = outbox(tmp_path, KafkaSettings(broker.bootstrap, send_seconds=5.0))
        await bus.publish([event(n) for n in range(100)])
        await bus.drain()
        broker.kill()
        for n in range(100, 400):
            published = await bus.publish([event(n), event(n - 50)])
            assert published.new == (True, False)
        status = await bus.status()
        assert status.lags[GROUP, RAW] == 300
        assert status.tallies["kab", "sms", "redelivered"] == 300
        with pytest.raises(CannotStore):
            await bus.read(RAW, {}, 1)
        await asyncio.to_thread(broker.start)
        async with asyncio.timeout(PATIENCE):
            await bus.drain()
        found = await bus.read(RAW, {}, 100_000)
        # What was sent when the broker died may be there twice; a reader knows it by its id.
        once = {record.event_id: record.value for record in found}
        assert sorted(once.values()) == sorted(event(n).value for n in range(400))
        await bus.close()

    try:
        asyncio.run(story())
    finally:
        broker.kill()


def test_what_was_not_shipped_is_shipped_by_whoever_opens_the_outbox_next(tmp_path: Path) -> None:
    async def story() -> None:
        away = outbox(tmp_path, KafkaSettings("127.0.0.1:1", send_seconds=0.2))
        await away.publish([event(n) for n in range(50)])
        await away.close()
        back = outbox(tmp_path, settings(tmp_path))
        await back.publish([event(50)])
        await back.drain()
        assert len(await stored(back)) == 51
        await back.close()

    asyncio.run(story())


def test_of_two_processes_with_one_outbox_one_ships_and_then_the_other(tmp_path: Path) -> None:
    async def story() -> None:
        one, two = (outbox(tmp_path, settings(tmp_path)) for _ in range(2))
        await one.publish([event(n) for n in range(20)])
        await two.publish([event(n) for n in range(10, 40)])
        await two.drain()
        await one.close()
        await two.publish([event(40)])
        await two.drain()
        assert sorted(await stored(two)) == sorted(event(n).value for n in range(41))
        await two.close()

    asyncio.run(story())


def test_payloads_leave_the_outbox_once_the_broker_has_them_and_ids_stay(tmp_path: Path) -> None:
    async def story() -> None:
        bus = outbox(tmp_path, settings(tmp_path))
        await bus.publish([event(n) for n in range(30)])
        local = EmbeddedBus(tmp_path / "outbox.sqlite")
        async with asyncio.timeout(PATIENCE):
            while await local.read(RAW, {}, 1):
                await asyncio.sleep(0.02)
        await local.close()
        assert len(await stored(bus)) == 30
        assert (await bus.publish([event(7)])).new == (False,)
        await bus.close()

    asyncio.run(story())


def test_the_newest_cursor_is_the_one_still_on_its_way(tmp_path: Path) -> None:
    async def story() -> None:
        def cursor(n: int) -> Outgoing:
            return Outgoing(CURSORS, 3, digest("c", str(n)), f"{n}".encode(), "kab/yt")

        bus = outbox(tmp_path, settings(tmp_path))
        await bus.publish([cursor(1)])
        await bus.drain()
        waiting = asyncio.ensure_future(bus.publish([cursor(2)]))
        await waiting
        assert await bus.latest(CURSORS) == {"kab/yt": b"2"}
        await bus.drain()
        assert await bus.latest(CURSORS) == {"kab/yt": b"2"}
        await bus.close()

    asyncio.run(story())


def test_what_no_broker_would_take_is_not_accepted(tmp_path: Path) -> None:
    async def story() -> None:
        bus = outbox(tmp_path, settings(tmp_path))
        big = Outgoing(RAW, 0, digest("big"), b"x" * MAX_RECORD_BYTES)
        with pytest.raises(CannotStore):
            await bus.publish([big])
        largest = Outgoing(RAW, 0, digest("large"), bytes(7_000_000))
        await bus.publish([largest, event(1)])
        await bus.drain()
        assert sorted(map(len, await stored(bus))) == [5, 7_000_000]
        await bus.close()

    asyncio.run(story())
