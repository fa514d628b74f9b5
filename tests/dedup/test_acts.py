"""What acts do to cases: they win over the machine, are remembered, and say what they refuse."""

from typing import Any

import pytest

from core.ids import case_id
from core.schema import Complaint, Decision, RegisterEntry
from tests.dedup.makers import KANIGORO, TLOGO, act, enter, sequencer, told

HOLE = "Jalan berlubang di depan balai desa Minggirsari banyak pengendara jatuh"
VAGUE = "Jalan rusak berlubang parah di kanigoro mohon diperbaiki"
A, B, C = told(1, HOLE), told(2, HOLE), told(3, HOLE, place=TLOGO)
CASE_A, CASE_C = case_id(A.complaint_id), case_id(C.complaint_id)


def cases(*records: Complaint | Decision) -> dict[str, str]:
    """Return the case of every complaint, asked by an edit of each at the end."""
    made, known = sequencer(), {r.external_id: r for r in records if isinstance(r, Complaint)}
    enter(made, *records)
    asked = [c.model_copy(update={"version": "tanya"}) for c in known.values()]
    return {
        e.complaint.external_id: e.case_id
        for e in enter(made, *asked, start=100) if e.complaint
    }  # fmt: skip


def last(*records: Complaint | Decision) -> RegisterEntry:
    return enter(sequencer(), *records)[-1]


def merge(number: int, one: str, other: str, **value: str) -> Decision:
    return act(number, "merge", case_id=one, value={"case_id": other} | value)


def status(number: int, case: str, to: str) -> Decision:
    return act(number, "status", case_id=case, value={"status": to})


def disposisi(number: int, case: str, opd: str) -> Decision:
    return act(number, "disposisi", case_id=case, value={"opd": opd})


def split(number: int, complaint: Complaint) -> Decision:
    return act(number, "split", complaint_id=complaint.complaint_id)


def test_a_merge_keeps_the_older_case_whichever_is_named_first() -> None:
    for one, other in ((CASE_A, CASE_C), (CASE_C, CASE_A)):
        assert set(cases(A, C, merge(1, one, other)).values()) == {CASE_A}
        assert last(A, C, merge(1, one, other)).case_id == CASE_A


def test_what_joins_a_merged_case_joins_what_it_became() -> None:
    late = told(9, HOLE, place=TLOGO)
    found = cases(A, C, merge(1, CASE_A, CASE_C), late)
    # The case holds two desa now: the machine leaves the third to a person.
    assert found["m9"] == case_id(late.complaint_id)
    entry = last(A, C, merge(1, CASE_A, CASE_C), late)
    assert (entry.relation, entry.suggested_case_id) == ("suggested", CASE_A)
    assert "menyebut tempat lain" in entry.reason


@pytest.mark.parametrize(
    ("before", "value", "outcome", "words"),
    [
        ([status(1, CASE_A, "selesai")], {}, "applied", "lebih tua"),
        ([status(1, CASE_A, "proses")], {}, "refused", "Status kedua kasus berbeda (baru, proses)"),
        ([status(1, CASE_A, "proses")], {"status": "proses"}, "applied", ""),
        ([status(1, CASE_A, "proses")], {"status": "arsip"}, "refused", "pilih yang berlaku"),
        ([disposisi(1, CASE_A, "DPUPR"), disposisi(2, CASE_C, "DLH")], {}, "refused", "OPD kedua"),
        ([disposisi(1, CASE_A, "DPUPR"), disposisi(2, CASE_C, "DLH")], {"opd": "DLH"}, "applied",
         ""),
        ([merge(1, CASE_A, CASE_C)], {}, "refused", "sudah digabung"),
    ],
)  # fmt: skip
def test_merging_what_stands_differently(
    before: list[Decision], value: dict[str, str], outcome: str, words: str
) -> None:
    entry = last(A, C, *before, merge(9, CASE_A, CASE_C, **value))
    assert entry.outcome == outcome
    assert words in entry.sentence


def test_open_beats_closed_in_a_merge() -> None:
    acts = (status(1, CASE_A, "selesai"), merge(2, CASE_A, CASE_C))
    stale = act(3, "arsip", case_id=CASE_A, seen=0)
    assert "sekarang berstatus baru" in last(A, C, *acts, stale).sentence


def test_a_split_complaint_gets_a_case_of_its_own_and_is_not_suggested_again() -> None:
    found = cases(A, B, split(1, B))
    assert found == {"m1": CASE_A, "m2": case_id(B.complaint_id)}
    edited = B.model_copy(update={"version": "v2"})
    entry = last(A, B, split(1, B), edited)
    assert (entry.relation, entry.suggested_case_id) == ("edited", "")


def test_the_opening_complaint_can_leave_its_own_case() -> None:
    found = cases(A, B, split(1, A))
    assert found["m2"] == CASE_A
    assert found["m1"] not in (CASE_A, case_id(B.complaint_id))
    # ... come back and leave again, under an id that never was.
    back = merge(2, CASE_A, found["m1"])
    again = cases(A, B, split(1, A), back, split(3, A))
    assert again["m2"] == CASE_A
    assert len({CASE_A, found["m1"], again["m1"]}) == 3


def test_alone_cannot_be_split() -> None:
    assert "satu-satunya" in last(A, split(1, A)).sentence


def test_not_same_is_never_suggested_again() -> None:
    one, other = told(1, VAGUE, place=KANIGORO), told(2, VAGUE, place=KANIGORO)
    edited = other.model_copy(update={"version": "v2"})
    suggested = enter(sequencer(), one, other, edited)
    assert [e.suggested_case_id for e in suggested] == ["", CASE_A, CASE_A]
    apart = act(1, "not_same", complaint_id=other.complaint_id, value={"case_id": CASE_A})
    assert last(one, other, apart, edited).suggested_case_id == ""
    # Nor the other way round, nor by way of a case that one of them was merged into.
    turned = one.model_copy(update={"version": "v2"})
    assert last(one, other, apart, turned).suggested_case_id == ""


def test_a_closed_case_takes_in_nothing_by_itself() -> None:
    entry = last(A, status(1, CASE_A, "selesai"), B)
    assert (entry.relation, entry.suggested_case_id) == ("suggested", CASE_A)
    assert "sudah ditutup" in entry.reason


@pytest.mark.parametrize(
    ("value", "relation"),
    [
        ({"rahasia": True}, "opened"),
        ({"klasifikasi": "bukan_aduan"}, "opened"),
        ({"kategori": "pju"}, "suggested"),
        ({"wilayah": {"kode": "35.05.10.2007"}}, "opened"),
        ({"urgency": "high"}, "joined"),
    ],
)
def test_a_correction_holds_for_what_comes_after(value: dict[str, Any], relation: str) -> None:
    corrected = act(1, "correct", complaint_id=A.complaint_id, value=value)
    assert last(A, corrected, B).relation == relation
    # It outlives a later version of the same complaint, which the machine reads as before.
    edited = A.model_copy(update={"version": "v2"})
    assert last(A, corrected, edited, B).relation == relation


def test_a_confidential_flag_can_be_lifted() -> None:
    hidden = A.model_copy(update={"rahasia": True})
    lifted = act(1, "correct", complaint_id=A.complaint_id, value={"rahasia": False})
    edited = hidden.model_copy(update={"version": "v2"})
    assert last(hidden, lifted, edited, B).relation == "joined"


def test_a_file_may_be_told_of_before_its_complaint() -> None:
    fact = act(1, "attachment", complaint_id=A.complaint_id)
    entry = last(fact)
    assert (entry.outcome, entry.case_id) == ("applied", "")
    assert last(A, fact).case_id == CASE_A
    # A machine's fact overtakes no operator.
    assert last(A, fact, act(2, "verify", case_id=CASE_A, seen=0)).outcome == "applied"
    assert last(act(3, "attachment", case_id=CASE_A)).outcome == "refused"


def test_late_verification_does_not_set_a_case_back() -> None:
    acts = (disposisi(1, CASE_A, "DPUPR"), act(2, "verify", case_id=CASE_A))
    stale = last(A, *acts, act(3, "note", case_id=CASE_A, seen=1))
    assert "siti memverifikasi; sekarang berstatus disposisi pada DPUPR" in stale.sentence


def test_an_act_on_a_complaint_that_has_moved_is_refused() -> None:
    note = act(2, "note", case_id=CASE_A, complaint_id=B.complaint_id)
    assert last(A, B, note).outcome == "applied"
    assert "tidak berada di kasus itu" in last(A, B, split(1, B), note).sentence


def test_acts_and_tickets_survive_a_replay_with_new_rules() -> None:
    """Everything is understood again, otherwise than before; what people decided stands."""
    third, fourth = told(4, HOLE), told(5, VAGUE, place=KANIGORO)
    apart = act(2, "not_same", complaint_id=fourth.complaint_id, value={"case_id": CASE_A})
    made = sequencer()
    before = enter(made, A, B, C, third, fourth, merge(1, CASE_A, CASE_C), split(3, B), apart)
    again = [
        c.model_copy(update={"rules_version": "r2", "kategori": "sampah", "text_clean": VAGUE})
        for c in (A, B, C, third, fourth)
    ]
    after = enter(made, *again, start=50)
    assert {e.relation for e in after} == {"edited"}
    assert [e.case_id for e in after] == [
        CASE_A, case_id(B.complaint_id), CASE_A, CASE_A, case_id(fourth.complaint_id),
    ]  # fmt: skip
    tickets = [e.complaint.ticket_no for e in before if e.complaint]
    assert [e.complaint.ticket_no for e in after if e.complaint] == tickets
    assert len(set(tickets)) == len(tickets)
    assert after[-1].suggested_case_id != CASE_A
