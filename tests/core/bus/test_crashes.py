"""Power cuts, disk errors and kill -9: what was acknowledged is there, once, and nothing else."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import apsw
import pytest

from bench.disk import Disk, io_error
from bench.powercut import cuts
from core.bus.embedded import EmbeddedBus
from core.bus.embedded_file import Host
from core.errors import CannotStore
from tests.contract.bus_engines import event
from tests.core.bus.workers import read_all, working

RAW, NORMALIZED = "raw", "normalized"


def test_a_power_cut_loses_nothing_that_was_acknowledged() -> None:
    found = list(cuts(range(1000, 1060)))
    assert [cut for cut in found if not cut.clean] == []
    assert sum(cut.acked for cut in found) > 500


def test_the_power_cuts_would_find_a_log_that_does_not_sync() -> None:
    """The negative control: synchronous=NORMAL loses what it acknowledged, and corrupts nothing."""
    found = list(cuts(range(1000, 1015), "normal"))
    assert sum(len(cut.lost) for cut in found) > 0
    assert not any(cut.damage or cut.invented or cut.half_done for cut in found)


class Failing:
    """Lets the n-th operation of a kind fail from now on, as often as told."""

    def __init__(self) -> None:
        self.operation, self.skip, self.times = "", 0, 0
        self.failed = 0

    def fail(self, operation: str, skip: int = 0, times: int = 1) -> None:
        self.operation, self.skip, self.times = operation, skip, times

    def __call__(self, operation: str, _name: str) -> BaseException | None:
        if operation != self.operation or self.times == 0:
            return None
        if self.skip:
            self.skip -= 1
            return None
        self.times -= 1
        self.failed += 1
        return io_error(getattr(apsw, _CODES[operation]))


_CODES = {
    "sync": "SQLITE_IOERR_FSYNC",
    "write": "SQLITE_IOERR_WRITE",
    "read": "SQLITE_IOERR_READ",
    "truncate": "SQLITE_IOERR_TRUNCATE",
}


def on_a_failing_disk(log: Path, story: Callable[[EmbeddedBus, Failing], Awaitable[None]]) -> None:
    failing = Failing()
    disk = Disk(failing)

    async def played() -> None:
        bus = EmbeddedBus(log, host=Host(vfs=disk.vfs, checkpoint_pages=20))
        try:
            await story(bus, failing)
        finally:
            failing.times = 0
            await bus.close()

    try:
        asyncio.run(played())
    finally:
        disk.close()


@pytest.mark.parametrize("operation", ["sync", "write"])
@pytest.mark.parametrize("skip", [0, 1, 2, 5])
def test_after_an_io_error_the_log_is_opened_anew_and_goes_on(
    tmp_path: Path, operation: str, skip: int
) -> None:
    async def story(bus: EmbeddedBus, failing: Failing) -> None:
        acked: set[str] = set()
        failing.fail(operation, skip)
        for n in range(40):
            record = event(n, value=b"x" * 3000)
            try:
                await bus.publish([record])
            except CannotStore:
                # In doubt: only publishing it again says.
                await bus.publish([record])
            acked.add(record.event_id)
        assert failing.failed == 1
        found = [r.event_id for r in await bus.read(RAW, {}, 100)]
        assert sorted(found) == sorted(acked)
        assert (await bus.verify()).ok

    on_a_failing_disk(tmp_path / "log.sqlite", story)


def test_a_commit_that_met_an_io_error_is_stored_once_when_offered_again(tmp_path: Path) -> None:
    async def story(bus: EmbeddedBus, failing: Failing) -> None:
        await bus.publish([event(1)])
        consumer = await bus.subscribe("g", [RAW])
        batch = await consumer.take(10, 10.0)
        # Until it is this commit that fails, and not a checkpoint in a moment of silence.
        failing.fail("sync", times=1_000)
        with pytest.raises(CannotStore):
            await consumer.commit(batch, [event(1, NORMALIZED)])
        failing.times = 0
        # A stage that takes instead of offering it again learns that all is in doubt.
        again = await consumer.take(10, 10.0)
        assert again.records == batch.records
        assert again.lost == again.gained == frozenset(range(12))
        await consumer.commit(again, [event(1, NORMALIZED)])
        assert len(await bus.read(NORMALIZED, {}, 10)) == 1
        assert (await bus.status()).lags["g", RAW] == 0

    on_a_failing_disk(tmp_path / "log.sqlite", story)


def test_a_disk_that_cannot_be_read_is_told_of_and_comes_back(tmp_path: Path) -> None:
    async def written(bus: EmbeddedBus, _failing: Failing) -> None:
        await bus.publish([event(n, value=b"x" * 2000) for n in range(50)])

    async def story(bus: EmbeddedBus, failing: Failing) -> None:
        failing.fail("read", times=1_000_000)
        with pytest.raises(CannotStore):
            await bus.read(RAW, {}, 100)
        failing.times = 0
        assert len(await bus.read(RAW, {}, 100)) == 50
        assert (await bus.publish([event(99), event(1)])).new == (True, False)

    on_a_failing_disk(tmp_path / "log.sqlite", written)
    on_a_failing_disk(tmp_path / "log.sqlite", story)


def test_a_log_of_bounded_pages_refuses_and_keeps_what_it_has(tmp_path: Path) -> None:
    async def played() -> None:
        bus = EmbeddedBus(tmp_path / "log.sqlite", max_pages=60)
        accepted = 0
        with contextlib.suppress(CannotStore):
            while accepted < 100:
                await bus.publish([event(accepted, value=b"x" * 10_000)])
                accepted += 1
        assert 5 < accepted < 100
        assert len(await bus.read(RAW, {}, 100)) == accepted
        await bus.close()
        roomy = EmbeddedBus(tmp_path / "log.sqlite")
        assert (await roomy.publish([event(n) for n in range(accepted + 1)])).new[-1]
        assert len(await roomy.read(RAW, {}, 100)) == accepted + 1
        assert (await roomy.verify()).ok
        await roomy.close()

    asyncio.run(played())


def test_a_publisher_that_is_killed_anywhere_has_lost_nothing(tmp_path: Path) -> None:
    log, total, kills = tmp_path / "log.sqlite", 400, 5
    acked: set[int] = set()
    for kill in range(kills):
        with working("publish", log, total) as publisher:
            # Paced by messages: a restart repeats what it had sent, so each time it gets further.
            acked |= {int(publisher.line()) for _ in range((kill + 1) * total // (kills + 1))}
            acked |= {int(line) for line in publisher.kill()}
        found = [r.event_id for r in read_all(log)]
        assert {event(n).event_id for n in acked} <= set(found)
        # At most what its ten publishers had in hand is stored and not acknowledged.
        assert len(found) == len(set(found)) <= len(acked) + 10
    with working("publish", log, total) as publisher:
        assert len(publisher.rest()) == total
    found = [r.event_id for r in read_all(log)]
    assert sorted(found) == sorted(event(n).event_id for n in range(total))


def test_a_disk_that_fills_up_refuses_and_takes_again_when_there_is_room(tmp_path: Path) -> None:
    with working("full", tmp_path / "log.sqlite", 300) as worker:
        lines = worker.rest()
    assert lines.count("refused") > 0
    assert lines[-1] == "done"
    assert len(read_all(tmp_path / "log.sqlite")) == 300


def test_a_log_that_may_not_be_written_is_refused_as_cannot_store(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    with working("readonly", tmp_path / "log.sqlite", 0) as worker:
        assert worker.rest() == ["CannotStore", "CannotStore"]
    tmp_path.chmod(0o755)
