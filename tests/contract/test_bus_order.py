"""However publishes, takes and commits interleave: every group gets every record once, in order."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.bus import Batch, Bus, Consumer, Stored
from tests.contract.bus_engines import ENGINES, Engine, House, event, play

GROUPS = ("one", "two")
PARTITIONS = 3
PATIENCE = 10.0

publishes = st.lists(st.tuples(st.integers(0, 30), st.integers(0, PARTITIONS - 1)), max_size=6)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), publishes),
        st.tuples(st.just("take"), st.sampled_from(GROUPS), st.integers(1, 5)),
        st.tuples(st.just("commit"), st.sampled_from(GROUPS)),
        st.tuples(st.just("restart"), st.sampled_from(GROUPS)),
    ),
    max_size=25,
)


@dataclass
class Reader:
    """A group's reader as the test drives it: what it took last, and what it has committed."""

    consumer: Consumer
    taken: Batch = field(default_factory=Batch)
    done: list[Stored] = field(default_factory=list)

    async def take(self, limit: int) -> None:
        self.taken = await self.consumer.take(limit, 0.0)

    async def commit(self) -> None:
        if self.taken.records:
            await self.consumer.commit(self.taken, [])
            self.done += self.taken.records
        self.taken = Batch()


async def finish(bus: Bus, name: str, reader: Reader, count: int) -> None:
    await reader.consumer.close()
    reader.consumer = await bus.subscribe(name, ["raw"])
    while len(reader.done) < count:
        await reader.take(4)
        if not reader.taken.records:
            reader.taken = await reader.consumer.take(4, PATIENCE)
        assert reader.taken.records
        await reader.commit()


async def walk(house: House, story: list[tuple[object, ...]]) -> None:
    bus, sent = house.bus, dict[int, int]()
    readers = {name: Reader(await bus.subscribe(name, ["raw"])) for name in GROUPS}
    for what, *rest in story:
        if what == "publish":
            # An event is always of one partition; the first one named counts.
            chosen = [(n, sent.setdefault(n, part)) for n, part in rest[0]]  # type: ignore[attr-defined]
            await bus.publish([event(n, partition=part) for n, part in chosen])
            continue
        name = str(rest[0])
        reader = readers[name]
        if what == "take":
            await reader.take(int(str(rest[1])))
        elif what == "commit":
            await reader.commit()
        else:
            await reader.consumer.close()
            readers[name] = Reader(await bus.subscribe(name, ["raw"]), done=reader.done)
    for name, reader in readers.items():
        await finish(bus, name, reader, len(sent))
        assert sorted(r.event_id for r in reader.done) == sorted(event(n).event_id for n in sent)
        for part in range(PARTITIONS):
            offsets = [r.offset for r in reader.done if r.partition == part]
            assert offsets == sorted(set(offsets))
    whole = await bus.read("raw", {}, 1000)
    assert sorted(r.event_id for r in whole) == sorted(event(n).event_id for n in sent)


# On Kafka an example costs seconds: tests/kafka/test_order.py runs a few.
LOCAL = [engine for engine in ENGINES if engine.name != "kafka"]


@pytest.mark.parametrize("engine", LOCAL, ids=lambda engine: engine.name)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(story=steps)
def test_every_group_gets_every_record_once_in_order(
    engine: Engine, story: list[tuple[object, ...]]
) -> None:
    async def played(house: House) -> None:
        await walk(house, story)

    with tempfile.TemporaryDirectory() as folder:
        play(engine, Path(folder), played)
