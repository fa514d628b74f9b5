"""What every engine of the bus promises of what it keeps: counts, limits, other handles."""

import pytest

from core.bus import Outgoing, Tally
from core.errors import CannotStore
from tests.contract.bus_engines import (
    ATOMIC,
    CURSORS,
    FILLS,
    NORMALIZED,
    ONCE,
    PATIENCE,
    RAW,
    SURVIVES,
    TALLIES,
    House,
    drain,
    event,
    over_engines,
    stored,
)


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
