"""What the public may read of its own reports: masked, published, nothing confidential."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sink.reader import Reader

_MOST = 1000
# Only what came by this door: what was written to the office elsewhere was not meant for all.
_SHOWN = """
    SELECT complaint_id, ticket_no, status, kategori, text, kecamatan, kelurahan_desa,
           round(lat, 3) AS lat, round(lon, 3) AS lon, received_at, version_at
    FROM complaints
    WHERE tenant = $tenant AND channel = 'web' AND NOT rahasia AND NOT stub
      AND (NOT simulated OR $simulated)
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reports are asked for; what is None is not asked."""

    ids: Sequence[str] | None = None
    kategori: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    statuses: Sequence[str] | None = None
    but_statuses: Sequence[str] | None = None


def reports(
    reader: Reader, tenant: str, wanted: Wanted, *, simulated: bool
) -> list[dict[str, Any]]:
    """Return the newest reports asked for, at most a thousand. Raises NotPublished."""
    sql, given = _SHOWN, {"tenant": tenant, "simulated": simulated}
    for clause, name, value in _clauses(wanted):
        sql, given = f"{sql} AND {clause}", given | {name: value}
    sql += f" ORDER BY received_at DESC, complaint_id LIMIT {_MOST}"
    rows: list[dict[str, Any]] = reader.query(sql, given).to_pylist()
    return rows


def _clauses(wanted: Wanted) -> list[tuple[str, str, object]]:
    asked: list[tuple[str, str, object]] = [
        ("list_contains($ids, complaint_id)", "ids", wanted.ids),
        ("list_contains($kategori, kategori)", "kategori", wanted.kategori),
        ("received_at >= $since", "since", wanted.since),
        ("received_at <= $until", "until", wanted.until),
        ("list_contains($statuses, status)", "statuses", wanted.statuses),
        ("NOT list_contains($but, status)", "but", wanted.but_statuses),
    ]
    return [(clause, name, value) for clause, name, value in asked if value is not None]
