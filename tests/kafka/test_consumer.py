"""What only Kafka has: handing over, a gap left by retention, a client that hangs, erasing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.bus import Batch, Outgoing, Positions
from core.bus.kafka import KafkaBus
from core.bus.kafka_consumer import KafkaConsumer
from core.bus.kafka_watch import Stalled, Watch
from core.bus.register import Erased
from core.errors import Fenced
from core.ids import digest
from tests.kafka.engine import settings

RAW = "raw"
PATIENCE = 20.0


def event(n: int, partition: int = 0, value: bytes = b"") -> Outgoing:
    return Outgoing(RAW, partition, digest("e", str(n)), value or f"isi {n}".encode())


@asynccontextmanager
async def opened(folder: Path, **more: object) -> AsyncIterator[KafkaBus]:
    bus = KafkaBus(settings(folder, **more))
    try:
        yield bus
    finally:
        await bus.close()


async def records(consumer: KafkaConsumer) -> Batch:
    async with asyncio.timeout(PATIENCE):
        while not (batch := await consumer.take(100, 1.0)).records:
            pass
    return batch


def test_the_batch_in_hand_is_committed_before_its_partitions_move(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as bus:
            await bus.publish([event(n, n % 12) for n in range(24)])
            one = await bus.subscribe("g", [RAW])
            held = await records(one)
            joining = asyncio.ensure_future(bus.subscribe("g", [RAW]))
            async with asyncio.timeout(PATIENCE):
                while not one._moving:
                    await asyncio.sleep(0.01)
            assert not joining.done()  # it waits for what is in our hands
            await one.commit(held, [])
            two = await joining
            found, gained = list(held.records), list[int]()
            async with asyncio.timeout(PATIENCE):
                while len(found) < 24 or len(gained) < 2:
                    for consumer in (one, two):
                        batch = await consumer.take(100, 0.2)
                        gained += [len(batch.gained)] if batch.gained else []
                        if batch.records:
                            await consumer.commit(batch, [])
                            found += batch.records
            assert gained == [6, 6]
            # Handled by one or the other, and by none of them again.
            assert sorted(r.event_id for r in found) == sorted(event(n).event_id for n in range(24))

    asyncio.run(story())


def test_a_batch_whose_partitions_have_moved_is_fenced_and_sends_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as bus:
            await bus.publish([event(1)])
            one = await bus.subscribe("g", [RAW])
            held = await records(one)
            one.assigned()  # as after a rebalance that did not wait for us
            with pytest.raises(Fenced):
                await one.commit(held, [Outgoing("normalized", 0, "ab", b"x")])
            assert not await bus.read("normalized", {}, 10)
            again = await records(one)
            assert [r.offset for r in again.records] == [r.offset for r in held.records]
            assert again.lost == again.gained  # what was known of them may be stale

    asyncio.run(story())


def test_records_lost_by_retention_are_counted_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        async with opened(tmp_path) as bus:
            await bus.publish([event(n) for n in range(10)])
            early: Positions = {(RAW, 0): 2}
            assert await bus.trim(RAW, {(RAW, 0): 6}) == 7
            reader = await bus.subscribe("sink", [RAW], early)
            assert [r.offset for r in (await records(reader)).records] == [7, 8, 9]
            assert reader.gaps == {(RAW, 0): 4}
            assert (await bus.status()).tallies == {("", RAW, "retention_gap"): 4}
            whole = await bus.subscribe("sink2", [RAW], {})
            assert (await records(whole)).records[0].offset == 7
            assert not whole.gaps  # it never stood before the gap

    asyncio.run(story())
    assert "retention_gap_found" in capsys.readouterr().err


def test_nothing_is_trimmed_that_a_group_has_not_handled(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as bus:
            await bus.publish([event(n) for n in range(10)])
            slow = await bus.subscribe("slow", [RAW])
            batch = await slow.take(4, PATIENCE)
            await slow.commit(batch, [])
            assert await bus.trim(RAW, {(RAW, 0): 9, (RAW, 1): 5}) == len(batch.records)
            assert (await bus.read(RAW, {}, 10))[0].offset == len(batch.records)

    asyncio.run(story())


def test_an_erased_record_is_written_again_under_its_key_with_its_place(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as bus:
            await bus.publish([event(n, 5) for n in range(3)])
            assert await bus.erase(RAW, event(1).event_id, b"kerangka")
            assert not await bus.erase(RAW, digest("unknown"), b"kerangka")
            *_, last = await bus.read(RAW, {}, 10)
            assert isinstance(last, Erased)
            assert (last.sequence, last.event_id, last.value) == (1, event(1).event_id, b"kerangka")

    asyncio.run(story())


def test_of_the_register_what_does_not_stand_is_erased_too(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as bus:
            both = [Outgoing("deduplicated", 3, "ab", b"isi", key=owner) for owner in ("x", "y")]
            await bus.publish([*both, both[0]])
            assert await bus.erase("deduplicated", "ab", b"")
            erased = [r for r in await bus.read("deduplicated", {}, 10) if isinstance(r, Erased)]
            assert sorted((r.key, r.sequence, r.value) for r in erased) == [
                ("x", 0, b""),
                ("y", 1, b""),
            ]

    asyncio.run(story())


def test_a_client_that_gets_nothing_though_records_wait_ends_the_process(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path, stall_seconds=0.6) as bus:
            consumer = await bus.subscribe("g", [RAW])
            await consumer.take(1, 0.2)
            for _ in range(4):  # nothing waits: nothing is wrong
                assert not (await consumer.take(1, 0.3)).records
            consumer._client.pause(*consumer._client.assignment())
            await bus.publish([event(1)])
            with pytest.raises(Stalled):
                await consumer.take(1, PATIENCE)

    asyncio.run(story())


class Client:
    """A consumer's public face as the watchdog sees it."""

    def __init__(self) -> None:
        self.heard = 0

    def assignment(self) -> set[str]:
        return {"a"}

    def last_poll_timestamp(self, _tp: Any) -> int:
        return self.heard


def test_the_watchdog_counts_only_time_spent_waiting() -> None:
    watch, client = Watch(10.0), Client()
    assert watch.stuck(client, False, 6.0) is None
    client.heard += 1
    assert watch.stuck(client, False, 6.0) is None
    assert watch.stuck(client, False, 6.0) is None
    assert watch.stuck(client, False, 6.0) == ["a"]
    watch.reset()
    assert watch.stuck(client, False, 9.0) is None
    # A group that never settles is stuck as well.
    assert watch.stuck(client, True, 1.0) is None
    assert watch.stuck(client, True, 10.0) == []
