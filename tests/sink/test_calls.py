"""What came of the calls to 112 is counted apart, in both flavours and in a person's SQL."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.bus import Batch
from core.clock import FrozenClock
from sink import Sink, calls
from sink.reader import Reader
from sink.rows import OUTCOMES
from tests.sink.sink_makers import TENANT, complaint, entry, heads


def call(number: int, outcome: object, **given: Any) -> Any:
    said = {"given": {"outcome": str(outcome), "panggilan": outcome} if outcome else {}}
    return complaint(number, **({"channel": "call112"} | said | given))


@pytest.fixture
def published(sink: Sink, tmp_path: Path, clock: FrozenClock) -> Path:
    records = [
        entry(call(1, "terjawab"), 0),
        entry(call(2, "iseng", klasifikasi="bukan_aduan"), 1),
        entry(call(3, "iseng", klasifikasi="bukan_aduan"), 2),
        entry(call(4, "kosong", klasifikasi="bukan_aduan"), 3),
        entry(call(5, "informasi", klasifikasi="permintaan_informasi"), 4),
        entry(call(6, ""), 5),
        entry(call(7, "iseng", simulated=True), 6),
        # Another channel's word of the same name is no outcome of a call.
        entry(call(8, "terjawab", channel="radio"), 7),
        # What somebody else wrote there is theirs, and never published.
        entry(call(9, "081200001234"), 8),
        entry(call(10, ["x"]), 9),
        # The centre exports a corrected call again: it is one call, and its last word counts.
        entry(call(1, "kosong", klasifikasi="bukan_aduan", version="2"), 10, relation="edited"),
    ]
    sink.handle(Batch(records, {}, heads(records)))
    clock.at += timedelta(minutes=1)
    assert sink.maybe_publish(clock.at)
    return tmp_path


@pytest.mark.parametrize("flavour", ["operator", "analyst"])
def test_each_outcome_is_counted_apart(published: Path, flavour: Any) -> None:
    reader = Reader(published, flavour)
    found = [(r["panggilan"], r["n"], r["laporan"]) for r in calls.call_outcomes(reader, TENANT)]
    assert found == [
        ("iseng", 2, 0), ("kosong", 2, 0), ("informasi", 1, 1), ("tanpa keterangan", 3, 3),
    ]  # fmt: skip
    with_exercises = calls.call_outcomes(reader, TENANT, simulated=True)
    assert [r["n"] for r in with_exercises] == [3, 2, 1, 3]
    assert calls.call_outcomes(reader, "other") == []


def test_no_other_word_reaches_the_analysts(published: Path) -> None:
    found = Reader(published, "analyst").query("SELECT DISTINCT panggilan FROM complaints", {})
    told = {row["panggilan"] for row in found.to_pylist()}
    assert told == {None, *OUTCOMES}
