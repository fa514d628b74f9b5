"""The sequencer: once each, in one order, the same after every restart; tickets, edits, acts."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.bus import Stored
from core.errors import ConfigError, Unparseable
from core.ids import case_id
from core.schema import Complaint, Decision
from dedup import Sequencer, assign_lines, tickets
from tests.dedup.makers import (
    PART,
    TENANT,
    TLOGO,
    act,
    enter,
    policy,
    sequencer,
    stored,
    told,
)

HOLE = "Jalan berlubang di depan balai desa Minggirsari banyak pengendara jatuh"
FIRST = told(1, HOLE)
CASE = case_id(FIRST.complaint_id)


def test_a_redelivery_leaves_nothing_and_another_raw_of_it_a_skeleton() -> None:
    made = sequencer()
    again = told(1, HOLE, raw_id="f" * 32)
    entries = enter(made, FIRST, FIRST, again, again)
    assert [e.relation for e in entries] == ["opened", "redelivered"]
    skeleton = entries[1].complaint
    assert skeleton is not None
    assert (skeleton.text, skeleton.reporter_ref) == ("", "")
    assert skeleton.raw_id == again.raw_id


def test_an_edit_keeps_ticket_and_case_and_new_rules_are_a_reread() -> None:
    made = sequencer()
    edited = told(1, HOLE + " parah", version="v2", raw_id="e" * 32)
    reread = told(1, HOLE, rules_version="r2")
    opened, changed, new_rules = enter(made, FIRST, edited, reread)
    assert [changed.relation, new_rules.relation] == ["edited", "edited"]
    assert (changed.reread, new_rules.reread) == (False, True)
    for entry in (changed, new_rules):
        assert entry.case_id == opened.case_id == CASE
        assert entry.complaint is not None
        assert opened.complaint is not None
        assert entry.complaint.ticket_no == opened.complaint.ticket_no


def test_entries_bear_the_records_time_and_source() -> None:
    (entry,) = enter(sequencer(), FIRST, start=41)
    assert entry.entered_at == FIRST.received_at
    assert (entry.source.topic, entry.source.partition, entry.source.offset) == (
        "normalized", PART, 41,
    )  # fmt: skip


def test_what_is_no_complaint_gets_no_ticket_until_it_becomes_one() -> None:
    made = sequencer()
    greeting = told(1, "suwun pak", klasifikasi="bukan_aduan")
    complaint = told(1, "suwun pak", version="v2", raw_id="a" * 32)
    first, second = enter(made, greeting, complaint)
    assert first.complaint is not None
    assert second.complaint is not None
    assert first.complaint.ticket_no == ""
    assert second.complaint.ticket_no == "BLT-000001-" + tickets.check_digit("000001")


@pytest.mark.parametrize(
    "record",
    [
        Stored("normalized", PART, 0, "e", b"{"),
        Stored("normalized", PART, 0, "e", b'{"tenant": "kab-blitar"}'),
        Stored("decisions", PART, 0, "e", b"[]"),
        Stored("raw", PART, 0, "e", b"{}"),
        stored(told(1, HOLE, tenant="kab-lain"), 0),
    ],
)
def test_a_stranger_is_unparseable(record: Stored) -> None:
    with pytest.raises(Unparseable) as refused:
        sequencer().enter(record)
    assert HOLE not in str(refused.value)


def test_a_bad_prefix_is_told_at_the_start() -> None:
    with pytest.raises(ConfigError, match="ticket_prefix"):
        Sequencer(policy(), {TENANT: "blt-1"})


WRITTEN: list[Complaint | Decision] = [
    told(1, HOLE), told(2, HOLE), told(3, HOLE, place=TLOGO), told(1, HOLE),
    told(1, HOLE + " sekali", version="v2", raw_id="1" * 32),
    told(4, "Lampu mati gelap", kategori="pju"), told(5, "suwun", klasifikasi="bukan_aduan"),
    told(2, HOLE, rules_version="r2"), told(6, HOLE, raw_id="6" * 32, rahasia=True),
    act(1, "verify", case_id=CASE), act(2, "disposisi", case_id=CASE, value={"opd": "DPUPR"}),
    act(3, "split", complaint_id=told(2, HOLE).complaint_id),
    act(4, "merge", case_id=CASE, value={"case_id": case_id(told(3, HOLE).complaint_id)}),
    act(5, "status", case_id=CASE, value={"status": "selesai"}, seen=0),
    act(6, "correct", complaint_id=FIRST.complaint_id, value={"kategori": "pju"}),
    act(7, "correct", complaint_id=told(2, HOLE).complaint_id, value={"rahasia": True}),
    act(8, "not_same", complaint_id=told(3, HOLE).complaint_id, value={"case_id": CASE}),
    act(9, "split", complaint_id=FIRST.complaint_id),
    act(10, "attachment", complaint_id=FIRST.complaint_id),
    told(7, "Sampah", minutes=60 * 24 * 9), told(8, HOLE + " sekali", history=True),
    act(1, "verify", case_id=CASE),
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(WRITTEN), max_size=25),
    st.integers(min_value=0, max_value=25),
)
def test_a_restart_anywhere_writes_the_same_register(
    records: list[Complaint | Decision], stop: int
) -> None:
    """What another process folded and went on with is byte for byte an undisturbed run."""

    def run(made: Sequencer, part: list[Complaint | Decision], start: int) -> list[bytes]:
        outs = [made.enter(stored(r, n)) for n, r in enumerate(part, start)]
        return [out.value for written in outs for out in written]

    undisturbed = run(sequencer(), records, 0)
    before = run(sequencer(), records[:stop], 0)
    woken = sequencer()
    for value in before:
        woken.fold_bytes(value)
    assert before + run(woken, records[stop:], len(records[:stop])) == undisturbed
    entries = [json.loads(value) for value in undisturbed]
    given_out = {
        (e["complaint"]["ticket_no"], e["complaint"]["complaint_id"])
        for e in entries
        if e["kind"] == "complaint" and e["complaint"]["ticket_no"]
    }
    assert len({ticket for ticket, _ in given_out}) == len(given_out)
    sources = [tuple(e["source"].values()) for e in entries]
    assert len(set(sources)) == len(sources)


def outcome(*records: Complaint | Decision) -> tuple[str | None, str]:
    last = enter(sequencer(), FIRST, told(2, HOLE), *records)[-1]
    return last.outcome, last.sentence


@pytest.mark.parametrize(
    ("decision", "result", "words"),
    [
        (act(1, "verify", case_id=CASE), "applied", "diverifikasi"),
        (act(1, "disposisi", case_id=CASE, value={"opd": "DPUPR"}), "applied", "ke DPUPR"),
        (act(1, "disposisi", case_id=CASE), "refused", "belum menyebut OPD"),
        (act(1, "status", case_id=CASE, value={"status": "proses"}), "applied", "proses"),
        (act(1, "status", case_id=CASE, value={"status": "gaib"}), "refused", "tidak dikenal"),
        (act(1, "verify", case_id="tidak-ada"), "refused", "Kasus ini tidak dikenal"),
        (act(1, "correct", complaint_id="x", value={}), "refused", "Laporan ini tidak dikenal"),
        (act(1, "merge", case_id=CASE, value={"case_id": CASE}), "refused", "sudah satu kasus"),
        (act(1, "undo", case_id=CASE), "refused", "belum didukung"),
    ],
)
def test_an_act_has_an_outcome_and_a_sentence(decision: Decision, result: str, words: str) -> None:
    found, sentence = outcome(decision)
    assert found == result
    assert words in sentence


def test_a_stale_act_is_refused_with_what_the_other_did() -> None:
    one = act(1, "disposisi", case_id=CASE, value={"opd": "DPUPR"}, actor="budi", seen=0)
    other = act(2, "arsip", case_id=CASE, seen=0)
    found, sentence = outcome(one, other)
    assert found == "refused"
    assert "budi mendisposisikan" in sentence
    assert "DPUPR" in sentence


def test_the_same_act_sent_twice_is_one() -> None:
    entries = enter(sequencer(), FIRST, act(1, "verify", case_id=CASE),
                    act(1, "verify", case_id=CASE))  # fmt: skip
    assert [e.kind for e in entries] == ["complaint", "decision"]


@pytest.mark.parametrize("digits", ["000001", "000481", "123456", "999999"])
def test_a_slip_in_a_ticket_shows(digits: str) -> None:
    ticket = tickets.write("BLT", int(digits))
    assert tickets.read(ticket) == ("BLT", int(digits))
    whole = digits + ticket[-1]
    slips = {
        whole[:n] + other + whole[n + 1 :]
        for n in range(len(whole)) for other in "0123456789" if other != whole[n]
    }  # fmt: skip
    slips |= {
        whole[:n] + whole[n + 1] + whole[n] + whole[n + 2 :]
        for n in range(len(whole) - 1) if whole[n] != whole[n + 1]
    }  # fmt: skip
    assert all(tickets.read(f"BLT-{s[:-1]}-{s[-1]}") is None for s in slips)


def lines(*given_: dict[str, Any]) -> list[dict[str, Any]]:
    found = assign_lines([json.dumps(line) for line in given_], policy())
    return [json.loads(line) for line in found]


def test_lines_keep_what_they_do_not_know_and_their_order() -> None:
    one = json.loads(FIRST.model_dump_json()) | {"catatan": "ikut"}
    two = json.loads(told(2, HOLE).model_dump_json())
    found = lines(one, two, one)
    assert [f["relation"] for f in found] == ["opened", "joined", "redelivered"]
    assert found[0]["catatan"] == "ikut"
    assert {f["case_id"] for f in found} == {CASE}


@pytest.mark.parametrize(
    ("line", "place"),
    [("{", "baris 2"), ("[]", "baris 2"), ('{"occurred_at": "besok"}', "baris 2")],
)
def test_a_bad_line_is_named(line: str, place: str) -> None:
    good = FIRST.model_dump_json()
    with pytest.raises(ConfigError, match=place):
        list(assign_lines([good, line], policy()))


def test_what_was_handed_over_to_sp4n_comes_back_as_the_same_complaint() -> None:
    made = sequencer()
    row = told(9, "Jalan berlubang", channel="sp4n", sp4n_tracking_id="7001", kategori="sampah")
    number = act(1, "sp4n", complaint_id=FIRST.complaint_id, value={"tracking_id": " 7001"})
    other = row.model_copy(update={"sp4n_tracking_id": "7002"})
    _, _, back, *rest = enter(made, FIRST, number, row, row)
    assert (back.relation, back.case_id) == ("redelivered", CASE)
    assert rest == []
    assert back.complaint is not None
    assert back.complaint.text == ""
    assert enter(sequencer(), FIRST, number, other)[-1].relation != "redelivered"
