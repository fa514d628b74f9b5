"""How the calls of 112 went: what the call centre said came of each, counted apart."""

from typing import Any

from sink.reader import Reader
from sink.rows import OUTCOMES

UNTOLD = "tanpa keterangan"


def call_outcomes(reader: Reader, tenant: str, *, simulated: bool = False) -> list[dict[str, Any]]:
    """Count the calls by what came of them; what was not said, or not understood, stands last."""
    rows: list[dict[str, Any]] = reader.query(
        """
        WITH calls AS (
            SELECT coalesce(panggilan, $untold) AS panggilan, laporan
            FROM complaints
            WHERE tenant = $tenant AND channel = 'call112' AND (NOT simulated OR $simulated)
        )
        SELECT panggilan, count(*) AS n, count(*) FILTER (WHERE laporan) AS laporan
        FROM calls GROUP BY panggilan ORDER BY list_position($order, panggilan)
        """,
        {
            "tenant": tenant, "simulated": simulated, "untold": UNTOLD,
            "order": [*OUTCOMES, UNTOLD],
        },
    ).to_pylist()  # fmt: skip
    return rows
