"""Leases: a held member loses its partitions when its lease has run out, a slow one does not."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from core.bus.embedded import EmbeddedBus
from core.errors import Fenced
from tests.contract.bus_engines import event

RAW, NORMALIZED = "raw", "normalized"
ALL = frozenset(range(12))
PATIENCE, BRIEFLY = 10.0, 0.02
LEASE = 5.0


class Machine:
    """A log with any number of processes on it, each with its own sense of time.

    A process that is held does not see time pass: its heart beats in the past.
    """

    def __init__(self, log: Path) -> None:
        self.log = log
        self.times: list[float] = []
        self.handles: list[EmbeddedBus] = []

    def process(self, now: float = 1000.0) -> EmbeddedBus:
        number = len(self.times)
        self.times.append(now)
        self.handles.append(EmbeddedBus(self.log, monotonic=lambda: self.times[number]))
        return self.handles[-1]

    def pass_time(self, seconds: float, *numbers: int) -> None:
        for number in numbers:
            self.times[number] += seconds


def on_a_machine(log: Path, story: Callable[[Machine], Awaitable[None]]) -> None:
    async def played() -> None:
        machine = Machine(log)
        try:
            await story(machine)
        finally:
            for bus in machine.handles:
                await bus.close()

    asyncio.run(played())


def test_a_held_member_loses_its_partitions_when_its_lease_has_run_out(tmp_path: Path) -> None:
    async def story(machine: Machine) -> None:
        held, awake = machine.process(), machine.process()
        await held.publish([event(1, partition=3)])
        old = await held.subscribe("g", [RAW], member="old")
        in_hand = await old.take(10, PATIENCE)
        new = await awake.subscribe("g", [RAW], member="new")
        machine.pass_time(LEASE - 0.1, 1)
        assert not (await new.take(10, BRIEFLY)).gained
        machine.pass_time(LEASE / 5, 1)
        batch = await new.take(10, BRIEFLY)
        assert batch.gained == ALL
        assert len(batch.records) == 1
        await new.commit(batch, [event(1, NORMALIZED)])
        # It wakes up and goes on as if nothing had been.
        machine.pass_time(LEASE + 0.9, 0)
        await new.beat()
        with pytest.raises(Fenced):
            await old.commit(in_hand, [event(2, NORMALIZED)])
        told = await old.take(10, BRIEFLY)
        assert told.lost == ALL
        assert not told.records
        assert [r.value for r in await held.read(NORMALIZED, {}, 10)] == [b"isi 1"]
        # It is a member again, and gets its share once the other is between two batches.
        lost = (await new.take(10, BRIEFLY)).lost
        assert len(lost) == 6
        assert (await old.take(10, BRIEFLY)).gained == lost

    on_a_machine(tmp_path / "log.sqlite", story)


def test_a_slow_member_whose_heart_beats_keeps_what_it_has(tmp_path: Path) -> None:
    async def story(machine: Machine) -> None:
        slow, other = machine.process(), machine.process()
        await slow.publish([event(1)])
        old = await slow.subscribe("g", [RAW], member="old")
        in_hand = await old.take(10, PATIENCE)
        new = await other.subscribe("g", [RAW], member="new")
        for _ in range(4):
            machine.pass_time(LEASE / 2, 0, 1)
            await old.beat()
            assert not (await new.take(10, BRIEFLY)).gained
        await old.commit(in_hand, [])

    on_a_machine(tmp_path / "log.sqlite", story)


def test_a_member_that_hangs_loses_its_partitions_though_its_heart_beats(tmp_path: Path) -> None:
    async def story(machine: Machine) -> None:
        hung, other = machine.process(), machine.process()
        old = await hung.subscribe("g", [RAW], member="old")
        assert (await old.take(10, BRIEFLY)).gained == ALL
        new = await other.subscribe("g", [RAW], member="new")
        machine.pass_time(301.0, 0, 1)
        await old.beat()
        assert (await new.take(10, BRIEFLY)).gained == ALL

    on_a_machine(tmp_path / "log.sqlite", story)


def test_leases_of_before_the_machine_was_started_again_are_void(tmp_path: Path) -> None:
    async def story(machine: Machine) -> None:
        # Its lock is held by this very process, so only its heartbeat can tell.
        before, after = machine.process(now=90_000.0), machine.process(now=20.0)
        await before.subscribe("g", [RAW], member="old")
        new = await after.subscribe("g", [RAW], member="new")
        assert (await new.take(10, BRIEFLY)).gained == ALL

    on_a_machine(tmp_path / "log.sqlite", story)


def test_who_stops_cleanly_is_replaced_at_once(tmp_path: Path) -> None:
    async def story(machine: Machine) -> None:
        one, two = machine.process(), machine.process()
        await one.subscribe("g", [RAW], member="old")
        new = await two.subscribe("g", [RAW], member="new")
        await one.close()
        assert (await new.take(10, BRIEFLY)).gained == ALL

    on_a_machine(tmp_path / "log.sqlite", story)
