"""What the log keeps to: room, bounded waiting, a cheap status, and the machine it lives on."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest

from core.bus import Limits
from core.bus.embedded import EmbeddedBus
from core.bus.embedded_file import Host
from core.bus.embedded_host import affected, filesystem, is_remote
from core.clock import FrozenClock
from core.errors import CannotStore, ConfigError
from tests.contract.bus_engines import event
from tests.core.bus.workers import with_bus

RAW, NORMALIZED = "raw", "normalized"


# -- room ---------------------------------------------------------------------------------------


def test_below_the_floor_nothing_is_taken_in_but_stages_go_on(tmp_path: Path) -> None:
    log, plenty = tmp_path / "log.sqlite", 1 << 60

    async def before(bus: EmbeddedBus) -> None:
        await bus.publish([event(1)])

    async def story(bus: EmbeddedBus) -> None:
        with pytest.raises(CannotStore, match="ruang cakram"):
            await bus.publish([event(2)])
        consumer = await bus.subscribe("g", [RAW])
        await consumer.commit(await consumer.take(10, 1.0), [event(1, NORMALIZED)])
        assert len(await bus.read(NORMALIZED, {}, 10)) == 1

    async def none(bus: EmbeddedBus) -> None:
        with pytest.raises(CannotStore, match="ruang cakram"):
            await bus.subscribe("g", [RAW])
        assert len(await bus.read(RAW, {}, 10)) == 1

    with_bus(log, before)
    with_bus(log, story, Limits(free_floor=plenty, hard_floor=0))
    with_bus(log, none, Limits(free_floor=plenty, hard_floor=plenty))


def test_publishers_wait_in_line_for_the_disk_and_what_waits_is_bounded(tmp_path: Path) -> None:
    """The gate is held by somebody else: nothing can be written until it is let go."""
    log, value = tmp_path / "log.sqlite", b"x" * 10_000

    async def story(bus: EmbeddedBus) -> None:
        with bus.log.gate:
            tasks = [asyncio.ensure_future(bus.publish([event(n, value=value)])) for n in range(60)]
            results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, CannotStore) for result in results)
        told = [str(result) for result in results]
        # Ten were handed to the writer, ten waited for room, the others were sent away at once.
        assert told.count("log tidak menjawab") >= 9
        assert told.count("antrean tulis penuh") >= 40
        assert (await bus.publish([event(99)])).new == (True,)
        # What nobody waited for any more is not written late.
        assert len(await bus.read(RAW, {}, 100)) <= 2

    with_bus(log, story, Limits(pending_bytes=102_500, wait=0.3))


def test_publishers_that_waited_in_line_get_through(tmp_path: Path) -> None:
    async def story(bus: EmbeddedBus) -> None:
        value = b"x" * 10_000
        publishes = [bus.publish([event(n, value=value)]) for n in range(40)]
        results = await asyncio.gather(*publishes)
        assert all(result.new == (True,) for result in results)

    with_bus(tmp_path / "log.sqlite", story, Limits(pending_bytes=250_000))


# -- status -------------------------------------------------------------------------------------


def test_status_tells_how_long_the_oldest_record_has_waited(tmp_path: Path) -> None:
    clock = FrozenClock(datetime(2026, 11, 25, 3, 0, tzinfo=UTC))

    async def played() -> None:
        bus = EmbeddedBus(tmp_path / "log.sqlite", clock=clock)
        consumer = await bus.subscribe("g", [RAW])
        status = await bus.status()
        assert (status.oldest, status.lags["g", RAW]) == ({}, 0)
        await bus.publish([event(1)])
        clock.at += timedelta(seconds=90)
        await bus.publish([event(2, partition=5)])
        assert (await bus.status()).oldest == {("g", RAW): 90.0}
        await consumer.commit(await consumer.take(1, 1.0), [])
        assert (await bus.status()).oldest == {("g", RAW): 0.0}
        await bus.close()

    asyncio.run(played())


def pages_asked_for(bus: EmbeddedBus) -> int:
    """Return how many pages the reading connection has asked for (there is only one so far)."""
    kinds = (apsw.SQLITE_DBSTATUS_CACHE_HIT, apsw.SQLITE_DBSTATUS_CACHE_MISS)
    with bus.log.reading() as db:
        return sum(db.status(kind)[0] for kind in kinds)


def test_status_and_an_idle_take_read_no_records(tmp_path: Path) -> None:
    """What they cost does not grow with the log: they touch a few pages, whatever it holds."""

    async def story(bus: EmbeddedBus) -> None:
        consumer = await bus.subscribe("g", [RAW])
        steps = []
        for turn in range(2):
            for n in range(turn * 2000, turn * 2000 + 2000, 500):
                await bus.publish([event(k, partition=k % 12) for k in range(n, n + 500)])
            while (batch := await consumer.take(500, 0.0)).records:
                await consumer.commit(batch, [])
            before = pages_asked_for(bus)
            await bus.status()
            assert not (await consumer.take(500, 0.0)).records
            steps.append(pages_asked_for(bus) - before)
        assert 0 < steps[1] < steps[0] * 1.2 + 20

    with_bus(tmp_path / "log.sqlite", story)


# -- the machine --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "harmful"),
    [
        ("3.40.1", True), ("3.44.5", True), ("3.44.6", False), ("3.45.0", True),
        ("3.50.6", True), ("3.50.7", False), ("3.51.2", True), ("3.51.3", False),
        ("3.52.0", True), ("3.53.0", False), ("3.54.1", False), ("4.0.0", False),
    ],
)  # fmt: skip
def test_a_sqlite_that_may_corrupt_the_log_is_known(version: str, harmful: bool) -> None:
    assert affected(version) == harmful


MOUNTS = """\
/dev/vda / ext4 rw,relatime 0 0
server:/export /srv nfs4 rw 0 0
/dev/sdb1 /srv/local xfs rw 0 0
user@host:/ /srv/op/jauh\\040sekali fuse.sshfs rw 0 0
//nas/data /srv/nas cifs rw 0 0
tmpfs /dev/shm tmpfs rw 0 0
/dev/sdc1 /media/usb fuseblk rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind", "remote"),
    [
        ("/var/lib/kanal", "ext4", False),
        ("/srv/kanal", "nfs4", True),
        ("/srv/local/kanal", "xfs", False),
        ("/srv-lokal/kanal", "ext4", False),
        ("/srv/op/jauh sekali/data", "fuse.sshfs", True),
        ("/srv/nas", "cifs", True),
        ("/dev/shm/x", "tmpfs", False),
        ("/media/usb/data", "fuseblk", False),
    ],
)
def test_a_file_system_of_another_machine_is_known(path: str, kind: str, remote: bool) -> None:
    assert filesystem(Path(path), MOUNTS) == kind
    assert is_remote(kind) == remote


def test_a_log_on_a_network_file_system_is_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nserver:/x {tmp_path.resolve()} nfs rw 0 0\n")
    with pytest.raises(ConfigError, match="jaringan"):
        EmbeddedBus(tmp_path / "bus" / "log.sqlite", host=Host(mounts=mounts))
    assert not (tmp_path / "bus").exists()
