"""What the sink makes of the register: rows once, latest versions, cases, acts."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core import ids
from core.bus import Batch, Stored
from core.clock import FrozenClock
from core.errors import RetryLater
from core.schema import Explanation, RegisterEntry, Sender
from sink import Sink
from tests.sink.sink_makers import (
    KEY,
    START,
    TENANT,
    act,
    complaint,
    entry,
    heads,
    health,
    letter,
    many,
    stored,
)


def write(sink: Sink, *records: Stored) -> None:
    sink.handle(Batch(list(records), {}, heads(list(records))))


def rows(sink: Sink, sql: str) -> list[dict[str, Any]]:
    with sink.store.connection() as con:
        found: list[dict[str, Any]] = con.execute(sql).to_arrow_table().to_pylist()
        return found


def test_a_complaint_becomes_a_row_with_its_calendar(sink: Sink) -> None:
    late = complaint(1, occurred_at=START.replace(hour=18), given={"kategori": "jalan"})
    write(sink, entry(late, 0))
    (row,) = rows(sink, "FROM complaints")
    assert row["tgl_wib"].isoformat() == "2026-08-18"
    assert row["jam_wib"].isoformat() == "2026-08-18T01:00:00"
    assert (row["status"], row["kecamatan"], row["wilayah_kode"]) == (
        "baru",
        "Kanigoro",
        "35.05.10",
    )
    assert row["given"] == '{"kategori":"jalan"}'
    assert row["message_ids"] == list(late.message_ids)


def test_the_same_records_twice_change_nothing(sink: Sink) -> None:
    records = [*many(60), letter(0), health(0)]
    write(sink, *records)
    tables = ("complaints", "complaint_versions", "cases", "reporters", "parked", "positions")
    before = {t: rows(sink, f"FROM {t}") for t in tables}
    revision = sink.store.revision
    write(sink, *records)
    write(sink, *records[:30])
    assert {t: rows(sink, f"FROM {t}") for t in tables} == before
    assert sink.store.revision == revision


def test_positions_move_over_gaps_and_over_what_writes_no_row(sink: Sink) -> None:
    again = entry(complaint(1), 4, relation="redelivered")
    sink.handle(Batch([again], {}, {KEY: 9, ("cursors", 3): 2}))
    assert sink.positions() == {KEY: 9, ("cursors", 3): 2}
    assert rows(sink, "FROM complaints") == []


def test_an_edit_replaces_the_row_and_keeps_every_version(sink: Sink) -> None:
    first = complaint(1)
    edited = complaint(1, text="baru", edited_at=START + timedelta(hours=1))
    write(sink, entry(first, 0))
    write(sink, entry(edited, 1, relation="edited"), entry(complaint(2), 2))
    texts = [r["text"] for r in rows(sink, "FROM complaints ORDER BY arrived_seq")]
    assert texts == ["baru", complaint(2).text]
    assert len(rows(sink, "FROM complaint_versions")) == 3


@pytest.mark.parametrize("together", [True, False])
def test_an_older_version_that_comes_later_does_not_win(sink: Sink, together: bool) -> None:
    newer = entry(complaint(1, text="newer", edited_at=START + timedelta(hours=1)), 0)
    older = entry(complaint(1, text="older"), 1, relation="edited")
    if together:
        write(sink, newer, older)
    else:
        write(sink, newer)
        write(sink, older)
    assert [r["text"] for r in rows(sink, "FROM complaints")] == ["newer"]
    assert len(rows(sink, "FROM complaint_versions")) == 2


def test_a_case_counts_members_reporters_and_channels(sink: Sink) -> None:
    home = ids.case_id(complaint(1).complaint_id)
    write(sink, entry(complaint(1, channel="sms"), 0, case_id=home))
    joined = {"case_id": home, "relation": "joined"}
    write(
        sink,
        entry(complaint(2, channel="x", reporter_ref="ref1"), 1, **joined),
        entry(complaint(3, channel="x", reporter_ref=""), 2, **joined),
        entry(complaint(4, channel="x", reporter_ref=""), 3, **joined),
        entry(complaint(5, channel="x", klasifikasi="bukan_aduan"), 4, **joined),
        entry(complaint(6, channel="x", simulated=True), 5, **joined),
    )
    (case,) = rows(sink, "FROM cases")
    assert (case["members"], case["reporters"], case["channels"]) == (4, 3, ["sms", "x"])
    assert case["simulated"] is False


def test_a_confidential_complaint_lends_no_word_to_its_case(sink: Sink) -> None:
    hidden = complaint(1, klasifikasi="whistleblowing", text_masked="suap di dinas")
    home = ids.case_id(hidden.complaint_id)
    write(sink, entry(hidden, 0))
    assert [r["title"] for r in rows(sink, "FROM cases")] == ["(laporan rahasia)"]
    write(sink, entry(complaint(2), 1, case_id=home, relation="joined"))
    (case,) = rows(sink, "FROM cases")
    assert case["title"].startswith("Jalan rusak")
    assert [r["rahasia"] for r in rows(sink, "FROM complaints ORDER BY position")] == [True, False]


def test_a_complaint_that_moves_changes_both_cases(sink: Sink) -> None:
    one, two = complaint(1), complaint(2)
    home = ids.case_id(one.complaint_id)
    write(sink, entry(one, 0), entry(two, 1, case_id=home, relation="joined"))
    write(sink, entry(two, 2, relation="edited"))
    assert sorted(r["members"] for r in rows(sink, "FROM cases")) == [1, 1]


def test_acts_hold_for_the_case_and_its_complaints(sink: Sink) -> None:
    one, two = complaint(1), complaint(2)
    home = ids.case_id(one.complaint_id)
    write(sink, entry(one, 0), act("verify", 1, complaint_id=one.complaint_id))
    write(sink, entry(two, 2, case_id=home, relation="joined"))
    assert {r["status"] for r in rows(sink, "FROM complaints")} == {"terverifikasi"}
    write(sink, act("status", 3, case_id=home, value={"status": "selesai"}, outcome="refused"))
    assert {r["status"] for r in rows(sink, "FROM complaints")} == {"terverifikasi"}
    write(
        sink,
        act("disposisi", 4, case_id=home, value={"opd": "pupr"}),
        act("status", 5, case_id=home, value={"status": "proses"}),
        act("verify", 6, case_id=home),
    )
    for table in ("complaints", "cases"):
        found = {(r["status"], r["opd"]) for r in rows(sink, f"FROM {table}")}
        assert found == {("proses", "pupr")}
    outcomes = [r["outcome"] for r in rows(sink, "FROM decisions ORDER BY pub_seq")]
    assert outcomes == ["applied", "refused", "applied", "applied", "applied"]


def test_what_a_later_message_does_not_tell_about_a_reporter_is_kept(sink: Sink) -> None:
    write(sink, entry(complaint(1), 0))
    write(sink, entry(complaint(2, reporter_ref="ref1", reporter=Sender(name="Pak Budi")), 1))
    (reporter,) = rows(sink, "FROM reporters")
    assert (reporter["name"], reporter["contact"]) == ("Pak Budi", "+6281234000001")


def test_health_keeps_the_newest_and_letters_are_listed(sink: Sink) -> None:
    write(sink, health(0), health(1, "x"), health(2, state="gagal", sentence="kunci ditolak"))
    write(sink, letter(0), health(3, "x", state="mati"))
    states = rows(sink, "SELECT channel, state FROM channel_health ORDER BY channel")
    assert [tuple(r.values()) for r in states] == [("sms", "gagal"), ("x", "mati")]
    assert [r["stage"] for r in rows(sink, "FROM parked")] == ["normalizer"]


def test_a_record_nobody_understands_stops_no_neighbour(sink: Sink) -> None:
    poison = Stored("deduplicated", KEY[1], 1, "event", b'{"tenant": 1}')
    write(sink, entry(complaint(1), 0), poison, entry(complaint(2), 2))
    assert len(rows(sink, "FROM complaints")) == 2
    (parked,) = rows(sink, "FROM parked")
    assert (parked["stage"], parked["reason"]) == (
        "sink",
        "catatan deduplicated/7/1: ValidationError",
    )


def test_odd_characters_and_numbers_pass_through(sink: Sink, clock: FrozenClock) -> None:
    odd = "\x00 \ufffd \u202e 😀 ' \" \\ \n"
    why = Explanation(field=odd, value=odd, rule=odd, words=(odd,))
    made = complaint(1, text=odd, text_masked=odd, given={odd: float("nan")}, explain=(why,))
    write(sink, entry(made, 0, reason=odd), act("note", 1, value={odd: [odd, 2**70]}))
    assert [r["text"] for r in rows(sink, "FROM complaints")] == [odd]
    assert sink.maybe_publish(clock.at)


def test_a_second_sink_is_told_that_the_file_is_taken(sink: Sink, tmp_path: Path) -> None:
    with pytest.raises(RetryLater, match="dipakai proses lain"):
        Sink(tmp_path, {}, {TENANT: b"k"})


def test_a_file_opened_again_stands_where_it_was(tmp_path: Path, sink: Sink) -> None:
    write(sink, *many(60))
    positions, seq = sink.positions(), sink.store.pub_seq
    sink.close()
    again = Sink(tmp_path, {}, {TENANT: b"k"})
    assert (again.positions(), again.store.pub_seq) == (positions, seq)
    again.close()


def homes(sink: Sink) -> dict[str, str]:
    return {r["complaint_id"]: r["case_id"] for r in rows(sink, "FROM complaints")}


@pytest.mark.parametrize("together", [True, False])
def test_a_merge_and_a_split_move_complaints_and_count_both_cases(
    sink: Sink, together: bool
) -> None:
    one, other, third = (complaint(n) for n in range(3))
    a, b = ids.case_id(one.complaint_id), ids.case_id(other.complaint_id)
    own = ids.case_id(third.complaint_id)
    joined = entry(third, 2, case_id=b, relation="joined")
    edited = third.model_copy(
        update={"version": "v2", "edited_at": START + timedelta(hours=1), "text": "Sudah lubang"}
    )
    steps = [
        entry(one, 0), entry(other, 1), joined,
        act("disposisi", 3, case_id=b, value={"opd": "DPUPR"}, landed=b),
        act("merge", 4, case_id=a, value={"case_id": b, "status": "disposisi"}, landed=a),
        act("split", 5, complaint_id=third.complaint_id, landed=own),
        entry(edited, 6, case_id=own, relation="edited"),
    ]  # fmt: skip
    for batch in [steps] if together else [[step] for step in steps]:
        write(sink, *batch)
    assert homes(sink) == {one.complaint_id: a, other.complaint_id: a, third.complaint_id: own}
    found = {r["case_id"]: r for r in rows(sink, "FROM cases")}
    assert {case: r["members"] for case, r in found.items()} == {a: 2, own: 1}
    assert found[own]["status"] == "baru"


def test_a_merged_case_stands_as_was_chosen_and_takes_its_complaints_with_it(sink: Sink) -> None:
    one, other = complaint(0), complaint(1)
    a, b = ids.case_id(one.complaint_id), ids.case_id(other.complaint_id)
    write(sink, entry(one, 0), entry(other, 1))
    merged = act("merge", 2, case_id=b, value={"case_id": a}, landed=a)
    record = RegisterEntry.model_validate_json(merged.value)
    chosen = record.model_copy(update={"status": "proses", "opd": "DLH"})
    write(sink, stored(chosen, 2))
    assert [(r["case_id"], r["status"], r["opd"]) for r in rows(sink, "FROM complaints")] == [
        (a, "proses", "DLH"), (a, "proses", "DLH"),
    ]  # fmt: skip
    # An act that names the case that is no more has landed in the one that stands for it.
    write(sink, act("arsip", 3, case_id=b, landed=a))
    assert {r["status"] for r in rows(sink, "FROM complaints")} == {"arsip"}
    assert [r["case_id"] for r in rows(sink, "FROM cases")] == [a]
