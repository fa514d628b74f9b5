"""After kill -9 or a full disk nothing is lost, nothing doubled, and the old publication stands."""

import os
import random
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

from sink.reader import NotPublished, Reader
from sink.store import Store
from tests.sink.sink_makers import KEY

HERE = Path(__file__).parent
TOTAL = 2000
KILLS = 10


def start(mode: str, folder: Path, total: int = TOTAL) -> "subprocess.Popen[str]":
    path = os.pathsep.join([str(HERE.parents[1]), str(HERE)])
    return subprocess.Popen(
        [sys.executable, str(HERE / "sink_worker.py"), mode, str(folder), str(total)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"PYTHONPATH": path},
    )


def finish(mode: str, folder: Path, total: int = TOTAL) -> list[str]:
    with start(mode, folder, total) as process:
        assert process.stdout is not None
        lines = process.stdout.read().split("\n")
    assert lines[-2] == "done"
    return lines


def kill_at(folder: Path, batches: int, after: float) -> None:
    """Kill a worker `after` seconds into the work that follows its n-th batch."""
    with start("kill", folder) as process:
        assert process.stdout is not None
        for _ in range(batches):
            process.stdout.readline()
        try:
            process.wait(timeout=after)
        except subprocess.TimeoutExpired:
            process.kill()


def read(folder: Path, sql: str) -> pa.Table:
    store = Store(folder / "live" / "kanal.duckdb", {})
    with store.connection() as con:
        found = con.execute(sql).to_arrow_table()
    store.close()
    return found


def check_whole(folder: Path) -> int:
    """Every entry up to the stored position is there once; return how many."""
    store = Store(folder / "live" / "kanal.duckdb", {})
    written = store.positions().get(KEY, -1) + 1
    store.close()
    sql = "SELECT count(*) AS n, count(DISTINCT position) AS once FROM complaint_versions"
    assert read(folder, sql).to_pylist() == [{"n": written, "once": written}]
    sql = "SELECT count(*) - count(DISTINCT complaint_id) AS doubled FROM complaints"
    assert read(folder, sql).to_pylist() == [{"doubled": 0}]
    return written


def check_published(folder: Path) -> int:
    reader = Reader(folder, "operator")
    try:
        manifest = reader.manifest()
    except NotPublished:
        return 0
    found = reader.query("SELECT count(*) AS n FROM complaint_versions").to_pylist()
    assert found == [{"n": manifest.positions["deduplicated/7"] + 1}]
    reader.close()
    return manifest.version


def test_kill_9_anywhere_loses_and_doubles_nothing(tmp_path: Path) -> None:
    seeded = random.Random(1708)
    killed, straight = tmp_path / "killed", tmp_path / "straight"
    written = version = 0
    for _ in range(KILLS):
        kill_at(killed, seeded.randrange(0, 4), seeded.uniform(0.0, 0.25))
        now = check_whole(killed)
        assert now >= written
        published = check_published(killed)
        assert published >= version
        written, version = now, published
    finish("kill", killed)
    finish("plain", straight)
    assert check_whole(killed) == TOTAL
    for table in ("complaints", "complaint_versions", "cases", "reporters", "positions"):
        sql = f"SELECT * FROM {table} ORDER BY ALL"
        assert read(killed, sql).equals(read(straight, sql)), table


def test_full_disk_is_refused_and_continued_where_the_file_stands(tmp_path: Path) -> None:
    lines = finish("full", tmp_path)
    assert "refused" in lines
    assert "not published" in lines
    assert check_whole(tmp_path) == TOTAL
    assert check_published(tmp_path) == 1


def test_a_file_of_another_schema_is_set_aside_and_rebuilt(tmp_path: Path) -> None:
    finish("plain", tmp_path, 50)
    (tmp_path / "live" / "kanal.schema").write_text("an older one")
    assert check_whole(tmp_path) == 0
    assert (tmp_path / "live" / "kanal.duckdb.lama").exists()
    finish("plain", tmp_path, 50)
    assert check_whole(tmp_path) == 50


def test_only_one_process_can_open_the_live_file(tmp_path: Path) -> None:
    finish("plain", tmp_path, 50)
    live = tmp_path / "live" / "kanal.duckdb"
    held = duckdb.connect(str(live))
    process = start("plain", tmp_path, 100)
    assert process.communicate()[0] == ""
    assert process.returncode != 0
    held.close()


@pytest.mark.parametrize("leftover", ["operator-7.duckdb.tmp", "CURRENT.tmp"])
def test_leftovers_of_a_crash_are_swept_and_their_names_not_used(
    tmp_path: Path, leftover: str
) -> None:
    finish("kill", tmp_path, 50)
    before = check_published(tmp_path)
    (tmp_path / "published" / leftover).write_bytes(b"half a file")
    (tmp_path / "published" / "operator-9.duckdb").write_bytes(b"never pointed at")
    finish("kill", tmp_path, 100)
    assert not (tmp_path / "published" / leftover).exists()
    assert check_published(tmp_path) == 10 > before
