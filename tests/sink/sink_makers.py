"""Small factories of register entries for the tests of the sink."""

from datetime import UTC, datetime, timedelta
from typing import Any

from core import ids
from core.bus import Positions, Stored
from core.schema import (
    Complaint,
    DeadLetter,
    Decision,
    Origin,
    RegisterEntry,
    Sender,
    Wilayah,
)
from core.state import Alarm, ChannelState

TENANT = "kab-blitar"
START = datetime(2026, 8, 17, 3, 0, tzinfo=UTC)
PART = 7
KEY = ("deduplicated", PART)


def complaint(number: int, **given: Any) -> Complaint:
    """Make complaint `number`; every field can be given."""
    channel = given.pop("channel", ("whatsapp", "sms", "x")[number % 3])
    external_id = given.pop("external_id", f"62812345{number:05d}:m{number}")
    sent = START + timedelta(minutes=number)
    fields: dict[str, Any] = {
        "tenant": TENANT,
        "complaint_id": ids.complaint_id(TENANT, channel, "", external_id),
        "ticket_no": f"BLT-{number:06d}",
        "channel": channel,
        "external_id": external_id,
        "message_ids": (external_id,),
        "reporter_ref": f"ref{number}",
        "reporter": Sender(platform="tel", name=f"Budi {number}", contact=f"+6281234{number:06d}"),
        "occurred_at": sent,
        "received_at": sent + timedelta(seconds=5),
        "text": f"Jalan rusak di Kanigoro nomor {number}, hubungi 081234{number:06d}",
        "text_clean": f"jalan rusak di kanigoro nomor {number} hubungi 081234{number:06d}",
        "text_masked": f"Jalan rusak di Kanigoro nomor {number}, hubungi [telepon]",
        "kategori": "infrastruktur",
        "wilayah": Wilayah(kode="35.05.10", kabupaten_kota="Blitar", kecamatan="Kanigoro"),
    }
    return Complaint(**(fields | given))


def entry(c: Complaint, offset: int, **given: Any) -> Stored:
    """Make the register entry of a complaint; without `case_id` it opens its own case."""
    fields: dict[str, Any] = {
        "tenant": c.tenant,
        "kind": "complaint",
        "source": Origin(topic="normalized", partition=PART, offset=offset),
        "entered_at": c.received_at,
        "complaint": c,
        "case_id": ids.case_id(c.complaint_id),
        "relation": "opened",
    }
    return stored(RegisterEntry(**(fields | given)), offset)


def act(
    kind: str, offset: int, *, outcome: str = "applied", landed: str = "", **given: Any
) -> Stored:
    """Make the register entry of a decision, and of the case in which it landed."""
    decision = Decision.model_validate(
        {
            "tenant": TENANT, "decision_id": f"d{offset}", "kind": kind, "actor": "siti",
            "role": "operator", "decided_at": START,
        }
        | given
    )  # fmt: skip
    record = RegisterEntry.model_validate(
        {
            "tenant": TENANT, "kind": "decision", "entered_at": START, "decision": decision,
            "source": Origin(topic="decisions", partition=PART, offset=offset), "outcome": outcome,
            "case_id": landed,
        }
    )  # fmt: skip
    return stored(record, offset)


def stored(record: RegisterEntry, offset: int) -> Stored:
    """Put an entry on the register."""
    return Stored("deduplicated", PART, offset, record.event_id, record.to_bytes())


def letter(offset: int) -> Stored:
    """Make a parked record."""
    record = DeadLetter(
        tenant=TENANT, channel="sms", stage="normalizer", reason="tidak dapat dibaca",
        source=Origin(topic="raw", partition=0, offset=offset), event_id_of=f"e{offset}",
        original=b"\x00+6281234567890", parked_at=START,
    )  # fmt: skip
    return Stored("dead_letter", 0, offset, record.event_id, record.to_bytes())


def health(offset: int, channel: str = "sms", **given: Any) -> Stored:
    """Make a channel's state."""
    fields: dict[str, Any] = {"tenant": TENANT, "channel": channel, "mode": "push"}
    record = ChannelState(**(fields | {"state": "terhubung", "at": START} | given))
    return Stored("cursors", 0, offset, f"c{offset}", record.to_bytes(), record.key)


def alarm(offset: int, kind: str, sentence: str, **given: Any) -> Stored:
    """Make an alarm that stands, or one that is over (`ended`)."""
    fields: dict[str, Any] = {"tenant": TENANT, "channel": "sms", "since": START}
    record = Alarm(**(fields | {"kind": kind, "sentence": sentence} | given))
    return Stored("alarms", 0, offset, f"a{offset}", record.to_bytes(), record.key)


def heads(records: list[Stored]) -> Positions:
    """Return the positions after some records."""
    after: Positions = {}
    for r in records:
        after[r.topic, r.partition] = max(r.offset, after.get((r.topic, r.partition), -1))
    return after


def many(count: int, start: int = 0) -> list[Stored]:
    """Make `count` entries from `start`: mostly new, some joined, some edited, some confidential.

    Deterministic: the same numbers give the same bytes in every process.
    """
    made = []
    for n in range(start, start + count):
        if n % 10 == 3:
            first = ids.case_id(complaint(n - 1).complaint_id)
            made.append(entry(complaint(n), n, case_id=first, relation="joined", score=0.9))
        elif n % 10 == 5:
            edited = complaint(n - 1, edited_at=START + timedelta(days=30, minutes=n))
            made.append(entry(edited, n, relation="edited"))
        elif n % 10 == 7:
            hidden = complaint(n, rahasia=True, anonim=True, text_masked=f"RAHASIA {n}")
            made.append(entry(hidden, n))
        else:
            made.append(entry(complaint(n), n))
    return made
