"""Turns records of the bus into rows: decoded once, calendar columns materialised."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from core import topics
from core.bus import Stored
from core.record import Record
from core.schema import Complaint, DeadLetter, Decision, RegisterEntry
from core.state import Alarm, ChannelState, Tallies

Row = dict[str, Any]

# Columns that bear the name of their field.
_SAME = (
    "tenant", "complaint_id", "ticket_no", "channel", "account", "external_id", "version", "raw_id",
    "message_ids", "reporter_ref", "anonim", "history", "simulated", "stub", "incident_at",
    "occurred_at", "received_at", "title", "text", "text_clean", "text_masked", "title_masked",
    "language", "klasifikasi", "berkadar_pengawasan", "kategori", "kategori_lain", "urgency",
    "opd_suggested", "reply_to", "thread", "permalink", "rating", "sumber_asal", "sp4n_status",
    "sp4n_tracking_id", "rules_version",
)  # fmt: skip
_same = attrgetter(*_SAME)

# Under which names the channel 112 groups what the call centres write (`given.panggilan`).
OUTCOMES = ("terjawab", "iseng", "kosong", "informasi")

# What an applied act makes of its case's status.
_STATUS_OF = {
    "verify": "terverifikasi",
    "disposisi": "disposisi",
    "bukan_wewenang": "bukan_wewenang",
    "arsip": "arsip",
}


@dataclass(frozen=True, slots=True)
class Act:
    """An applied decision, the case it landed in, and how that stands if two were merged."""

    decision: Decision
    case_id: str
    status: str
    opd: str

    @property
    def merged(self) -> tuple[str, str]:
        """The two cases of a merge."""
        return self.decision.case_id, str(self.decision.value.get("case_id", ""))


@dataclass(slots=True)
class Work:
    """What a batch brings, each list in the order of the register."""

    versions: list[Row] = field(default_factory=list)
    reporters: dict[tuple[str, str], Row] = field(default_factory=dict)
    decisions: list[Row] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    parked: list[Row] = field(default_factory=list)
    health: dict[tuple[str, str], Row] = field(default_factory=dict)
    alarms: dict[str, Row] = field(default_factory=dict)
    # (tenant, channel, outcome) -> raws that met it in this batch.
    fates: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    # (tenant, channel, outcome, node) -> what a node's log has counted.
    tallies: dict[tuple[str, str, str, str], Row] = field(default_factory=dict)


def decode(records: Iterable[Stored], zones: Mapping[str, ZoneInfo], default: ZoneInfo) -> Work:
    """Decode a batch. What cannot be understood becomes a parked row and stops no neighbour."""
    work = Work()
    for record in records:
        try:
            _decode_one(work, record, zones, default)
        # Any error: a poisoned record must not keep all that stand behind it off the screen.
        except Exception as error:
            work.parked.append(_not_understood(record, error))
    return work


def _decode_one(
    work: Work, record: Stored, zones: Mapping[str, ZoneInfo], default: ZoneInfo
) -> None:
    if record.topic == topics.DEDUPLICATED.name:
        entry = RegisterEntry.model_validate_json(record.value)
        zone = zones.get(entry.tenant, default)
        _enter(work, entry, record.offset, zone)
    elif record.topic == topics.DEAD_LETTER.name:
        letter = DeadLetter.model_validate_json(record.value)
        # With a complaint id a stub stands for it, and counts.
        counts = letter.source.topic == topics.RAW.name and not letter.complaint_id
        work.parked.append(_parked_row(letter) | {"counts": counts})
    elif record.topic == topics.CURSORS.name:
        state = ChannelState.model_validate_json(record.value)
        row = state.model_dump(exclude={"at"})
        work.health[state.tenant, state.channel] = row | {"checked_at": state.at}
    elif record.topic == topics.ALARMS.name:
        alarm = Alarm.model_validate_json(record.value)
        work.alarms[alarm.key] = alarm.model_dump()
    elif record.topic == topics.BOOKS.name:
        told = Tallies.model_validate_json(record.value)
        for outcome, n in told.counts.items():
            work.tallies[told.tenant, told.channel, outcome, told.node] = {
                "tenant": told.tenant, "channel": told.channel, "outcome": outcome,
                "node": told.node, "n": n, "counted_at": told.at,
            }  # fmt: skip


def _enter(work: Work, entry: RegisterEntry, offset: int, zone: ZoneInfo) -> None:
    complaint = entry.complaint
    if entry.kind == "complaint" and complaint is not None and complaint.raw_first:
        if entry.relation == "redelivered":
            work.fates[complaint.tenant, complaint.channel, "redelivered"] += 1
        elif not entry.reread:
            fate = "parked" if complaint.stub else "stored"
            work.fates[complaint.tenant, complaint.channel, fate] += 1
    if entry.kind == "complaint" and complaint is not None and entry.relation != "redelivered":
        work.versions.append(_complaint_row(entry, complaint, offset, zone))
        if complaint.reporter_ref:
            key = (complaint.tenant, complaint.reporter_ref)
            work.reporters[key] = _merge_reporter(work.reporters.get(key), complaint)
    elif entry.kind == "decision" and entry.decision is not None:
        work.decisions.append(_decision_row(entry, entry.decision))
        if entry.outcome == "applied":
            work.acts.append(Act(entry.decision, entry.case_id, entry.status, entry.opd))


def _complaint_row(entry: RegisterEntry, c: Complaint, offset: int, zone: ZoneInfo) -> Row:
    row: Row = dict(zip(_SAME, _same(c), strict=True))
    row.update(_place(c), **_calendar(c.occurred_at, zone))
    row.update(
        case_id=entry.case_id,
        suggested_case_id=entry.suggested_case_id,
        relation=entry.relation,
        reread=entry.reread,
        score=entry.score,
        reason=entry.reason,
        kategori_mesin=c.kategori,
        rahasia=c.rahasia,
        messages=max(1, len(c.message_ids)),
        version_at=c.edited_at or c.received_at,
        position=offset,
        attachments=_json_list(c.attachments),
        given=_json(c.given),
        panggilan=_call(c),
        pii=_json_list(c.pii),
        explain=_json_list(c.explain),
    )
    conclude(row)
    return row


def conclude(row: Row) -> None:
    """Set what follows from a row's other columns, however they came to stand there."""
    # Whistleblowing is confidential whatever its flag says.
    row["rahasia"] = row["rahasia"] or row["klasifikasi"] == "whistleblowing"
    row["laporan"] = row["klasifikasi"] != "bukan_aduan" and not row["stub"]


def _call(c: Complaint) -> str | None:
    """What came of a call to 112, by the channel's own four words; others' words are theirs."""
    told = c.given.get("panggilan")
    return told if told in OUTCOMES else None


def _place(c: Complaint) -> Row:
    w = c.wilayah
    return {
        "wilayah_kode": w.kode, "kabupaten_kota": w.kabupaten_kota, "kecamatan": w.kecamatan,
        "kelurahan_desa": w.kelurahan_desa, "lat": w.lat, "lon": w.lon,
        "wilayah_confidence": w.confidence, "wilayah_evidence": w.evidence,
        "rivals": _json_list(w.rivals),
    }  # fmt: skip


def _calendar(moment: datetime, zone: ZoneInfo) -> Row:
    local = moment.astimezone(zone).replace(tzinfo=None)
    return {"tgl_wib": local.date(), "jam_wib": local}


def _merge_reporter(before: Row | None, c: Complaint) -> Row:
    """Let a later message add what it tells about a reporter, and forget nothing."""
    s = c.reporter
    row = {
        "tenant": c.tenant, "reporter_ref": c.reporter_ref, "platform": s.platform,
        "name": s.name, "contact": s.contact, "reply_address": s.reply_address,
    }  # fmt: skip
    return row if before is None else {k: v or before[k] for k, v in row.items()}


def _decision_row(entry: RegisterEntry, d: Decision) -> Row:
    row = d.model_dump(exclude={"value", "seen"})
    row.update(value=_json(d.value), outcome=entry.outcome, sentence=entry.sentence)
    return row


def _parked_row(letter: DeadLetter) -> Row:
    row = letter.model_dump(include={"tenant", "channel", "stage", "reason", "complaint_id"})
    row.update(event_id=letter.event_id_of, parked_at=letter.parked_at)
    return row


def _not_understood(record: Stored, error: Exception) -> Row:
    # The error's name only: its words may quote the record.
    reason = f"catatan {record.topic}/{record.partition}/{record.offset}: {type(error).__name__}"
    return {"stage": "sink", "reason": reason, "event_id": record.event_id}


def _json_list(records: Iterable[Record]) -> str:
    return "[" + ",".join(r.model_dump_json() for r in records) + "]"


def _json(value: Mapping[str, Any]) -> str:
    # NaN would be no JSON, and every later query over the column would fail on it.
    return to_json(value, inf_nan_mode="null").decode()


def status_after(taken: Act, status: str, opd: str | None) -> tuple[str, str | None]:
    """Return a case's status and responsible OPD after an applied act."""
    act = taken.decision
    if act.kind == "merge":
        return taken.status or status, taken.opd or opd
    if act.kind == "status":
        return str(act.value.get("status") or status), opd
    # A case that is further on does not fall back because it is verified late.
    if act.kind not in _STATUS_OF or (act.kind == "verify" and status != "baru"):
        return status, opd
    if act.kind == "disposisi":
        opd = str(act.value.get("opd") or opd or "") or None
    return _STATUS_OF[act.kind], opd
