"""Members of one group share its partitions, and each is told what it gained and lost."""

import pytest

from core.bus import Batch, Consumer, Published, share
from core.errors import Fenced
from tests.contract.bus_engines import ATOMIC, HOLDS, KEEPS, House, event, over_engines

RAW, NORMALIZED, DECISIONS = "raw", "normalized", "decisions"
ALL = frozenset(range(12))
PATIENCE = 10.0
BRIEFLY = 0.02


async def settled(members: dict[str, Consumer], parts: int = 12) -> dict[str, frozenset[int]]:
    """Let members take until they have shared `parts` between them; return who owns what."""
    owned = dict.fromkeys(members, frozenset[int]())
    for _ in range(100):
        for name, member in members.items():
            batch = await member.take(1, BRIEFLY)
            owned[name] = (owned[name] - batch.lost) | batch.gained
        sizes = [len(mine) for mine in owned.values()]
        if sum(sizes) == parts and max(sizes) - min(sizes) <= 1:
            return owned
    raise AssertionError(f"not settled: {owned}")


@over_engines()
async def test_the_first_batch_gains_all_that_is_owned(house: House) -> None:
    await house.bus.publish([event(1)])
    consumer = await house.bus.subscribe("g", [RAW])
    gained: frozenset[int] = frozenset()
    batch = Batch()
    while not batch.records:
        batch = await consumer.take(10, PATIENCE)
        gained |= batch.gained
        assert not batch.lost
    assert gained == ALL
    await consumer.commit(batch, [])
    assert (await consumer.take(10, BRIEFLY)).gained == frozenset()


@over_engines()
async def test_members_share_the_partitions_and_every_record_is_handled_once(house: House) -> None:
    await house.bus.publish([event(n, partition=n % 12) for n in range(60)])
    names = ["a", "b", "c"]
    members = {name: await house.bus.subscribe("g", [RAW], member=name) for name in names}
    owned = await settled(members)
    assert frozenset().union(*owned.values()) == ALL
    handled: list[str] = []
    for _ in range(100):
        for name, member in members.items():
            batch = await member.take(7, BRIEFLY)
            assert {r.partition for r in batch.records} <= owned[name]
            if batch.records:
                await member.commit(batch, [])
            handled += [r.event_id for r in batch.records]
        if len(handled) >= 60:
            break
    assert sorted(handled) == sorted(event(n).event_id for n in range(60))


@over_engines()
async def test_the_same_partition_of_two_topics_meets_in_one_member(house: House) -> None:
    topics = [NORMALIZED, DECISIONS]
    for n in range(48):
        await house.bus.publish([event(n, NORMALIZED, n), event(n, DECISIONS, n)])
    members = {name: await house.bus.subscribe("dedup", topics, member=name) for name in "ab"}
    owned = await settled(members, 48)
    for name, member in members.items():
        seen: set[tuple[str, int]] = set()
        while len(seen) < 2 * len(owned[name]):
            batch = await member.take(100, PATIENCE)
            await member.commit(batch, [])
            seen |= {(r.topic, r.partition) for r in batch.records}
        assert seen == {(topic, part) for topic in topics for part in owned[name]}


@over_engines(HOLDS)
async def test_who_joins_waits_until_the_owner_is_between_two_batches(house: House) -> None:
    await house.bus.publish([event(n, partition=n) for n in range(12)])
    old = await house.bus.subscribe("g", [RAW], member="old")
    in_hand = await old.take(100, PATIENCE)
    new = await house.bus.subscribe("g", [RAW], member="new")
    assert not (await new.take(100, BRIEFLY)).gained
    await old.commit(in_hand, [])
    told = await old.take(100, BRIEFLY)
    assert len(told.lost) == 6
    assert (await new.take(100, BRIEFLY)).gained == told.lost


@over_engines()
async def test_who_leaves_hands_its_partitions_over(house: House) -> None:
    members = {name: await house.bus.subscribe("g", [RAW], member=name) for name in "ab"}
    owned = await settled(members)
    await members.pop("a").close()
    await house.bus.publish([event(n, partition=n) for n in range(12)])
    found: set[int] = set()
    gained = owned["b"]
    while found != ALL:
        batch = await members["b"].take(100, PATIENCE)
        gained |= batch.gained
        found |= {r.partition for r in batch.records}
        if batch.records:
            await members["b"].commit(batch, [])
    assert gained == ALL


@over_engines(HOLDS)
async def test_a_member_takes_over_from_an_older_one_of_its_name_at_once(house: House) -> None:
    await house.bus.publish([event(1)])
    old = await house.bus.subscribe("g", [RAW], member="m")
    in_hand = await old.take(10, PATIENCE)
    new = await house.bus.subscribe("g", [RAW], member="m")
    assert (await new.take(10, PATIENCE)).gained == ALL
    with pytest.raises(Fenced):
        await old.commit(in_hand, [])
    with pytest.raises(Fenced):
        await old.take(10, BRIEFLY)
    await old.close()
    batch = await new.take(10, PATIENCE)
    assert await new.commit(batch, []) == Published(())


@over_engines(ATOMIC, HOLDS)
async def test_after_a_fenced_commit_a_member_learns_anew_and_works_on(house: House) -> None:
    await house.bus.publish([event(1), event(2)])
    consumer = await house.bus.subscribe("g", [RAW])
    first = await consumer.take(1, PATIENCE)
    await consumer.commit(first, [])
    with pytest.raises(Fenced):
        await consumer.commit(first, [event(9, NORMALIZED)])
    batch = await consumer.take(10, PATIENCE)
    assert batch.lost == batch.gained == ALL
    assert [r.value for r in batch.records] == [b"isi 2"]
    await consumer.commit(batch, [])
    assert (await house.bus.read(NORMALIZED, {}, 10)) == []


@over_engines()
async def test_status_names_the_members_and_what_they_own(house: House) -> None:
    members = {name: await house.bus.subscribe("g", [RAW], member=name) for name in "ab"}
    owned = await settled(members)
    found = (await house.bus.status()).members
    assert {name: frozenset(parts) for (_, name), parts in found.items()} == owned


@over_engines(KEEPS)
async def test_an_erased_record_keeps_its_place_and_its_id(house: House) -> None:
    await house.bus.publish([event(n) for n in range(3)])
    before = await house.bus.read(RAW, {}, 10)
    assert await house.bus.erase(RAW, event(1).event_id, b"{}")
    after = await house.bus.read(RAW, {}, 10)
    assert [r.value for r in after] == [b"isi 0", b"{}", b"isi 2"]
    assert [(r.offset, r.event_id) for r in after] == [(r.offset, r.event_id) for r in before]
    assert not await house.bus.erase(RAW, event(7).event_id, b"{}")
    assert (await house.bus.publish([event(1)])).new == (False,)


@over_engines(KEEPS)
async def test_trimming_takes_payloads_that_every_group_has_handled(house: House) -> None:
    await house.bus.publish([event(n, partition=n % 2) for n in range(20)])
    consumer = await house.bus.subscribe("g", [RAW])
    batch = await consumer.take(8, PATIENCE)
    await consumer.commit(batch, [])
    through = {(RAW, part): 1 << 40 for part in range(12)}
    assert await house.bus.trim(RAW, through) == 8
    assert await house.bus.trim(RAW, through) == 0
    assert len(await house.bus.read(RAW, {}, 100)) == 12
    assert (await house.bus.publish([event(0)])).new == (False,)
    assert not await house.bus.erase(RAW, event(0).event_id, b"{}")
    status = await house.bus.status()
    assert (status.records[RAW], status.lags["g", RAW]) == (20, 12)
    # A group that comes later gets what is left.
    late = await house.bus.subscribe("late", [RAW])
    assert len((await late.take(100, PATIENCE)).records) == 12


@pytest.mark.parametrize(
    ("members", "given"),
    [
        ([], {}),
        (["a"], {0: "a", 1: "a", 2: "a", 3: "a", 4: "a"}),
        (["b", "a"], {0: "a", 1: "a", 2: "a", 3: "b", 4: "b"}),
        (["c", "b", "a"], {0: "a", 1: "a", 2: "b", 3: "b", 4: "c"}),
        (list("abcdefg"), {0: "a", 1: "b", 2: "c", 3: "d", 4: "e"}),
    ],
)
def test_partitions_are_shared_by_range(members: list[str], given: dict[int, str]) -> None:
    assert share(members, 5) == given
