"""An operator's correction outlives every later version, however the register is cut in batches."""

from datetime import timedelta
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest

from core.bus import Batch, Stored
from core.clock import FrozenClock
from sink import Sink
from sink.corrections import read
from sink.reader import Reader
from tests.sink.sink_makers import KEY, START, act, complaint, entry

FIRST = complaint(1)
LATER = complaint(1, edited_at=START + timedelta(hours=1), text="lebih lengkap")
FIELDS = "kategori, kategori_mesin, klasifikasi, urgency, anonim, rahasia, laporan, text, pub_seq"


def correct(offset: int, complaint_id: str = FIRST.complaint_id, **value: Any) -> Stored:
    return act("correct", offset, complaint_id=complaint_id, value=value)


def rows(sink: Sink, query: str) -> list[dict[str, Any]]:
    with sink.store.connection() as con:
        found: list[dict[str, Any]] = con.execute(query).to_arrow_table().to_pylist()
    return found


def write(sink: Sink, *records: Stored) -> None:
    sink.handle(Batch(list(records), {}, {KEY: records[-1].offset}))


def test_a_correction_stands_beside_what_the_machine_said(sink: Sink) -> None:
    write(sink, entry(FIRST, 0))
    write(sink, correct(1, kategori="pju", urgency="high"))
    (row,) = rows(sink, f"SELECT {FIELDS} FROM complaints")
    assert (row["kategori"], row["kategori_mesin"]) == ("pju", FIRST.kategori)
    assert row["urgency"] == "high"
    (case,) = rows(sink, "FROM cases")
    assert case["kategori"] == "pju"
    (version,) = rows(sink, "FROM complaint_versions")
    assert (version["kategori"], version["urgency"]) == (FIRST.kategori, FIRST.urgency)


def test_it_outlives_a_later_version_and_the_last_word_holds(sink: Sink) -> None:
    write(sink, entry(FIRST, 0), correct(1, kategori="pju"))
    write(sink, entry(LATER, 2, relation="edited"))
    (row,) = rows(sink, "FROM complaints")
    assert (row["kategori"], row["text"]) == ("pju", "lebih lengkap")
    write(sink, correct(3, kategori="sampah"), correct(4, urgency="low"))
    (row,) = rows(sink, "FROM complaints")
    assert (row["kategori"], row["urgency"]) == ("sampah", "low")


def test_what_was_refused_changes_nothing(sink: Sink) -> None:
    refused = act(
        "correct", 1, complaint_id=FIRST.complaint_id, value={"kategori": "pju"}, outcome="refused"
    )
    write(sink, entry(FIRST, 0), refused, correct(2, "tidak-dikenal", kategori="pju"))
    assert [r["kategori"] for r in rows(sink, "FROM complaints")] == [FIRST.kategori]


REGISTER = [
    entry(FIRST, 0),
    correct(1, klasifikasi="whistleblowing"),
    correct(2, klasifikasi="bukan_aduan", kategori="pju"),
    entry(complaint(2), 3),
    entry(LATER, 4, relation="edited"),
    correct(5, klasifikasi="pengaduan", anonim=True),
]


def test_the_batches_the_register_comes_in_make_no_difference(tmp_path: Path) -> None:
    told: list[list[dict[str, Any]]] = []
    for number in range(len(REGISTER)):
        for cuts in combinations(range(1, len(REGISTER)), number):
            made = Sink(tmp_path / f"{len(told)}", {}, {}, FrozenClock(START))
            edges = (0, *cuts, len(REGISTER))
            for begin, end in pairwise(edges):
                write(made, *REGISTER[begin:end])
            found = rows(made, f"SELECT {FIELDS} FROM complaints ORDER BY complaint_id")
            told.append([{k: v for k, v in row.items() if k != "pub_seq"} for row in found])
            made.close()
    assert len(told) == 2 ** (len(REGISTER) - 1)
    assert all(one == told[0] for one in told)
    (row,) = [r for r in told[0] if r["text"] == "lebih lengkap"]
    assert (row["kategori"], row["anonim"], row["rahasia"], row["laporan"]) == (
        "pju", True, False, True,
    )  # fmt: skip


def test_what_an_operator_marks_confidential_leaves_the_analysts(
    sink: Sink, tmp_path: Path, clock: FrozenClock
) -> None:
    def published() -> int:
        clock.at += timedelta(minutes=10)
        assert sink.maybe_publish(clock.at)
        reader = Reader(tmp_path, "analyst")
        try:
            found = [
                reader.query(f"SELECT count(*) AS n FROM {table}").to_pylist()[0]["n"]
                for table in ("complaints", "complaint_versions", "cases")
            ]
        finally:
            reader.close()
        assert len(set(found)) == 1
        return int(found[0])

    write(sink, entry(FIRST, 0))
    assert published() == 1
    write(sink, correct(1, rahasia=True))
    assert published() == 0
    assert [r["title"] for r in rows(sink, "FROM cases")] == ["(laporan rahasia)"]
    write(sink, correct(2, rahasia=False))
    assert published() == 1


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ({}, {}),
        ({"kategori": "pju", "catatan": "x"}, {"kategori": "pju"}),
        ({"kategori": "", "urgency": "sekali", "klasifikasi": 7, "rahasia": "ya"}, {}),
        ({"anonim": False, "berkadar_pengawasan": True},
         {"anonim": False, "berkadar_pengawasan": True}),
    ],
)  # fmt: skip
def test_only_what_can_stand_in_a_column_is_taken(
    value: dict[str, Any], taken: dict[str, Any]
) -> None:
    assert read(value) == taken
