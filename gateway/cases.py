"""Takes decisions as JSON Lines, and explains two complaints by what is published."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from core import topics
from core.bus import Outgoing
from core.clock import Clock, system_clock
from core.errors import ConfigError
from core.ids import content_id
from core.schema import Decision
from core.settings import Settings
from dedup import Policy, explain_pair
from gateway import wiring
from gateway.options import office
from sink import pairs
from sink.reader import Reader

_PAGE = 500


async def decided(
    settings: Settings, tenant: str, lines: Iterable[str], clock: Clock = system_clock
) -> list[tuple[str, bool]]:
    """Store every decision; tell each one's id and whether it is new. Raises ConfigError.

    Nothing is stored if any line is wrong. A line without an id has that of its words, so that a
    file sent twice is taken once.
    """
    read = [_decision(settings, tenant, n, line, clock) for n, line in enumerate(lines, 1)]
    bus = wiring.bus(settings)
    told: list[tuple[str, bool]] = []
    try:
        for start in range(0, len(read), _PAGE):
            page = read[start : start + _PAGE]
            published = await bus.publish([_outgoing(decision) for decision in page])
            told += [(d.decision_id, new) for d, new in zip(page, published.new, strict=True)]
    finally:
        await bus.close()
    return told


def explained(settings: Settings, tenant: str, one: str, other: str) -> Iterator[str]:
    """Yield why two complaints are, or are not, in one case. Raises ConfigError."""
    reader = Reader(settings.data_dir, "operator")
    try:
        rows = [_row(reader, tenant, name) for name in (one, other)]
        yield from (_told(row) for row in rows)
        same = rows[0]["case_id"] == rows[1]["case_id"]
        yield f"keduanya {'satu kasus' if same else 'bukan satu kasus'}"
        names = [row[key] for row in rows for key in ("case_id", "complaint_id")]
        for act in pairs.acts(reader, tenant, names):
            yield f"keputusan {act['actor']}, {act['decided_at']:%Y-%m-%d}: {act['sentence']}"
        policy = Policy.load(settings.config_dir)
        first, second = (pairs.as_complaint(row) for row in rows)
        yield from explain_pair(first, second, policy)
    finally:
        reader.close()


def _decision(settings: Settings, tenant: str, number: int, line: str, clock: Clock) -> Decision:
    place = f"stdin, baris {number}"
    try:
        fields: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{place}: bukan JSON") from error
    if not isinstance(fields, dict):
        raise ConfigError(f"{place}: harus berupa objek JSON")
    fields.setdefault("tenant", tenant or office(settings, ""))
    fields.setdefault("decision_id", content_id(line.strip().encode("utf-8", "replace")))
    fields.setdefault("decided_at", clock())
    try:
        decision = Decision.model_validate(fields)
    except ValidationError as error:
        slip = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in slip["loc"])
        reason = "wajib diisi" if slip["type"] == "missing" else "tidak sah"
        raise ConfigError(f"{place}, {where}: {reason}") from error
    office(settings, decision.tenant)
    return decision


def _outgoing(decision: Decision) -> Outgoing:
    part = topics.DECISIONS.partition(decision.tenant)
    return Outgoing(topics.DECISIONS.name, part, decision.event_id, decision.to_bytes())


def _row(reader: Reader, tenant: str, name: str) -> pairs.Row:
    row = pairs.found(reader, tenant, name)
    if row is None:
        raise ConfigError(f"laporan {name!r} tidak ada di data terbitan")
    return row


def _told(row: pairs.Row) -> str:
    name = row["ticket_no"] or row["complaint_id"]
    why = "" if row["rahasia"] or not row["reason"] else f": {row['reason']}"
    return f"{name} ({row['channel']}, kasus {row['case_id']}): {row['relation']}{why}"
