"""One tenant's register, folded: what was entered, under which ticket, in which case.

`fold` is the only way state moves. A run asks, writes an entry and folds it, so a fold of what
was written gives the same state as the run that wrote it.
"""

import uuid
from array import array
from collections.abc import Mapping

from core.schema import Complaint, Decision, RegisterEntry
from core.state import Alarm
from dedup import fingerprint, tickets
from dedup.bursts import Bursts
from dedup.cases import Cases
from dedup.fingerprint import Fingerprint
from dedup.idtable import IdTable, Names, key_of
from dedup.index import Near
from dedup.pieces import Pieces
from dedup.policy import Policy
from dedup.versions import Seen, Versions

UNKNOWN = -1


class Register:
    """The fold of one tenant's register."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.cases = Cases()
        self.near = Near(policy)
        self._complaints = IdTable()
        self._decisions = IdTable()
        # Raw messages whose fate is entered: the books count each of them once.
        self._raws = IdTable()
        self._versions = Versions()
        self._case = array("I")
        # Whose piece a message is: its complaint's number + 1.
        self._head = array("I")
        self.pieces = Pieces(
            policy.pieces_minutes, policy.pieces_messages, policy.pieces_characters
        )
        self.bursts = Bursts(policy.burst)
        # The warning that the entry folded last has raised.
        self.warning: Alarm | None = None
        self._ticket = array("I")
        self._prefix = array("H")
        self._prefixes = Names()
        self._last_ticket = 0
        # Under which number of SP4N-LAPOR! an operator handed a complaint over.
        self._sp4n: dict[str, int] = {}
        # What operators corrected, as far as it matters here; few complaints, so a plain dict.
        self._corrected: dict[int, dict[str, object]] = {}

    def __len__(self) -> int:
        return len(self._complaints)

    def find(self, complaint_id: str) -> int:
        """Return a complaint's number, or UNKNOWN."""
        return self._complaints.find(key_of(complaint_id)) if complaint_id else UNKNOWN

    def whole(self, complaint: int) -> int:
        """Return the complaint that a message is or is a piece of; UNKNOWN stays so."""
        head = self._head[complaint] if complaint != UNKNOWN else 0
        return head - 1 if head else complaint

    def name(self, complaint: int) -> str:
        """Return a complaint's id."""
        return str(uuid.UUID(bytes=self._complaints.key(complaint)))

    def compare_version(self, complaint: int, given: Complaint) -> Seen:
        """Tell whether this version of a known complaint was entered before."""
        return self._versions.compare(complaint, given.version, given.rules_version)

    def case_of(self, complaint: int) -> int:
        """Return the case a complaint is in now."""
        head = self._head[complaint]
        return self.cases.standing(self._case[head - 1 if head else complaint])

    def head_of(self, complaint: int) -> int:
        """Return the complaint a message is a piece of, or UNKNOWN."""
        return self._head[complaint] - 1

    def knows_raw(self, complaint: Complaint) -> bool:
        """Tell whether the raw message of a complaint has its fate, or none is to be counted."""
        counted = bool(complaint.raw_id) and complaint.raw_first
        return not counted or self._raws.find(key_of(complaint.raw_id)) != UNKNOWN

    def knows_decision(self, decision: Decision) -> bool:
        """Tell whether a decision was entered before."""
        return self._decisions.find(key_of(decision.decision_id)) != UNKNOWN

    def ticket(self, complaint: int) -> str:
        """Return a complaint's ticket, or "" while it has none."""
        number = self._ticket[complaint]
        prefix = self._prefixes.word(self._prefix[complaint])
        return tickets.write(prefix, number) if number else ""

    def next_ticket(self, prefix: str) -> str:
        """Return the ticket that is next; it is given away by folding an entry that bears it."""
        return tickets.write(prefix, self._last_ticket + 1)

    def read(self, complaint: Complaint) -> Fingerprint | None:
        """Read a complaint for comparison as operators corrected it; None if it may not be."""
        number = self.find(complaint.complaint_id)
        value = self._corrected.get(number, {})
        complaint = _with_flags(complaint, value)
        if not fingerprint.comparable(complaint):
            return None
        if number == UNKNOWN:
            number = len(self)  # which it will get
        return fingerprint.corrected(fingerprint.read(complaint, number, self.policy), value)

    def enter(self, entry: RegisterEntry, complaint: Complaint, near: Fingerprint | None) -> None:
        """Fold a complaint's entry; `near` is what `read` gives for it."""
        self.warning = None
        if complaint.raw_id and complaint.raw_first:
            self._raws.add(key_of(complaint.raw_id))
        if entry.relation == "redelivered":
            return
        number = self._complaints.add(key_of(complaint.complaint_id))
        case = self.cases.open(entry.case_id)
        if number == len(self._case):
            self._add(case, 0)
            self.cases.members[case] += 1
            self.warning = self.bursts.count(complaint)
        elif entry.relation == "continued" and self.case_of(number) != self.cases.standing(case):
            # What was told first was too little to be placed by.
            self.cases.merge(self.case_of(number), self.cases.standing(case))
        self.cases.heard(case, complaint.channel)
        self._versions.add(number, complaint.version, complaint.rules_version)
        if entry.piece_id:
            self._enter_piece(entry, complaint, number, case)
        else:
            self.pieces.remember(complaint, complaint.occurred_at.timestamp())
        self._keep_ticket(number, complaint.ticket_no)
        self._keep_near(number, complaint, near)

    def _add(self, case: int, head: int) -> None:
        self._case.append(case)
        self._head.append(head)
        self._ticket.append(0)
        self._prefix.append(0)

    def _enter_piece(
        self, entry: RegisterEntry, complaint: Complaint, number: int, case: int
    ) -> None:
        piece = self._complaints.add(key_of(entry.piece_id))
        if piece == len(self._case):
            self._add(case, number + 1)
        self._versions.add(piece, entry.piece_version, complaint.rules_version)
        sent = entry.piece_at or complaint.occurred_at
        self.pieces.remember(complaint, sent.timestamp())

    def enter_decision(self, decision: Decision) -> None:
        """Remember a decision's id; what it does is the business of `acts`."""
        self._decisions.add(key_of(decision.decision_id))

    def move(self, complaint: int, case_id: str) -> None:
        """Put a complaint into another case; the two are not brought together again."""
        before, after = self.case_of(complaint), self.cases.open(case_id)
        self.cases.members[before] -= 1
        self.cases.members[after] += 1
        self._case[complaint] = after
        self.cases.keep_apart(before, after)

    def handed_over(self, complaint: int, value: Mapping[str, object]) -> None:
        """Remember the number a complaint has in SP4N-LAPOR!."""
        number = value.get("sp4n_tracking_id") or value.get("tracking_id")
        if isinstance(number, str) and number.strip():
            self._sp4n[number.strip()] = complaint

    def original_of(self, complaint: Complaint) -> int:
        """Return the complaint that an imported row of SP4N-LAPOR! is, or UNKNOWN."""
        if complaint.channel != "sp4n" or not complaint.sp4n_tracking_id:
            return UNKNOWN
        return self._sp4n.get(complaint.sp4n_tracking_id.strip(), UNKNOWN)

    def correct(self, complaint: int, value: Mapping[str, object]) -> None:
        """Let an operator's correction hold for the near index, now and for later versions."""
        told = self._corrected.setdefault(complaint, {})
        told.update((k, v) for k, v in value.items() if k in _MATTERS)
        near = self.near.get(complaint)
        if near is None:
            return
        if told.get("rahasia") is True or told.get("klasifikasi") in _KEPT_OUT:
            self.near.discard(complaint)
        else:
            self.near.add(fingerprint.corrected(near.thaw(self.policy), value))

    def _keep_ticket(self, number: int, ticket_no: str) -> None:
        found = tickets.read(ticket_no) if not self._ticket[number] else None
        if found is not None:
            prefix, self._ticket[number] = found
            self._prefix[number] = self._prefixes.number(prefix)
            self._last_ticket = max(self._last_ticket, found[1])

    def _keep_near(self, number: int, complaint: Complaint, near: Fingerprint | None) -> None:
        known = self.near.get(number)
        version_at = (complaint.edited_at or complaint.received_at).timestamp()
        # An older version that comes late does not replace what is known.
        if known is not None and known.version_at > version_at:
            return
        if near is None:
            self.near.discard(number)
        else:
            self.near.add(near)


_KEPT_OUT = frozenset({"bukan_aduan", "whistleblowing"})
_MATTERS = frozenset({"rahasia", "klasifikasi", "kategori", "wilayah", "wilayah_kode"})


def _with_flags(complaint: Complaint, told: Mapping[str, object]) -> Complaint:
    flags = {k: told[k] for k in ("rahasia", "klasifikasi") if k in told}
    return complaint.model_copy(update=flags) if flags else complaint
