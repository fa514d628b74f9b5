"""The books: per channel, what became of every raw message; they must balance (design 3.5)."""

from dataclasses import dataclass
from datetime import datetime

from sink.reader import Reader


@dataclass(frozen=True, slots=True)
class Page:
    """One channel's books; the unit is the raw message."""

    tenant: str
    channel: str
    received: int
    stored: int
    redelivered: int
    ignored: int
    parked: int
    refused: int
    counted_at: datetime | None

    @property
    def in_flight(self) -> int:
        """Received, and its fate not yet written; negative while the counts of intake lag."""
        return self.received - self.stored - self.redelivered - self.ignored - self.parked


def pages(reader: Reader, tenant: str = "") -> list[Page]:
    """Return the books of every channel that has been counted, of one office or of all."""
    rows = reader.query(
        """
        SELECT tenant, channel,
               coalesce(sum(n) FILTER (WHERE outcome = 'received'), 0)::BIGINT AS received,
               coalesce(sum(n) FILTER (WHERE outcome = 'stored' AND node = ''), 0)::BIGINT
                   AS stored,
               coalesce(sum(n) FILTER (WHERE outcome = 'redelivered'), 0)::BIGINT AS redelivered,
               coalesce(sum(n) FILTER (WHERE outcome = 'ignored'), 0)::BIGINT AS ignored,
               coalesce(sum(n) FILTER (WHERE outcome = 'parked'), 0)::BIGINT AS parked,
               coalesce(sum(n) FILTER (WHERE outcome LIKE 'refused:%'), 0)::BIGINT AS refused,
               max(counted_at) AS counted_at
        FROM books WHERE $tenant = '' OR tenant = $tenant
        GROUP BY ALL ORDER BY ALL
        """,
        {"tenant": tenant},
    )
    return [Page(**row) for row in rows.to_pylist()]
