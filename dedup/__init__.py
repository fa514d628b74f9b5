"""The front door of dedup: the single sequencer of each tenant, which writes its register.

A record of `normalized` or `decisions` comes in; an entry of `deduplicated` goes out, in one order
per tenant: the complaint with its ticket and its case, or the decision with its outcome.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from pydantic import ValidationError

from core import ids, topics
from core.bus import Outgoing, Stored
from core.errors import ConfigError, Unparseable
from core.record import Record
from core.schema import Complaint, Decision, Origin, RegisterEntry
from core.state import Alarm
from dedup import acts, tickets
from dedup.explain import explain_pair
from dedup.lines import assign_lines
from dedup.pieces import Understand, joined
from dedup.place import Placement, place, place_again
from dedup.policy import Policy
from dedup.register import UNKNOWN, Register
from dedup.versions import Seen

_R = TypeVar("_R", bound=Record)
_SKELETON = (
    "tenant", "complaint_id", "channel", "account", "external_id", "version", "raw_id",
    "raw_first", "occurred_at", "received_at", "simulated", "stub", "rules_version",
)  # fmt: skip

__all__ = ["Policy", "Sequencer", "assign_lines", "explain_pair"]


class Sequencer:
    """The registers of all tenants this process works for, and the only one who writes them.

    Nothing is asked of a clock: an entry bears the time of its record, so a replay writes the
    same bytes. State is what `fold` makes of the entries; `enter` folds what it returns.
    """

    def __init__(
        self, policy: Policy, prefixes: Mapping[str, str], understand: Understand | None = None
    ) -> None:
        for tenant, prefix in prefixes.items():
            if not tickets.is_prefix(prefix):
                raise ConfigError(
                    f'{tenant}: ticket_prefix "{prefix}" harus 1-8 huruf besar atau angka,'
                    " diawali huruf."
                )
        self._policy = policy
        self._prefixes = dict(prefixes)
        self._understand = understand
        self._registers: dict[str, Register] = {}

    def fold(self, entry: RegisterEntry) -> None:
        """Rebuild state from one entry of the register; entries come in their order."""
        register = self._register(entry.tenant)
        if entry.kind == "complaint" and entry.complaint is not None:
            register.enter(entry, entry.complaint, register.read(entry.complaint))
        elif entry.kind == "decision" and entry.decision is not None:
            acts.fold(register, entry, entry.decision)

    def fold_bytes(self, value: bytes) -> None:
        """Rebuild state from one entry as the bus keeps it."""
        self.fold(_parse(RegisterEntry, value))

    def enter(self, record: Stored) -> Sequence[Outgoing]:
        """Enter a record. Raises Unparseable for a stranger.

        The same message in another raw message (a webhook and a back-fill) leaves only its skeleton
        in the register, for the books; a repeat of the same raw message leaves nothing.
        """
        if record.topic == topics.NORMALIZED.name:
            entry = self._enter_complaint(_parse(Complaint, record.value), _origin(record))
        elif record.topic == topics.DECISIONS.name:
            entry = self._enter_decision(_parse(Decision, record.value), _origin(record))
        else:
            raise Unparseable(f"topik {record.topic} bukan masukan dedup")
        if entry is None:
            return ()
        partition = topics.DEDUPLICATED.partition(entry.tenant)
        written = Outgoing(topics.DEDUPLICATED.name, partition, entry.event_id, entry.to_bytes())
        warning = self._register(entry.tenant).warning if entry.kind == "complaint" else None
        return (written,) if warning is None else (written, _warned(warning, entry))

    def _enter_complaint(self, complaint: Complaint, source: Origin) -> RegisterEntry | None:
        prefix = self._prefix(complaint.tenant)
        register = self._register(complaint.tenant)
        if head := self._head(register, complaint):
            return self._enter_piece(complaint, head, source)
        near = register.read(complaint)
        placement = place(register, complaint, near)
        if placement.relation == "redelivered":
            if register.knows_raw(complaint):
                return None
            complaint = _skeleton(complaint)
        else:
            ticket_no = _ticket(register, complaint, prefix)
            complaint = complaint.model_copy(update={"ticket_no": ticket_no})
        entry = _entry(complaint, source, placement)
        register.enter(entry, complaint, near)
        return entry

    def _head(self, register: Register, complaint: Complaint) -> Complaint | None:
        """Return the complaint that a message continues; a repeat of one continues nothing."""
        if self._understand is None:
            return None
        number = register.find(complaint.complaint_id)
        if number == UNKNOWN:
            return register.pieces.head_of(complaint)
        head = register.head_of(number)
        if head == UNKNOWN or register.compare_version(number, complaint) is Seen.AGAIN:
            return None
        return register.pieces.head(register.name(head))

    def _enter_piece(self, piece: Complaint, head: Complaint, source: Origin) -> RegisterEntry:
        """Enter one more message of a complaint: its next version, understood over all its text."""
        assert self._understand is not None
        register, prefix = self._register(piece.tenant), self._prefix(piece.tenant)
        complaint = joined(head, piece, self._understand(head, piece))
        near = register.read(complaint)
        placement = place_again(register, complaint, near)
        complaint = complaint.model_copy(update={"ticket_no": _ticket(register, complaint, prefix)})
        entry = _entry(complaint, source, placement).model_copy(
            update={
                "entered_at": piece.received_at, "relation": "continued",
                "piece_id": piece.complaint_id, "piece_version": piece.version,
                "piece_at": piece.occurred_at,
            }
        )  # fmt: skip
        register.enter(entry, complaint, near)
        return entry

    def _enter_decision(self, decision: Decision, source: Origin) -> RegisterEntry | None:
        self._prefix(decision.tenant)
        register = self._register(decision.tenant)
        if register.knows_decision(decision):
            return None
        outcome = acts.judge(register, decision)
        entry = RegisterEntry(
            tenant=decision.tenant,
            kind="decision",
            source=source,
            entered_at=decision.decided_at,
            case_id=outcome.case_id,
            decision=decision,
            outcome=outcome.outcome,
            sentence=outcome.sentence,
            status=outcome.status,
            opd=outcome.opd,
        )
        acts.fold(register, entry, decision)
        return entry

    def _register(self, tenant: str) -> Register:
        register = self._registers.get(tenant)
        if register is None:
            register = self._registers[tenant] = Register(self._policy)
        return register

    def _prefix(self, tenant: str) -> str:
        """Return a tenant's ticket prefix; a tenant without one is not this installation's."""
        if tenant not in self._prefixes:
            raise Unparseable("kantor tidak dikenal di instalasi ini")
        return self._prefixes[tenant]


def _ticket(register: Register, complaint: Complaint, prefix: str) -> str:
    """Return the ticket a complaint has, or the next one; what is no complaint gets none."""
    number = register.find(complaint.complaint_id)
    known = register.ticket(number) if number >= 0 else ""
    if known or complaint.klasifikasi == "bukan_aduan":
        return known
    return register.next_ticket(prefix)


def _entry(complaint: Complaint, source: Origin, placement: Placement) -> RegisterEntry:
    return RegisterEntry(
        tenant=complaint.tenant,
        kind="complaint",
        source=source,
        entered_at=complaint.received_at,
        complaint=complaint,
        reread=placement.reread,
        case_id=placement.case_id,
        suggested_case_id=placement.suggested_case_id,
        relation=placement.relation,
        score=placement.score,
        reason=placement.reason,
    )


def _warned(warning: Alarm, entry: RegisterEntry) -> Outgoing:
    """Raise an early warning in the same step as the complaint that tipped the scale."""
    name = ids.digest("burst", warning.key, entry.event_id)
    part = topics.ALARMS.partition(warning.tenant, warning.channel)
    return Outgoing(topics.ALARMS.name, part, name, warning.to_bytes(), warning.key)


def _skeleton(complaint: Complaint) -> Complaint:
    """Return what the books need of a message that is entered already, without its words."""
    return Complaint.model_validate({name: getattr(complaint, name) for name in _SKELETON})


def _origin(record: Stored) -> Origin:
    return Origin(topic=record.topic, partition=record.partition, offset=record.offset)


def _parse(model: type[_R], value: bytes) -> _R:
    try:
        return model.model_validate_json(value)
    except ValidationError as error:
        # The place only: pydantic's words quote the record.
        where = ".".join(str(part) for part in error.errors(include_url=False)[0]["loc"])
        raise Unparseable(f"bukan {model.__name__}: {where or 'bukan JSON'}") from error
