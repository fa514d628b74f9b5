"""Readers: always the newest, from many threads, while versions roll; a person's SQL is fenced."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from core.bus import Batch
from core.clock import FrozenClock
from sink import Sink
from sink.reader import NotPublished, Reader
from sink.user_sql import QueryRefused
from tests.sink.sink_makers import heads, many


def publish(sink: Sink, clock: FrozenClock, start: int, count: int = 20) -> None:
    records = many(count, start)
    sink.handle(Batch(records, {}, heads(records)))
    clock.at += timedelta(minutes=1)
    assert sink.maybe_publish(clock.at)


def test_nothing_published_is_a_sentence(tmp_path: Path) -> None:
    reader = Reader(tmp_path, "analyst")
    with pytest.raises(NotPublished, match="Belum ada data yang diterbitkan"):
        reader.query("SELECT 1")


def test_the_newest_is_read_and_old_versions_are_let_go(
    sink: Sink, tmp_path: Path, clock: FrozenClock
) -> None:
    reader = Reader(tmp_path, "operator")
    for number in range(6):
        publish(sink, clock, number * 20)
        assert reader.version == number + 1
        found = reader.query("SELECT count(*) AS n FROM complaint_versions").to_pylist()
        assert found == [{"n": (number + 1) * 20}]
    sql = "SELECT count(*) AS n FROM duckdb_databases() WHERE database_name LIKE 'v%'"
    assert reader.query(sql).to_pylist() == [{"n": 3}]


def test_a_vanished_file_is_looked_for_under_the_new_pointer(
    sink: Sink, tmp_path: Path, clock: FrozenClock
) -> None:
    publish(sink, clock, 0)
    (tmp_path / "published" / "analyst-1.duckdb").unlink()
    reader = Reader(tmp_path, "analyst")
    with pytest.raises(NotPublished):
        reader.query("SELECT 1")
    publish(sink, clock, 20)
    assert reader.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]


def test_many_threads_read_while_versions_roll(
    sink: Sink, tmp_path: Path, clock: FrozenClock
) -> None:
    publish(sink, clock, 0)
    reader, stop = Reader(tmp_path, "operator"), threading.Event()
    errors: list[Exception] = []
    reads = [0] * 4

    def read(which: int) -> None:
        seen = 0
        while not stop.is_set():
            try:
                sql = "SELECT max(position) AS n, count(*) AS rows FROM complaint_versions"
                (row,) = reader.query(sql).to_pylist()
                assert row["rows"] == row["n"] + 1
                assert row["n"] >= seen
                seen = row["n"]
                reads[which] += 1
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=read, args=(n,)) for n in range(len(reads))]
    for thread in threads:
        thread.start()
    for number in range(1, 16):
        publish(sink, clock, number * 20)
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert min(reads) > 0


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("DELETE FROM complaints", "Hanya SELECT"),
        ("COPY complaints TO '/tmp/keluar.csv'", "Hanya SELECT"),
        ("ATTACH '/tmp/x.duckdb'", "Hanya SELECT"),
        ("SELECT 1; SELECT 2", "tepat satu"),
        ("", "tepat satu"),
        ("SELEC 1", "tidak dipahami"),
        ("SELECT kolom_khayal FROM complaints", "Kueri salah"),
        ("SELECT * FROM read_text('/etc/hostname')", "Kueri salah"),
        ("SELECT * FROM '/etc/passwd'", "Kueri salah"),
        ("SELECT count(*) FROM range(1000000000) a, range(1000000) b", "dihentikan setelah 0.2"),
    ],
)
def test_a_persons_sql_is_fenced(
    sink: Sink, tmp_path: Path, clock: FrozenClock, sql: str, sentence: str
) -> None:
    publish(sink, clock, 0)
    with pytest.raises(QueryRefused, match=sentence):
        Reader(tmp_path, "analyst").user_query(sql, seconds=0.2)


def test_a_persons_select_is_answered(sink: Sink, tmp_path: Path, clock: FrozenClock) -> None:
    publish(sink, clock, 0)
    reader = Reader(tmp_path, "analyst")
    assert reader.user_query("FROM published_rahasia").num_rows == 1
    assert reader.user_query("DESCRIBE complaints").num_rows > 50
