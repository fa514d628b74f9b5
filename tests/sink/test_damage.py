"""A damaged live file: put aside at the start and built anew; a full disk is no damage."""

from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from core.bus import Batch
from core.clock import FrozenClock
from sink import Reopened, Sink
from sink.damage import Damaged, is_damage
from tests.sink.sink_makers import KEY, START, TENANT, heads, many


def opened(folder: Path) -> Sink:
    zones = {TENANT: ZoneInfo("Asia/Jakarta")}
    return Sink(folder, zones, {TENANT: b"analysts"}, FrozenClock(START))


def count(sink: Sink) -> int:
    with sink.store.connection() as con:
        (found,) = con.execute("SELECT count(*) FROM complaints").fetchone() or (-1,)
        return int(found)


@pytest.mark.parametrize("at", [0, 9, 5000])
def test_a_damaged_file_is_put_aside_and_built_anew(tmp_path: Path, at: int) -> None:
    records = many(5)
    batch = Batch(list(records), {}, heads(list(records)))
    sink = opened(tmp_path)
    sink.handle(batch)
    sink.close()
    live = tmp_path / "live" / "kanal.duckdb"
    content = bytearray(live.read_bytes())
    content[at : at + 200] = bytes(b ^ 0xFF for b in content[at : at + 200])
    live.write_bytes(content)

    sink = opened(tmp_path)
    assert KEY not in sink.positions()  # so the register is read from its beginning
    sink.handle(batch)
    assert count(sink) == 5
    sink.close()
    (aside,) = tmp_path.glob("live.rusak-*")
    assert (aside / "kanal.duckdb").read_bytes() == content


def test_damage_that_is_met_while_working_ends_the_work_and_the_next_start_builds_anew(
    tmp_path: Path,
) -> None:
    records = many(300)
    batch = Batch(list(records), {}, heads(list(records)))
    sink = opened(tmp_path)
    sink.handle(batch)
    whole = count(sink)
    sink.close()
    sink = opened(tmp_path)  # its columns are read from the disk when they are asked for
    live = tmp_path / "live" / "kanal.duckdb"
    content = bytearray(live.read_bytes())
    first_block = 3 * 4096
    for at in range(first_block + 5000, len(content), 5000):
        content[at] ^= 0xFF
    live.write_bytes(content)
    with pytest.raises(Damaged), sink.store.connection() as con:
        con.execute("SELECT * FROM complaints").fetchall()
    sink.close()

    sink = opened(tmp_path)
    assert KEY not in sink.positions()
    sink.handle(batch)
    assert count(sink) == whole
    sink.close()
    assert len(list(tmp_path.glob("live.rusak-*"))) == 1


def test_a_file_in_use_is_left_alone(tmp_path: Path) -> None:
    first = opened(tmp_path)
    with pytest.raises(Reopened):
        opened(tmp_path)
    first.close()
    assert not list(tmp_path.glob("live.rusak-*"))


@pytest.mark.parametrize(
    ("error", "damage"),
    [
        (duckdb.IOException("IO Error: Corrupt database file: computed checksum 1 ..."), True),
        (duckdb.IOException("The file exists, but it is not a valid DuckDB database file!"), True),
        (duckdb.IOException("Could not read enough bytes from file: attempted to read 9"), True),
        (duckdb.InternalException("INTERNAL Error: Failure while replaying WAL file"), True),
        (duckdb.SerializationException("Failed to deserialize: field id mismatch"), True),
        (duckdb.IOException("Could not write file: No space left on device"), False),
        (duckdb.FatalException("Could not write file: Input/output error"), False),
        (duckdb.IOException("Could not set lock on file: Conflicting lock is held"), False),
        (duckdb.OutOfMemoryException("failed to allocate data"), False),
        (PermissionError(13, "Permission denied"), False),
    ],
)
def test_only_what_is_said_of_the_content_is_damage(error: Exception, damage: bool) -> None:
    assert is_damage(error) == damage
