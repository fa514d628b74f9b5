"""Looking after the log: erasing, trimming, copies and checks."""

import asyncio
import random
import struct
from pathlib import Path

import apsw
import pytest

from core.bus import Limits, Outgoing
from core.bus.embedded import EmbeddedBus
from core.bus.embedded_damage import checksums
from core.errors import CannotStore, ConfigError
from tests.contract.bus_engines import event
from tests.core.bus.workers import with_bus

RAW = "raw"
ALL = {(RAW, part): 1 << 40 for part in range(12)}


# -- erasing and trimming -----------------------------------------------------------------------


def secret(n: int, size: int) -> Outgoing:
    """Make a record whose payload is its mark over and over."""
    mark = f"<{n:06d}>".encode()
    return event(n, partition=n % 12, value=mark * (size // len(mark) + 1))


def holding(folder: Path, n: int) -> list[str]:
    """Name the files of the log in which a record's mark can still be read."""
    mark = f"<{n:06d}>".encode()
    return [file.name for file in sorted(folder.iterdir()) if mark in file.read_bytes()]


@pytest.mark.parametrize("seed", range(4))
def test_of_an_erased_payload_no_byte_is_left_in_any_file(tmp_path: Path, seed: int) -> None:
    seeded = random.Random(seed)
    log = tmp_path / "log.sqlite"

    async def story(bus: EmbeddedBus) -> None:
        erased: list[int] = []
        kept = set[int]()
        for n in range(90):
            size = seeded.choice([20, 200, 900, 1500, 3000, 5000, 20_000])
            await bus.publish([secret(n, size)])
            kept.add(n)
            while len(kept) > 30:
                gone = seeded.choice(sorted(kept))
                kept.remove(gone)
                value = b"y" * seeded.choice([0, 2, 10, 500, 2000, 8000])
                assert await bus.erase(RAW, event(gone).event_id, value)
                assert holding(tmp_path, gone) == []
                erased.append(gone)
        assert all(holding(tmp_path, n) for n in kept), "the search itself would find a mark"
        assert [n for n in erased if holding(tmp_path, n)] == []

    with_bus(log, story)


def test_erasing_while_somebody_reads_says_that_it_is_not_done(tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite"

    async def story(bus: EmbeddedBus) -> None:
        await bus.publish([secret(1, 100)])
        reader = apsw.Connection(str(log))
        reader.execute("BEGIN").execute("SELECT count(*) FROM log").fetchall()
        with pytest.raises(CannotStore):
            await bus.erase(RAW, event(1).event_id, b"")
        reader.execute("ROLLBACK")
        reader.close()
        assert await bus.erase(RAW, event(1).event_id, b"")
        assert holding(tmp_path, 1) == []

    with_bus(log, story, Limits(wait=0.2))


def test_trimmed_payloads_are_gone_and_their_room_is_used_again(tmp_path: Path) -> None:
    async def story(bus: EmbeddedBus) -> None:
        sizes = []
        for first in range(0, 1500, 300):
            await bus.publish([secret(n, 3000) for n in range(first, first + 300)])
            assert await bus.trim(RAW, ALL) == 300
            assert await bus.erase(RAW, "nothing", b"") is False  # empties the write-ahead log
            sizes.append((await bus.facts()).log_bytes)
        # Five times as much went through it as it ever held.
        assert sizes[-1] < sizes[0] * 1.4
        assert await bus.read(RAW, {}, 10) == []
        assert holding(tmp_path, 5) == []
        assert (await bus.publish([event(5)])).new == (False,)
        assert (await bus.verify()).ok

    with_bus(tmp_path / "log.sqlite", story)


def test_a_group_set_back_behind_what_was_trimmed_goes_on_where_payloads_begin(
    tmp_path: Path,
) -> None:
    async def story(bus: EmbeddedBus) -> None:
        await bus.publish([event(n) for n in range(10)])
        offsets = [r.offset for r in await bus.read(RAW, {}, 10)]
        assert await bus.trim(RAW, {(RAW, 0): offsets[5]}) == 6
        consumer = await bus.subscribe("sink", [RAW], {(RAW, 0): offsets[1]})
        batch = await consumer.take(10, 1.0)
        assert [r.offset for r in batch.records] == offsets[6:]
        await consumer.commit(batch, [])
        assert (await bus.status()).lags["sink", RAW] == 0

    with_bus(tmp_path / "log.sqlite", story)


def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    async def story(bus: EmbeddedBus) -> None:
        await bus.publish([event(1)])
        await bus.backup(tmp_path / "copy.sqlite")
        assert [file.name for file in tmp_path.iterdir() if file.stat().st_mode & 0o077] == []

    with_bus(tmp_path / "log.sqlite", story)


def test_a_log_that_is_closed_leaves_nothing_in_its_write_ahead_log(tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite"

    async def story(bus: EmbeddedBus) -> None:
        for n in range(0, 6000, 500):
            await bus.publish([event(k, value=b"x" * 3000) for k in range(n, n + 500)])
        assert (await bus.facts()).wal_bytes > 0

    with_bus(log, story)
    assert (tmp_path / "log.sqlite-wal").stat().st_size == 0


# -- copies and checks --------------------------------------------------------------------------


def test_a_copy_made_while_writing_is_whole_and_a_prefix(tmp_path: Path) -> None:
    async def story(bus: EmbeddedBus) -> None:
        await bus.publish([event(n, value=b"x" * 2000) for n in range(300)])
        stop = False

        async def write() -> int:
            n = 300
            while not stop:
                await bus.publish([event(n)])
                n += 1
            return n

        writing = asyncio.ensure_future(write())
        size = await bus.backup(tmp_path / "copies" / "log.sqlite")
        stop = True
        count = await writing
        copy = EmbeddedBus(tmp_path / "copies" / "log.sqlite")
        found = await copy.read(RAW, {}, 10_000)
        whole = await bus.read(RAW, {}, 10_000)
        assert (await copy.verify()).ok
        await copy.close()
        assert size > 300 * 2000
        assert len(whole) == count
        assert found == whole[: len(found)]
        assert len(found) >= 300

    with_bus(tmp_path / "log.sqlite", story)


def damage(log: Path, page: int, at: int, data: bytes) -> None:
    with log.open("r+b") as file:
        file.seek((page - 1) * 4096 + at)
        file.write(data)


def filled(log: Path) -> None:
    async def story(bus: EmbeddedBus) -> None:
        await bus.publish([event(n, value=b"x" * 1000) for n in range(200)])

    with_bus(log, story)


@pytest.mark.parametrize(
    ("page", "at", "data"),
    [
        (1, 0, b"not a database at all"),
        (1, 100, struct.pack(">BH", 77, 9)),  # the schema's page is of no known kind
        (40, 0, bytes([0xFF]) * 64),  # a page in the middle
    ],
)
def test_a_damaged_log_is_not_opened(tmp_path: Path, page: int, at: int, data: bytes) -> None:
    log = tmp_path / "log.sqlite"
    filled(log)
    damage(log, page, at, data)
    with pytest.raises(ConfigError, match="rusak"):
        EmbeddedBus(log)


def sql(log: Path, statement: str) -> None:
    # With the checksums that pages bear, so that only what they say is wrong.
    db = apsw.Connection(str(log), vfs=checksums())
    db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE heads SET seq = 1", "di depan kepala"),
        ("UPDATE heads SET n = n + 1 WHERE part = 0", "tercatat 201 rekaman, ada 200"),
        ("UPDATE positions SET seq = 999 WHERE part = 3", "posisi 999, di depan kepala -1"),
        ("UPDATE log SET value = NULL WHERE seq = 7", "kehilangan isinya"),
    ],
)
def test_verify_says_what_does_not_agree(tmp_path: Path, statement: str, found: str) -> None:
    log = tmp_path / "log.sqlite"
    filled(log)

    async def subscribed(bus: EmbeddedBus) -> None:
        consumer = await bus.subscribe("g", [RAW])
        await consumer.close()
        assert (await bus.verify()).ok

    async def look(bus: EmbeddedBus) -> None:
        verified = await bus.verify()
        assert verified.records == 200
        assert not verified.ok
        assert any(found in problem for problem in verified.problems)

    with_bus(log, subscribed)
    sql(log, statement)
    with_bus(log, look)


def test_a_log_with_other_partitions_or_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite"
    filled(log)
    sql(log, "UPDATE topics SET partitions = 24 WHERE name = 'raw'")
    with pytest.raises(ConfigError, match="24 partisi"):
        EmbeddedBus(log)
    sql(log, "PRAGMA user_version = 99")
    with pytest.raises(ConfigError, match="lebih baru"):
        EmbeddedBus(log)


def test_positions_ahead_of_the_log_are_refused(tmp_path: Path) -> None:
    """The log was put back from a copy, the effects were not: new records would be skipped."""

    async def story(bus: EmbeddedBus) -> None:
        await bus.publish([event(1)])
        with pytest.raises(ConfigError, match="lebih tua"):
            await bus.subscribe("sink", [RAW], {(RAW, 0): 50})

    with_bus(tmp_path / "log.sqlite", story)
