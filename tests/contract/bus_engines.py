"""The bus engines that the contract suite runs over; a new engine is one more entry of ENGINES."""

import asyncio
import functools
import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.bus import Batch, Bus, Consumer, Outgoing
from core.bus.embedded import EmbeddedBus
from core.bus.memory import MemoryBus
from core.ids import digest
from tests.kafka.engine import open_drained

# What only some engines promise; a test names what it needs and runs over those that give it.
ONCE = "a known event id is not stored again, and Published.new says so"
ATOMIC = "outputs and position are stored in one step, so a fenced commit leaves nothing"
TALLIES = "counts are written with what they count"
FILLS = "the log can be made full"
HOLDS = "a member's partitions are its own until it takes again or leaves"
KEEPS = "payloads can be erased by event id, and trimmed"
SURVIVES = "a handle opened later, or by another process, sees everything"


@dataclass(frozen=True)
class Engine:
    """How to open one engine; every call gives one more handle on the log of that folder."""

    name: str
    open: Callable[[Path], Awaitable[Bus]]
    gives: frozenset[str]
    full: Callable[[Bus], AbstractContextManager[None]] | None = None


@dataclass
class House:
    """What a contract test gets: an open bus, and the means to open more on the same log."""

    engine: Engine
    folder: Path
    bus: Bus
    more: list[Bus] = field(default_factory=list)

    async def another(self) -> Bus:
        """Open one more handle on the same log."""
        self.more.append(await self.engine.open(self.folder))
        return self.more[-1]

    def full(self) -> AbstractContextManager[None]:
        """Let the log have no room while the block runs."""
        assert self.engine.full is not None
        return self.engine.full(self.bus)


async def _memory(_folder: Path) -> Bus:
    return MemoryBus()


async def _embedded(folder: Path) -> Bus:
    return EmbeddedBus(folder / "bus" / "log.sqlite")


@contextmanager
def _memory_full(bus: Bus) -> Iterator[None]:
    assert isinstance(bus, MemoryBus)
    bus.full = True
    yield
    bus.full = False


@contextmanager
def _no_room_for_files(_bus: Bus) -> Iterator[None]:
    """No file of this process may grow beyond what an open log has already."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (32_768, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


ENGINES = [
    Engine(
        "memory", _memory, frozenset({ONCE, ATOMIC, TALLIES, FILLS, HOLDS, KEEPS}), _memory_full
    ),
    Engine(
        "embedded",
        _embedded,
        frozenset({ONCE, ATOMIC, TALLIES, FILLS, HOLDS, KEEPS, SURVIVES}),
        _no_room_for_files,
    ),
    # Every event id once on the way in; outputs of a commit are dropped further on if repeated.
    Engine("kafka", open_drained, frozenset({ONCE, TALLIES, FILLS, SURVIVES}), _no_room_for_files),
]

Story = Callable[[House], Awaitable[None]]


def play(engine: Engine, folder: Path, story: Story) -> None:
    """Open a bus, run a story on it and close every handle that it opened."""

    async def played() -> None:
        house = House(engine, folder, await engine.open(folder))
        try:
            await story(house)
        finally:
            for bus in [house.bus, *house.more]:
                await bus.close()

    asyncio.run(played())


def over_engines(*needs: str) -> Callable[[Story], Callable[[Engine, Path], None]]:
    """Run a story over every engine that gives what it needs."""
    fit = [engine for engine in ENGINES if engine.gives.issuperset(needs)]

    def decorate(story: Story) -> Callable[[Engine, Path], None]:
        @pytest.mark.parametrize("engine", fit, ids=lambda engine: engine.name)
        @functools.wraps(story)
        def test(engine: Engine, tmp_path: Path) -> None:
            play(engine, tmp_path, story)

        # pytest reads the parameters from the signature, which wraps() has borrowed.
        del test.__wrapped__
        return test

    return decorate


def event(n: int, topic: str = "raw", partition: int = 0, **more: object) -> Outgoing:
    """Make the n-th record of a test; the same n is the same event."""
    made = {"value": f"isi {n}".encode(), "event_id": digest("event", str(n)), **more}
    return Outgoing(topic, partition, **made)  # type: ignore[arg-type]


RAW, NORMALIZED, CURSORS = "raw", "normalized", "cursors"
# Long enough for a broker to hand out partitions; a take returns as soon as it has something.
PATIENCE = 60.0
EVERYTHING = 1_000_000


async def drain(consumer: Consumer, count: int) -> Batch:
    """Take and commit until `count` records have come; return them as one batch."""
    whole = Batch()
    while len(whole.records) < count:
        batch = await consumer.take(500, PATIENCE)
        assert batch.records or batch.gained, f"{len(whole.records)} of {count} came"
        if batch.records:
            await consumer.commit(batch, [])
        whole.records += batch.records
    return whole


async def stored(bus: Bus, topic: str = RAW) -> list[bytes]:
    return [record.value for record in await bus.read(topic, {}, EVERYTHING)]


# -- publish ------------------------------------------------------------------------------------
