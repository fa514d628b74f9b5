"""A log whose bytes changed is never read as if it were whole; what a power cut spoils is none."""

import asyncio
import random
import shutil
from pathlib import Path

import apsw
import pytest

from core.bus import Limits
from core.bus.embedded import EmbeddedBus
from core.bus.embedded_damage import RESERVED
from core.bus.embedded_file import Host
from core.errors import ConfigError
from tests.contract.bus_engines import event
from tests.core.bus.workers import with_bus

RAW = "raw"
_WAL_HEADER, _FRAME = 32, 24 + 4096
# Nothing is copied out of the write-ahead log before the test has a copy of it.
LAZY = Host(checkpoint_pages=1 << 30)


def records(log: Path) -> list[tuple[int, bytes]]:
    async def story() -> list[tuple[int, bytes]]:
        bus = EmbeddedBus(log)
        try:
            if problems := (await bus.verify()).problems:
                raise ConfigError(problems[0])
            return [(r.offset, r.value) for r in await bus.read(RAW, {}, 10_000)]
        finally:
            await bus.close()

    return asyncio.run(story())


def killed(folder: Path, commits: int) -> Path:
    """Leave the files of a process that died after so many commits of one record."""
    left = folder / "left"
    left.mkdir(parents=True)

    async def story() -> None:
        bus = EmbeddedBus(folder / "log.sqlite", host=LAZY)
        for n in range(commits):
            await bus.publish([event(n, value=bytes([n]) * 3000)])
        for name in ("log.sqlite", "log.sqlite-wal", "log.mark"):
            shutil.copy(folder / name, left / name)
        await bus.close()

    asyncio.run(story())
    return left / "log.sqlite"


def wal_of(log: Path) -> Path:
    return log.with_name("log.sqlite-wal")


def flip(path: Path, at: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)


@pytest.mark.parametrize("seed", range(60))
def test_a_flipped_bit_of_the_file_is_noticed_or_changes_nothing(tmp_path: Path, seed: int) -> None:
    log = tmp_path / "log.sqlite"

    async def filled(bus: EmbeddedBus) -> None:
        for n in range(40):
            await bus.publish([event(n, partition=n % 12, value=bytes([n]) * 700)])

    with_bus(log, filled)
    whole = records(log)
    seeded = random.Random(seed)
    flip(log, seeded.randrange(log.stat().st_size), seeded.randrange(8))
    try:
        found = records(log)
    except ConfigError as error:
        found = whole if "rusak" in str(error) else []
    assert found == whole


def test_a_record_that_changed_under_a_running_house_is_not_served(tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite"
    mark = b"<yang berubah>" * 50

    async def filled(bus: EmbeddedBus) -> None:
        await bus.publish([event(n, value=mark if n == 7 else bytes(900)) for n in range(300)])

    async def read(bus: EmbeddedBus) -> None:
        flip(log, log.read_bytes().index(mark) + 100)
        with pytest.raises(ConfigError, match="isi sebuah halaman berubah"):
            await bus.read(RAW, {}, 10_000)
        assert "rusak" in (await bus.verify()).problems[0]

    with_bus(log, filled)
    with_bus(log, read, limits=Limits(check_seconds=0.0))


@pytest.mark.parametrize("frame", [-1, 0, 3, 30, -2, -3], ids=str)
@pytest.mark.parametrize("how", ["flip", "cut"])
def test_a_write_ahead_log_that_lost_what_was_stored_is_noticed(
    tmp_path: Path, frame: int, how: str
) -> None:
    """-1 is the header, -2 the last frame, -3 all of the file."""
    log = killed(tmp_path, commits=20)
    wal = wal_of(log)
    size = wal.stat().st_size
    at = {-1: 20, -2: size - 2000, -3: 0}.get(frame, _WAL_HEADER + frame * _FRAME + 2000)
    if how == "flip":
        flip(wal, at)
    else:
        with wal.open("r+b") as file:
            file.truncate(at)
    for _ in range(2):  # nor is it forgotten at the second start
        with pytest.raises(ConfigError, match="rusak"):
            EmbeddedBus(log)


def test_what_was_not_yet_acknowledged_may_be_missing(tmp_path: Path) -> None:
    log = killed(tmp_path, commits=20)
    log.with_suffix(".mark").unlink()
    with wal_of(log).open("r+b") as file:
        file.truncate(wal_of(log).stat().st_size - 100)
    assert len(records(log)) == 19


@pytest.mark.parametrize("content", [b"", b"x", bytes(12), b"x" * 12, b"x" * 500])
def test_a_spoilt_mark_says_nothing(tmp_path: Path, content: bytes) -> None:
    log = killed(tmp_path, commits=3)
    log.with_suffix(".mark").write_bytes(content)
    assert len(records(log)) == 3


def test_a_missing_end_is_told_by_verify_too(tmp_path: Path) -> None:
    async def story(bus: EmbeddedBus) -> None:
        await bus.publish([event(1)])
        bus.log.mark.write(2)
        assert "berakhir di posisi 1" in (await bus.verify()).problems[0]

    with_bus(tmp_path / "log.sqlite", story)


def test_a_log_without_checksums_is_given_them(tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite"

    async def filled() -> None:
        bus = EmbeddedBus(log, host=Host(vfs="unix"))
        await bus.publish([event(n, value=bytes([n]) * 500) for n in range(100)])
        await bus.close()

    asyncio.run(filled())
    assert log.read_bytes()[20] == 0
    assert records(log) == [(n + 1, bytes([n]) * 500) for n in range(100)]
    assert log.read_bytes()[20] == RESERVED
    flip(log, log.stat().st_size - 2000)
    with pytest.raises(ConfigError, match="rusak"):
        records(log)


def test_a_copy_has_checksums_of_its_own(tmp_path: Path) -> None:
    async def story(bus: EmbeddedBus) -> None:
        # More than a reader's memory holds: pages leave it before the first one does.
        await bus.publish([event(n, value=bytes(4000)) for n in range(2000)])
        await bus.backup(tmp_path / "copy" / "log.sqlite")

    with_bus(tmp_path / "log.sqlite", story)
    assert (tmp_path / "copy" / "log.sqlite").read_bytes()[20] == RESERVED
    assert len(records(tmp_path / "copy" / "log.sqlite")) == 2000


def test_only_the_log_uses_the_checksums(tmp_path: Path) -> None:
    EmbeddedBus(tmp_path / "log.sqlite").log.close()
    db = apsw.Connection(str(tmp_path / "other.sqlite"))
    assert db.open_vfs == "unix"
    db.close()
