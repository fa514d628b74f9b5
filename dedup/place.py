"""Finds the case a complaint belongs to, and says why; it looks and changes nothing."""

from dataclasses import dataclass

from core import ids
from core.schema import Complaint, Relation
from dedup import reasons
from dedup.cases import CLOSED
from dedup.compare import Evidence, Verdict, compare, judge
from dedup.fingerprint import Fingerprint
from dedup.register import UNKNOWN, Register
from dedup.versions import Seen


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a complaint goes."""

    relation: Relation
    case_id: str
    suggested_case_id: str = ""
    score: float = 0.0
    reason: str = ""
    # The same version as before, understood by other rules.
    reread: bool = False


@dataclass(frozen=True, slots=True)
class _Match:
    """The best that was found: a complaint of another case, and what the two amount to."""

    other: Fingerprint
    case: int
    evidence: Evidence
    verdict: Verdict

    @property
    def rank(self) -> tuple[int, float, int]:
        order = ("opened", "suggested", "joined").index(self.verdict.outcome)
        return order, self.verdict.score, -self.other.complaint


def place(register: Register, complaint: Complaint, near: Fingerprint | None) -> Placement:
    """Place a complaint; `near` is what the register reads in it, None if it is not compared."""
    number = register.find(complaint.complaint_id)
    if number != UNKNOWN:
        return _again(register, number, complaint, near)
    case_id = ids.case_id(complaint.complaint_id)
    if near is None:
        return Placement("opened", case_id, reason=reasons.not_compared(complaint))
    match = _best(register, near, own_case=UNKNOWN)
    if match is None:
        return Placement("opened", case_id, reason=reasons.ALONE)
    if match.verdict.outcome == "opened":
        return Placement("opened", case_id, reason=reasons.apart(match.verdict))
    common = reasons.similar(near, match.other, match.evidence, complaint, register.policy)
    target, score = register.cases.name(match.case), match.verdict.score
    if match.verdict.outcome == "joined":
        return Placement("joined", target, score=score, reason=common)
    reason = reasons.suggestion(common, match.verdict.why_not)
    return Placement("suggested", case_id, target, score, reason)


def _again(
    register: Register, number: int, complaint: Complaint, near: Fingerprint | None
) -> Placement:
    """Place what is known already: it keeps its case; what it might belong to is looked up anew."""
    case = register.case_of(number)
    case_id = register.cases.name(case)
    seen = register.compare_version(number, complaint)
    if seen is Seen.AGAIN:
        return Placement("redelivered", case_id, score=1.0, reason=reasons.REDELIVERED)
    reread = seen is Seen.REREAD
    reason = reasons.reread(complaint.rules_version) if reread else reasons.EDITED
    if near is None or register.cases.members[case] > 1:
        return Placement("edited", case_id, reason=reason, reread=reread)
    match = _best(register, near, own_case=case)
    if match is None or match.verdict.outcome == "opened":
        return Placement("edited", case_id, reason=reason, reread=reread)
    common = reasons.similar(near, match.other, match.evidence, complaint, register.policy)
    why_not = match.verdict.why_not or "diketahui sesudah laporan ini masuk"
    return Placement(
        relation="edited",
        case_id=case_id,
        suggested_case_id=register.cases.name(match.case),
        score=match.verdict.score,
        reason=f"{reason}; {reasons.suggestion(common, why_not)}",
        reread=reread,
    )


def _best(register: Register, near: Fingerprint, own_case: int) -> _Match | None:
    """Compare with the most similar complaints of the window, and choose among their cases."""
    best: dict[int, _Match] = {}
    contradicted = set()
    for other in register.near.similar(near):
        case = register.case_of(other.complaint)
        if case == own_case or register.cases.are_apart(own_case, case):
            continue
        evidence = compare(near, other, register.policy)
        if evidence is None:
            continue
        if evidence.contradicts:
            contradicted.add(case)
        match = _Match(other, case, evidence, judge(evidence, register.policy))
        if case not in best or match.rank > best[case].rank:
            best[case] = match
    sound = (_tempered(register, match, contradicted) for match in best.values())
    worthy = [m for m in sound if m.verdict.outcome != "opened" or m.verdict.why_not]
    return max(worthy, key=lambda match: match.rank, default=None)


def _tempered(register: Register, match: _Match, contradicted: set[int]) -> _Match:
    """Leave to an operator what the case as a whole makes doubtful."""
    if match.verdict.outcome != "joined":
        return match
    if match.case in contradicted:
        why_not = "laporan lain di kasus itu menyebut tempat lain"
    elif register.cases.status(match.case) in CLOSED:
        why_not = "kasusnya sudah ditutup"
    else:
        return match
    verdict = Verdict("suggested", match.verdict.score, why_not)
    return _Match(match.other, match.case, match.evidence, verdict)
