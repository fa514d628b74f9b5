"""Small factories for the sequencer: complaints about places of Blitar, and acts on them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core import topics
from core.bus import Stored
from core.ids import complaint_id
from core.schema import Complaint, Decision, RegisterEntry, Wilayah
from dedup import Policy, Sequencer

TENANT = "kab-blitar"
START = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
CONFIG = Path(__file__).parents[2] / "config"
PART = topics.NORMALIZED.partition(TENANT)
KANIGORO = {"kecamatan": "Kanigoro", "kode": "35.05.10"}
MINGGIRSARI = KANIGORO | {"kelurahan_desa": "Minggirsari", "kode": "35.05.10.2001"}
TLOGO = KANIGORO | {"kelurahan_desa": "Tlogo", "kode": "35.05.10.2007"}


def policy() -> Policy:
    """Return the shipped policy."""
    return Policy.load(CONFIG)


def sequencer() -> Sequencer:
    """Return an empty sequencer of one office."""
    return Sequencer(policy(), {TENANT: "BLT"})


def told(number: int, text: str, **given: Any) -> Complaint:
    """Make what the normalizer understood of one message."""
    place = given.pop("place", MINGGIRSARI)
    minutes = given.pop("minutes", number)
    fields: dict[str, Any] = {
        "tenant": TENANT, "channel": "sms", "external_id": f"m{number}", "version": "v1",
        "raw_id": f"{number:032x}", "rules_version": "r1", "reporter_ref": f"orang{number}",
        "occurred_at": START + timedelta(minutes=minutes),
        "received_at": START + timedelta(minutes=minutes, seconds=3),
        "text": text, "text_clean": text.lower(), "text_masked": text, "kategori": "jalan_rusak",
        "wilayah": Wilayah(kabupaten_kota="Kabupaten Blitar", **place),
    }  # fmt: skip
    fields |= given
    named = fields["tenant"], fields["channel"], fields.get("account", ""), fields["external_id"]
    return Complaint(complaint_id=complaint_id(*named), **fields)


def act(number: int, kind: str, **given: Any) -> Decision:
    """Make a person's act."""
    return Decision.model_validate(
        {"tenant": TENANT, "decision_id": f"d{number}", "kind": kind, "actor": "siti",
         "decided_at": START + timedelta(hours=number)} | given
    )  # fmt: skip


def stored(record: Complaint | Decision, offset: int) -> Stored:
    """Put a record where the sequencer takes it from."""
    topic = topics.DECISIONS if isinstance(record, Decision) else topics.NORMALIZED
    return Stored(topic.name, PART, offset, record.event_id, record.to_bytes())


def enter(made: Sequencer, *records: Complaint | Decision, start: int = 0) -> list[RegisterEntry]:
    """Enter records and return what the register says of them."""
    written = []
    for offset, record in enumerate(records, start):
        for out in made.enter(stored(record, offset)):
            if out.topic == topics.ALARMS.name:
                continue
            assert (out.topic, out.partition) == (topics.DEDUPLICATED.name, PART)
            written.append(RegisterEntry.model_validate_json(out.value))
    return written
