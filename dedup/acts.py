"""Applies Decisions: `judge` says whether and to what effect, `fold` makes the effect hold.

What an act needs in `value`: disposisi {"opd"}, status {"status"}, merge {"case_id"} of the other
case (and "status" or "opd" where the two differ), not_same {"case_id"}, correct {field: value}. The
entry's `case_id` is where the act landed: a merge's surviving case, a split complaint's new one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from core import ids
from core.schema import Decision, DecisionKind, RegisterEntry
from dedup.cases import CLOSED, STATUSES
from dedup.register import UNKNOWN, Register

NO_CASE = "Kasus ini tidak dikenal."
NO_COMPLAINT = "Laporan ini tidak dikenal."

# Acts that name a complaint; the others are acts on a case.
_ON_COMPLAINT: frozenset[DecisionKind] = frozenset({"correct", "split", "not_same", "sp4n"})
_STATUS_OF: Mapping[DecisionKind, str] = {
    "disposisi": "disposisi",
    "bukan_wewenang": "bukan_wewenang",
    "arsip": "arsip",
}
_DID: Mapping[DecisionKind, str] = {
    "verify": "memverifikasi",
    "correct": "mengoreksi",
    "disposisi": "mendisposisikan",
    "status": "mengubah status",
    "tindak_lanjut": "mencatat tindak lanjut",
    "merge": "menggabungkan kasus",
    "split": "memisahkan laporan",
    "not_same": "menandai bukan kasus yang sama",
    "bukan_wewenang": "menyatakan bukan wewenang",
    "arsip": "mengarsipkan",
    "sp4n": "mencatat SP4N",
    "note": "menulis catatan",
    "assign": "mengambil kasus",
}
_DONE: Mapping[DecisionKind, str] = {
    "verify": "Kasus diverifikasi.",
    "correct": "Koreksi dicatat.",
    "tindak_lanjut": "Tindak lanjut dicatat.",
    "bukan_wewenang": "Kasus dinyatakan bukan wewenang.",
    "arsip": "Kasus diarsipkan.",
    "sp4n": "Data SP4N dicatat.",
    "note": "Catatan disimpan.",
    "assign": "Kasus diambil.",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a decision."""

    outcome: Literal["applied", "refused"]
    sentence: str
    case_id: str = ""
    # How the surviving case of a merge stands.
    status: str = ""
    opd: str = ""


@dataclass(frozen=True, slots=True)
class _Act:
    """A decision with what it is about: the case as it stands, the complaint if one is named."""

    decision: Decision
    case: int
    complaint: int

    def value(self, key: str) -> str:
        found = self.decision.value.get(key)
        return found if isinstance(found, str) else ""


class _Refused(Exception):
    """Carries the sentence that the operator reads."""


def judge(register: Register, decision: Decision) -> Outcome:
    """Say what a decision amounts to on the case as it stands."""
    if decision.kind == "attachment":
        return _attachment(register, decision)
    case_id = ""
    try:
        act = _target(register, decision)
        case_id = register.cases.name(act.case)
        _check_seen(register, act)
        sentence, case_id = _KINDS.get(decision.kind, _plain)(register, act)
    except _Refused as refusal:
        return Outcome("refused", str(refusal), case_id)
    if decision.kind != "merge":
        return Outcome("applied", sentence, case_id)
    return Outcome("applied", sentence, case_id, *_merged_standing(register, decision))


def fold(register: Register, entry: RegisterEntry, decision: Decision) -> None:
    """Make an entered decision hold."""
    register.enter_decision(decision)
    if entry.outcome != "applied" or decision.kind == "attachment":
        return
    cases, number = register.cases, register.whole(register.find(decision.complaint_id))
    case = register.case_of(number) if number != UNKNOWN else cases.find(decision.case_id)
    if case == UNKNOWN:
        return
    if decision.kind == "merge":
        _fold_merge(register, entry, decision)
    elif decision.kind == "split":
        register.move(number, entry.case_id)
        cases.touch(cases.open(entry.case_id), decision.kind, decision.actor)
    elif decision.kind == "not_same":
        other = cases.find(str(decision.value.get("case_id", "")))
        cases.keep_apart(cases.standing(case), cases.standing(other))
    elif decision.kind == "correct":
        register.correct(number, decision.value)
    elif decision.kind == "sp4n":
        register.handed_over(number, decision.value)
    else:
        _fold_status(register, cases.standing(case), decision)
    cases.touch(cases.standing(case), decision.kind, decision.actor)


def _target(register: Register, decision: Decision) -> _Act:
    number = register.whole(register.find(decision.complaint_id))
    if number == UNKNOWN and (decision.complaint_id or decision.kind in _ON_COMPLAINT):
        raise _Refused(NO_COMPLAINT)
    named = register.cases.find(decision.case_id)
    if named == UNKNOWN and (decision.case_id or number == UNKNOWN):
        raise _Refused(NO_CASE)
    if number == UNKNOWN:
        return _Act(decision, register.cases.standing(named), number)
    case = register.case_of(number)
    if named != UNKNOWN and register.cases.standing(named) != case:
        raise _Refused("Laporan ini sudah tidak berada di kasus itu. Muat ulang dahulu.")
    return _Act(decision, case, number)


def _check_seen(register: Register, act: _Act) -> None:
    """Refuse what was decided on a screen that has been overtaken, and say by what."""
    seen, cases = act.decision.seen, register.cases
    if seen is None or seen >= cases.revision[act.case]:
        return
    kind, actor = cases.last_act(act.case)
    opd = cases.opd(act.case)
    stands = f"berstatus {cases.status(act.case)}" + (f" pada {opd}" if opd else "")
    raise _Refused(
        f"Kasus sudah berubah sejak Anda membukanya: {actor} {_DID[kind]}; "
        f"sekarang {stands}. Muat ulang dahulu."
    )


def _attachment(register: Register, decision: Decision) -> Outcome:
    """Keep a fact about a file; it may well come before the complaint it belongs to."""
    if not decision.complaint_id:
        return Outcome("refused", NO_COMPLAINT)
    number = register.find(decision.complaint_id)
    if number == UNKNOWN:
        return Outcome("applied", "Lampiran dicatat sebelum laporannya masuk.")
    return Outcome("applied", "Lampiran dicatat.", register.cases.name(register.case_of(number)))


_Done = tuple[str, str]
"""The sentence, and the case in which the act landed."""


def _plain(register: Register, act: _Act) -> _Done:
    return _DONE[act.decision.kind], register.cases.name(act.case)


def _disposisi(register: Register, act: _Act) -> _Done:
    opd = act.value("opd")
    if not opd:
        raise _Refused("Disposisi belum menyebut OPD.")
    return f"Kasus didisposisikan ke {opd}.", register.cases.name(act.case)


def _status(register: Register, act: _Act) -> _Done:
    status = act.value("status")
    if status not in STATUSES:
        raise _Refused("Status itu tidak dikenal.")
    return f"Status menjadi {status}.", register.cases.name(act.case)


def _merge(register: Register, act: _Act) -> _Done:
    cases = register.cases
    named = (cases.find(act.decision.case_id), cases.find(act.value("case_id")))
    if UNKNOWN in named:
        raise _Refused(NO_CASE)
    if any(cases.standing(case) != case for case in named):
        raise _Refused("Salah satu kasus sudah digabung ke kasus lain. Muat ulang dahulu.")
    if named[0] == named[1]:
        raise _Refused("Keduanya sudah satu kasus.")
    _merged_standing(register, act.decision)
    return "Kasus digabung ke kasus yang lebih tua.", cases.name(min(named))


def _merged_standing(register: Register, decision: Decision) -> tuple[str, str]:
    """Return status and OPD of two cases made one: open beats closed, else the operator chose."""
    cases = register.cases
    one, other = cases.find(decision.case_id), cases.find(str(decision.value.get("case_id", "")))
    statuses = {cases.status(one), cases.status(other)}
    still_open = statuses - CLOSED
    if len(still_open) == 1:
        statuses = still_open
    opds = {opd for opd in (cases.opd(one), cases.opd(other)) if opd}
    chosen = [
        _chosen(options, decision.value.get(key), question)
        for options, key, question in (
            (statuses, "status", "Status kedua kasus berbeda"),
            (opds or {""}, "opd", "OPD kedua kasus berbeda"),
        )
    ]
    return chosen[0], chosen[1]


def _chosen(options: set[str], choice: object, question: str) -> str:
    if len(options) == 1:
        return next(iter(options))
    if isinstance(choice, str) and choice in options:
        return choice
    raise _Refused(f"{question} ({', '.join(sorted(options))}): pilih yang berlaku.")


def _split(register: Register, act: _Act) -> _Done:
    if register.head_of(register.find(act.decision.complaint_id)) != UNKNOWN:
        raise _Refused("Pesan ini bagian dari satu laporan; memisahkannya belum didukung.")
    cases, decision = register.cases, act.decision
    if cases.members[act.case] < 2:
        raise _Refused("Laporan ini satu-satunya di kasusnya.")
    case_id = ids.case_id(decision.complaint_id)
    if cases.find(case_id) != UNKNOWN:
        # Its own case lives on without it: the opening complaint is the one that leaves.
        case_id = ids.case_id(f"{decision.complaint_id}/{decision.decision_id}")
    return "Laporan dipisahkan menjadi kasus sendiri.", case_id


def _not_same(register: Register, act: _Act) -> _Done:
    other = register.cases.find(act.value("case_id"))
    if other == UNKNOWN:
        raise _Refused(NO_CASE)
    if register.cases.standing(other) == act.case:
        raise _Refused("Laporan ini berada di kasus itu: pisahkan dahulu.")
    return "Dicatat: bukan kasus yang sama.", register.cases.name(act.case)


def _not_yet(_register: Register, act: _Act) -> _Done:
    name = {"undo": "Membatalkan keputusan", "return": "Mengembalikan disposisi"}
    raise _Refused(f"{name[act.decision.kind]} belum didukung rilis ini.")


_KINDS: Mapping[DecisionKind, Callable[[Register, _Act], _Done]] = {
    "disposisi": _disposisi,
    "status": _status,
    "merge": _merge,
    "split": _split,
    "not_same": _not_same,
    "undo": _not_yet,
    "return": _not_yet,
}


def _fold_merge(register: Register, entry: RegisterEntry, decision: Decision) -> None:
    cases = register.cases
    named = (cases.find(decision.case_id), cases.find(str(decision.value.get("case_id", ""))))
    survivor = cases.find(entry.case_id)
    status, opd = _merged_standing(register, decision)
    cases.merge(next(case for case in named if case != survivor), survivor)
    cases.put(survivor, status, opd)


def _fold_status(register: Register, case: int, decision: Decision) -> None:
    cases, kind = register.cases, decision.kind
    status, opd = cases.status(case), cases.opd(case)
    if kind == "verify" and status == "baru":
        # A case that is further on does not fall back because it is verified late.
        status = "terverifikasi"
    elif kind == "status":
        status = str(decision.value["status"])
    elif kind in _STATUS_OF:
        status = _STATUS_OF[kind]
        opd = str(decision.value["opd"]) if kind == "disposisi" else opd
    cases.put(case, status, opd)
