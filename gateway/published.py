"""What the public may read of its own reports: masked, published, nothing confidential."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import GatewayError

if TYPE_CHECKING:
    from sink.reader import Reader

_SECONDS = 3.0
_MOST = 1000
# Only what came by this door: what was written to the office elsewhere was not meant for all.
_SHOWN = """
    SELECT complaint_id, ticket_no, status, kategori, text, kecamatan, kelurahan_desa,
           round(lat, 3) AS lat, round(lon, 3) AS lon, received_at, version_at
    FROM complaints
    WHERE tenant = $tenant AND channel = 'web' AND NOT rahasia AND NOT stub
      AND (NOT simulated OR $simulated)
"""


class Unavailable(GatewayError):
    """Data terbitan tidak dapat dibaca sekarang; coba lagi sebentar."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reports are asked for; what is None is not asked."""

    ids: Sequence[str] | None = None
    kategori: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    statuses: Sequence[str] | None = None
    but_statuses: Sequence[str] | None = None


class Published:
    """The analysts' flavour, asked in threads of its own and never for long."""

    def __init__(self, data_dir: Path, *, simulated: bool, seconds: float = _SECONDS) -> None:
        self._data, self._simulated, self._seconds = data_dir, simulated, seconds
        self._threads = ThreadPoolExecutor(1, "published")
        self._reader: Reader | None = None
        self._waiting = 0

    async def reports(self, tenant: str, wanted: Wanted) -> list[dict[str, Any]]:
        """Return the newest reports asked for, at most a thousand. Raises Unavailable."""
        if self._waiting >= 8:
            raise Unavailable("terlalu banyak yang membaca; coba lagi sebentar")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._threads, self._ask, tenant, wanted)
        except TimeoutError:
            raise Unavailable("data terbitan lambat dibaca; coba lagi sebentar") from None
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let go of the files."""
        self._threads.shutdown(cancel_futures=True)
        if self._reader:
            self._reader.close()

    def _ask(self, tenant: str, wanted: Wanted) -> list[dict[str, Any]]:
        # DuckDB is heavy: only a gateway that is asked loads it.
        from sink.reader import NotPublished, Reader

        if self._reader is None:
            self._reader = Reader(self._data, "analyst")
        sql, given = _SHOWN, {"tenant": tenant, "simulated": self._simulated}
        for clause, name, value in _clauses(wanted):
            sql, given = f"{sql} AND {clause}", given | {name: value}
        sql += f" ORDER BY received_at DESC, complaint_id LIMIT {_MOST}"
        try:
            rows: list[dict[str, Any]] = self._reader.query(sql, given).to_pylist()
        except NotPublished:
            return []
        # A file being replaced, a disk in trouble: the asker is to come again.
        except Exception as error:
            raise Unavailable(str(Unavailable.__doc__)) from error
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
