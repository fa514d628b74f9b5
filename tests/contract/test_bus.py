"""What every engine of the bus promises of taking and committing; limits are named per test."""

import asyncio

import pytest

from core.bus import Outgoing, Tally
from core.errors import Fenced
from tests.contract.bus_engines import (
    ATOMIC,
    EVERYTHING,
    NORMALIZED,
    ONCE,
    PATIENCE,
    RAW,
    House,
    drain,
    event,
    over_engines,
    stored,
)


@over_engines()
async def test_a_record_comes_back_as_it_was_published(house: House) -> None:
    sent = event(1, partition=7)
    await house.bus.publish([sent])
    [found] = await house.bus.read(RAW, {}, 10)
    assert (found.topic, found.partition) == (RAW, 7)
    assert (found.event_id, found.value, found.key) == (sent.event_id, sent.value, "")
    assert found.offset >= 0


@over_engines(ONCE)
async def test_a_known_event_is_not_stored_again(house: House) -> None:
    assert (await house.bus.publish([event(1), event(2)])).new == (True, True)
    assert (await house.bus.publish([event(2), event(3), event(3)])).new == (False, True, False)
    assert await stored(house.bus) == [b"isi 1", b"isi 2", b"isi 3"]


@over_engines(ONCE)
async def test_the_same_event_id_on_another_topic_is_another_event(house: House) -> None:
    assert (await house.bus.publish([event(1), event(1, NORMALIZED)])).new == (True, True)
    assert await stored(house.bus, NORMALIZED) == [b"isi 1"]


@over_engines(ONCE)
async def test_any_text_may_be_an_event_id(house: House) -> None:
    names = ["ab", "AB", "a b", "abc", "é", "0" * 64, "aduan-1", " ab", ""]
    new = await house.bus.publish([event(n, event_id=name) for n, name in enumerate(names)])
    assert all(new.new)
    assert [r.event_id for r in await house.bus.read(RAW, {}, 100)] == names


@over_engines()
async def test_a_value_of_any_size_is_kept(house: House) -> None:
    values = [bytes(n % 251 for n in range(size)) for size in (0, 1, 4_000, 5_000, 900_000)]
    await house.bus.publish([event(n, value=value) for n, value in enumerate(values)])
    assert await stored(house.bus) == values


@over_engines()
async def test_publishing_nothing_is_allowed(house: House) -> None:
    assert (await house.bus.publish([])).new == ()


@over_engines()
async def test_a_hundred_publishers_at_once_lose_nothing(house: House) -> None:
    async def publisher(number: int) -> None:
        for n in range(5):
            await house.bus.publish([event(number * 5 + n, partition=number % 12)])

    await asyncio.gather(*(publisher(number) for number in range(100)))
    found = await house.bus.read(RAW, {}, EVERYTHING)
    assert sorted(r.value for r in found) == sorted(event(n).value for n in range(500))
    for number in range(12):
        offsets = [r.offset for r in found if r.partition == number]
        assert offsets == sorted(set(offsets))


@over_engines(ONCE)
async def test_publishing_again_after_a_cancelled_publish_stores_it_once(house: House) -> None:
    for n in range(20):
        task = asyncio.ensure_future(house.bus.publish([event(n)]))
        for _ in range(n % 4):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await house.bus.publish([event(n)])
    assert await stored(house.bus) == [event(n).value for n in range(20)]


@over_engines(ONCE)
async def test_a_record_that_cannot_be_written_does_not_hurt_its_neighbours(house: House) -> None:
    bad = [
        Outgoing("nowhere", 0, "ab", b""),
        Outgoing(RAW, 12, "ab", b""),
        Outgoing(RAW, -1, "", b""),
    ]
    tries = [house.bus.publish([record]) for record in [event(1), *bad, event(2)]]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [isinstance(result, ValueError) for result in results] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert await stored(house.bus) == [b"isi 1", b"isi 2"]


# -- take and commit ----------------------------------------------------------------------------


@over_engines()
async def test_take_gives_each_partition_in_order_and_commit_moves_on(house: House) -> None:
    for n in range(60):
        await house.bus.publish([event(n, partition=n % 3)])
    consumer = await house.bus.subscribe("g", [RAW])
    found = (await drain(consumer, 60)).records
    for partition in range(3):
        wanted = [event(n).value for n in range(partition, 60, 3)]
        assert [r.value for r in found if r.partition == partition] == wanted
    assert not (await consumer.take(500, 0.01)).records


@over_engines()
async def test_a_batch_names_the_positions_before_and_after_it(house: House) -> None:
    await house.bus.publish([event(1), event(2)])
    consumer = await house.bus.subscribe("g", [RAW])
    first = await consumer.take(1, PATIENCE)
    assert first.before == {(RAW, 0): -1}
    assert first.after == {(RAW, 0): first.records[0].offset}
    await consumer.commit(first, [])
    second = await consumer.take(1, PATIENCE)
    assert second.before == first.after


@over_engines()
async def test_max_batch_is_kept(house: House) -> None:
    await house.bus.publish([event(n, partition=n % 12) for n in range(40)])
    consumer = await house.bus.subscribe("g", [RAW])
    assert len((await consumer.take(7, PATIENCE)).records) <= 7


@over_engines()
async def test_a_batch_that_was_not_committed_is_given_again(house: House) -> None:
    await house.bus.publish([event(1), event(2)])
    consumer = await house.bus.subscribe("g", [RAW])
    first = await consumer.take(10, PATIENCE)
    assert (await consumer.take(10, PATIENCE)).records == first.records


@over_engines()
async def test_a_new_reader_goes_on_where_the_last_commit_stands(house: House) -> None:
    await house.bus.publish([event(1), event(2)])
    consumer = await house.bus.subscribe("g", [RAW])
    await consumer.commit(await consumer.take(1, PATIENCE), [])
    assert (await consumer.take(1, PATIENCE)).records  # taken, never committed
    await consumer.close()
    again = await house.bus.subscribe("g", [RAW])
    assert [r.value for r in (await again.take(10, PATIENCE)).records] == [b"isi 2"]


@over_engines()
async def test_take_wakes_up_for_a_record_that_comes_while_it_waits(house: House) -> None:
    consumer = await house.bus.subscribe("g", [RAW])
    waiting = asyncio.ensure_future(consumer.take(10, PATIENCE * 2))
    await asyncio.sleep(0)
    await house.bus.publish([event(1)])
    batch = await waiting
    if not batch.records:  # it may have come back first to tell what was gained
        batch = await consumer.take(10, PATIENCE)
    assert [r.value for r in batch.records] == [b"isi 1"]


@over_engines()
async def test_two_groups_do_not_disturb_each_other(house: House) -> None:
    await house.bus.publish([event(n) for n in range(5)])
    one = await house.bus.subscribe("one", [RAW])
    two = await house.bus.subscribe("two", [RAW])
    assert len((await drain(one, 5)).records) == 5
    assert len((await drain(two, 5)).records) == 5


@over_engines()
async def test_a_group_may_read_several_topics(house: House) -> None:
    await house.bus.publish([event(1, NORMALIZED, 5), event(2, "decisions", 5)])
    consumer = await house.bus.subscribe("dedup", [NORMALIZED, "decisions"])
    found = (await drain(consumer, 2)).records
    assert {(r.topic, r.value) for r in found} == {(NORMALIZED, b"isi 1"), ("decisions", b"isi 2")}


@over_engines()
async def test_positions_kept_with_the_effect_win(house: House) -> None:
    await house.bus.publish([event(n) for n in range(4)])
    consumer = await house.bus.subscribe("sink", [RAW])
    offsets = [r.offset for r in (await drain(consumer, 4)).records]
    await consumer.close()
    back = await house.bus.subscribe("sink", [RAW], {(RAW, 0): offsets[0]})
    batch = await back.take(2, PATIENCE)
    assert [r.offset for r in batch.records] == offsets[1:3]
    await back.commit(batch, [])
    await back.close()
    nothing = await house.bus.subscribe("sink", [RAW], {})
    assert (await nothing.take(1, PATIENCE)).records[0].offset == offsets[0]


@over_engines()
async def test_outputs_are_there_when_a_commit_returns(house: House) -> None:
    await house.bus.publish([event(1)])
    consumer = await house.bus.subscribe("g", [RAW])
    batch = await consumer.take(10, PATIENCE)
    await consumer.commit(batch, [event(1, NORMALIZED), event(2, NORMALIZED)])
    assert await stored(house.bus, NORMALIZED) == [b"isi 1", b"isi 2"]


@over_engines(ATOMIC)
async def test_a_commit_from_a_moved_position_is_fenced_and_leaves_nothing(house: House) -> None:
    await house.bus.publish([event(1)])
    old = await house.bus.subscribe("g", [RAW])
    slept = await old.take(10, PATIENCE)
    new = await house.bus.subscribe("g", [RAW])
    await new.commit(await new.take(10, PATIENCE), [event(1, NORMALIZED)])
    with pytest.raises(Fenced):
        await old.commit(slept, [event(2, NORMALIZED)], [Tally("t", "c", "ignored")])
    assert await stored(house.bus, NORMALIZED) == [b"isi 1"]
    assert not (await house.bus.status()).tallies


@over_engines(ATOMIC, ONCE)
async def test_a_fenced_commit_does_not_hurt_its_neighbours(house: House) -> None:
    await house.bus.publish([event(1)])
    old = await house.bus.subscribe("g", [RAW])
    slept = await old.take(10, PATIENCE)
    new = await house.bus.subscribe("g", [RAW])
    await new.commit(await new.take(10, PATIENCE), [])
    results = await asyncio.gather(
        house.bus.publish([event(2)]), old.commit(slept, []), house.bus.publish([event(3)]),
        return_exceptions=True,
    )  # fmt: skip
    assert [type(result).__name__ for result in results] == ["Published", "Fenced", "Published"]
    assert await stored(house.bus) == [b"isi 1", b"isi 2", b"isi 3"]


# -- compacted topics, counts, status -----------------------------------------------------------
