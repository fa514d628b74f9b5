"""What every engine of the bus promises; what only some promise is named with each test."""

import asyncio

import pytest

from core.bus import Batch, Bus, Consumer, Outgoing, Tally
from core.errors import CannotStore, Fenced
from tests.contract.bus_engines import (
    ATOMIC,
    FILLS,
    ONCE,
    SURVIVES,
    TALLIES,
    House,
    event,
    over_engines,
)

RAW, NORMALIZED, CURSORS = "raw", "normalized", "cursors"
# Long enough for a broker to hand out partitions; a take returns as soon as it has something.
PATIENCE = 10.0
EVERYTHING = 1_000_000


async def drain(consumer: Consumer, count: int) -> Batch:
    """Take and commit until `count` records have come; return them as one batch."""
    whole = Batch()
    while len(whole.records) < count:
        batch = await consumer.take(500, PATIENCE)
        assert batch.records, f"{len(whole.records)} of {count} came"
        await consumer.commit(batch, [])
        whole.records += batch.records
    return whole


async def stored(bus: Bus, topic: str = RAW) -> list[bytes]:
    return [record.value for record in await bus.read(topic, {}, EVERYTHING)]


# -- publish ------------------------------------------------------------------------------------


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


@over_engines()
async def test_a_compacted_topic_keeps_the_newest_value_of_each_key(house: House) -> None:
    for n, key in enumerate(["kab/sms", "kab/☎️ 112", "kab/sms", "kab/sms"]):
        await house.bus.publish([event(n, CURSORS, 3, key=key)])
    assert await house.bus.latest(CURSORS) == {"kab/☎️ 112": b"isi 1", "kab/sms": b"isi 3"}
    # The same event again is a new value: a cursor may go back.
    await house.bus.publish([event(1, CURSORS, 3, key="kab/sms")])
    assert (await house.bus.latest(CURSORS))["kab/sms"] == b"isi 1"


@over_engines(TALLIES)
async def test_received_is_stored_and_redelivered(house: House) -> None:
    def told(n: int, delivery: str) -> Outgoing:
        return event(n, counted=("kab", "sms"), delivery=delivery)

    await house.bus.publish([told(1, "a"), told(2, "b")])
    await house.bus.publish([told(1, "a")])  # our own repeat of one delivery is not counted
    await house.bus.publish([told(1, "c"), told(3, ""), told(3, "")])
    await house.bus.publish([event(1)], [Tally("kab", "sms", "ignored", 4)])
    counted = (await house.bus.status()).tallies
    assert {what: n for (_, _, what), n in counted.items()} == {
        "received": 5, "stored": 3, "redelivered": 2, "ignored": 4,
    }  # fmt: skip


@over_engines()
async def test_status_tells_heads_and_lags(house: House) -> None:
    await house.bus.publish([event(n, partition=n % 5) for n in range(20)])
    consumer = await house.bus.subscribe("g", [RAW])
    batch = await consumer.take(8, PATIENCE)
    await consumer.commit(batch, [])
    status = await house.bus.status()
    assert status.heads[RAW] == max(r.offset for r in await house.bus.read(RAW, {}, 100))
    assert status.lags["g", RAW] == 20 - len(batch.records)
    await drain(consumer, 20 - len(batch.records))
    assert (await house.bus.status()).lags["g", RAW] == 0


@over_engines()
async def test_read_goes_on_after_given_positions_and_keeps_its_limit(house: House) -> None:
    await house.bus.publish([event(n, partition=n % 2) for n in range(10)])
    first = await house.bus.read(RAW, {}, 4)
    after = {(r.topic, r.partition): r.offset for r in first}
    rest = await house.bus.read(RAW, after, 100)
    assert len(first) == 4
    assert sorted(r.value for r in first + rest) == sorted(event(n).value for n in range(10))


# -- when it cannot store -----------------------------------------------------------------------


@over_engines(FILLS, ONCE)
async def test_a_full_log_refuses_keeps_what_it_has_and_recovers(house: House) -> None:
    big = b"x" * 20_000
    accepted = [n for n in range(3) if (await house.bus.publish([event(n, value=big)])).new[0]]
    with house.full():
        for n in range(3, 20):
            with pytest.raises(CannotStore):
                await house.bus.publish([event(n, value=big)])
        assert len(await stored(house.bus)) == len(accepted)
    assert (await house.bus.publish([event(n, value=big) for n in range(5)])).new[3:] == (
        True,
        True,
    )
    assert len(await stored(house.bus)) == 5


@over_engines(FILLS, ATOMIC)
async def test_a_commit_refused_by_a_full_log_can_be_tried_again(house: House) -> None:
    await house.bus.publish([event(1)])
    consumer = await house.bus.subscribe("g", [RAW])
    batch = await consumer.take(10, PATIENCE)
    outputs = [event(n, NORMALIZED, value=b"x" * 20_000) for n in range(4)]
    with house.full(), pytest.raises(CannotStore):
        await consumer.commit(batch, outputs)
    await consumer.commit(batch, outputs)
    assert len(await stored(house.bus, NORMALIZED)) == 4
    assert (await house.bus.status()).lags["g", RAW] == 0


@over_engines()
async def test_a_closed_bus_refuses(house: House) -> None:
    bus = house.bus
    await bus.publish([event(1)])
    await bus.close()
    with pytest.raises(CannotStore):
        await bus.publish([event(2)])
    await bus.close()


# -- other handles, other processes -------------------------------------------------------------


@over_engines(SURVIVES)
async def test_another_handle_sees_everything_at_once(house: House) -> None:
    other = await house.another()
    await house.bus.publish([event(1)])
    assert await stored(other) == [b"isi 1"]
    consumer = await other.subscribe("g", [RAW])
    assert [r.value for r in (await consumer.take(10, PATIENCE)).records] == [b"isi 1"]


@over_engines(SURVIVES, ONCE)
async def test_a_log_opened_again_has_what_was_stored(house: House) -> None:
    await house.bus.publish([event(1, counted=("kab", "sms"))])
    consumer = await house.bus.subscribe("g", [RAW])
    await consumer.commit(await consumer.take(10, PATIENCE), [event(1, NORMALIZED)])
    await house.bus.close()
    again = await house.another()
    assert (await again.publish([event(1)])).new == (False,)
    assert await stored(again, NORMALIZED) == [b"isi 1"]
    status = await again.status()
    assert status.lags["g", RAW] == 0
    assert status.tallies["kab", "sms", "stored"] == 1
