"""The books: per channel, what became of every raw message; they must balance (design 3.5)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Habit:
    """How a channel has been in the last 30 days: how many messages, the longest usual quiet."""

    tenant: str
    channel: str
    messages: int
    newest: datetime
    usual_quiet: float


def habits(reader: Reader, now: datetime) -> list[Habit]:
    """Return each channel's own habit; the quiet is in seconds (its 99th percentile)."""
    rows = reader.query(
        """
        WITH recent AS (
            SELECT tenant, channel, received_at,
                   epoch(received_at - lag(received_at) OVER (
                       PARTITION BY tenant, channel ORDER BY received_at)) AS quiet
            FROM complaints
            WHERE NOT history AND received_at > $now::TIMESTAMPTZ - INTERVAL 30 DAY
        )
        SELECT tenant, channel, count(*) AS messages, max(received_at) AS newest,
               coalesce(quantile_cont(quiet, 0.99), 0)::DOUBLE AS usual_quiet
        FROM recent GROUP BY ALL ORDER BY ALL
        """,
        {"now": now},
    )
    return [Habit(**row) for row in rows.to_pylist()]


def alarms(reader: Reader, tenant: str) -> list[dict[str, Any]]:
    """List what a person should look at now: this office's, and the whole installation's."""
    rows: list[dict[str, Any]] = reader.query(
        """
        SELECT channel, kind, sentence, since FROM alarms
        WHERE tenant IN ($tenant, '') AND ended IS NULL ORDER BY since DESC, kind, channel
        """,
        {"tenant": tenant},
    ).to_pylist()
    return rows
