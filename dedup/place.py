"""Finds the case a complaint belongs to, and says why; it looks and changes nothing."""

from dataclasses import dataclass
from operator import itemgetter

from core import ids
from core.schema import Complaint, Relation
from dedup import reasons
from dedup.cases import CLOSED
from dedup.compare import Evidence, apart, compare, glance
from dedup.fingerprint import Fingerprint, Kept
from dedup.policy import Policy
from dedup.register import UNKNOWN, Register
from dedup.verdict import Verdict, judge
from dedup.versions import Seen

_ALIKE = 0.5
# What looks less than this as likely as the likeliest is not compared.
_LIKELY = 0.6


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
    original = register.original_of(complaint)
    if original != UNKNOWN:
        # What we handed over comes back: the same complaint, never a second one.
        case = register.cases.name(register.case_of(original))
        return Placement("redelivered", case, score=1.0, reason=reasons.HANDED_OVER)
    if near is None:
        return Placement("opened", case_id, reason=reasons.not_compared(complaint))
    return _placed(register, complaint, near, case_id)


def _placed(register: Register, complaint: Complaint, near: Fingerprint, case_id: str) -> Placement:
    """Place a new complaint by what it is compared with; alone it opens `case_id`."""
    match = _best(register, near, own_case=UNKNOWN)
    if match is None:
        return Placement("opened", case_id, reason=reasons.ALONE)
    if match.verdict.outcome == "opened":
        return Placement("opened", case_id, reason=reasons.apart(match.verdict))
    common = _common(register, complaint, near, match)
    target, score = register.cases.name(match.case), match.verdict.score
    if match.verdict.outcome == "joined":
        return Placement("joined", target, score=score, reason=common)
    reason = reasons.suggestion(common, match.verdict.why_not)
    return Placement("suggested", case_id, target, score, reason)


def _common(register: Register, complaint: Complaint, near: Fingerprint, match: _Match) -> str:
    channels = register.cases.channels(match.case, complaint.channel)
    return reasons.similar(near, match.other, match.evidence, complaint, channels, register.policy)


def place_again(register: Register, complaint: Complaint, near: Fingerprint | None) -> Placement:
    """Place a complaint that is told further: alone until now, it may find its case at last."""
    case = register.case_of(register.find(complaint.complaint_id))
    case_id = register.cases.name(case)
    alone = register.cases.members[case] == 1 and not register.cases.revision[case]
    match = _best(register, near, own_case=case) if near is not None and alone else None
    if near is None or match is None or match.verdict.outcome == "opened":
        return Placement("continued", case_id, reason=reasons.CONTINUED)
    target, score = register.cases.name(match.case), match.verdict.score
    common = _common(register, complaint, near, match)
    if match.verdict.outcome == "joined":
        return Placement("continued", target, "", score, f"{reasons.CONTINUED}; {common}")
    sentence = reasons.suggestion(common, match.verdict.why_not)
    return Placement("continued", case_id, target, score, f"{reasons.CONTINUED}; {sentence}")


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
    common = _common(register, complaint, near, match)
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
    likely = register.near.similar(near)
    contradicted = {register.case_of(o.complaint) for o in likely if apart(near, o)}
    wide = near.kategori in register.policy.kategori.wide
    for other in _worthy(near, likely, register.policy):
        case = register.case_of(other.complaint)
        if case == own_case or register.cases.are_apart(own_case, case):
            continue
        evidence = compare(near, other, register.policy)
        if evidence.contradicts or evidence.elsewhere_there:
            contradicted.add(case)
        match = _Match(other, case, evidence, judge(evidence, register.policy, wide=wide))
        if case not in best or match.rank > best[case].rank:
            best[case] = match
    sound = (_tempered(register, match, contradicted) for match in best.values())
    worthy = [m for m in sound if m.verdict.outcome != "opened" or _worth_telling(m)]
    return max(worthy, key=lambda match: match.rank, default=None)


def _worthy(near: Fingerprint, likely: list[Kept], policy: Policy) -> list[Fingerprint]:
    """Return the few complaints that are worth a full comparison, the likeliest first."""
    seen = [(glance(near, other, policy), other) for other in likely]
    seen = [pair for pair in seen if pair[0] > 0]
    seen.sort(key=itemgetter(0), reverse=True)
    least = _LIKELY * seen[0][0] if seen else 0.0
    return [other.thaw() for value, other in seen[: policy.max_compared] if value >= least]


def _worth_telling(match: _Match) -> bool:
    """Tell whether a case that was not chosen reads so alike that a person would ask why."""
    return bool(match.verdict.why_not) and match.evidence.alike >= _ALIKE


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
