"""Asks the YouTube Data API for comments, and counts what that costs of the day's quota."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core import google
from core.connector import Context
from core.errors import RetryLater
from core.reading import Json, rows

# Google's day ends at midnight in California.
_PACIFIC = ZoneInfo("America/Los_Angeles")
_SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_GONE = frozenset({"commentNotFound", "parentCommentNotFound", "commentThreadNotFound"})
_SENTENCES = {
    "keyInvalid": "Kunci API YouTube ditolak; periksa api_key.",
    "API_KEY_INVALID": "Kunci API YouTube ditolak; periksa api_key.",
    "accessNotConfigured": "YouTube Data API v3 belum dinyalakan di proyek Google kunci ini.",
    "SERVICE_DISABLED": "YouTube Data API v3 belum dinyalakan di proyek Google kunci ini.",
    "ipRefererBlocked": "Pembatasan pada kunci API menolak alamat server ini.",
    "API_KEY_IP_ADDRESS_BLOCKED": "Pembatasan pada kunci API menolak alamat server ini.",
    "API_KEY_SERVICE_BLOCKED": "Kunci API ini tidak boleh memakai YouTube Data API v3.",
    "channelNotFound": "Kanal YouTube itu tidak ada; periksa channel_id.",
}
# What one call may name; the documentation allows no maxResults beside it.
_IDS = 50


class Quota:
    """The units spent of today's quota; they are kept in the cursor, so a restart is no reset."""

    def __init__(self, limit: int, context: Context) -> None:
        self.limit, self._clock, self._zone = limit, context.clock, context.zone
        self.day, self.used = "", 0

    def resume(self, day: str, used: int) -> None:
        """Go on from what the cursor remembers, unless this process knows of more."""
        if day > self.day:
            self.day, self.used = day, used
        elif day == self.day:
            self.used = max(self.used, used)

    def spend(self) -> None:
        """Count one call. Raises RetryLater until Google's next day if nothing is left."""
        today = self._clock().astimezone(_PACIFIC).date().isoformat()
        if today != self.day:
            self.day, self.used = today, 0
        if self.used >= self.limit:
            raise self.spent()
        self.used += 1

    def spent(self) -> RetryLater:
        """Count the day as over, and say when the next one begins."""
        self.used = max(self.used, self.limit)
        now = self._clock()
        tomorrow = now.astimezone(_PACIFIC).replace(hour=0, minute=0, second=0, microsecond=0)
        # Wall-clock arithmetic first: a day with a time change has 23 or 25 hours.
        back: datetime = (tomorrow + timedelta(days=1)).astimezone(UTC)
        hour = back.astimezone(self._zone).strftime("%H.%M %Z")
        return RetryLater(
            f"Kuota YouTube hari ini ({self.limit} unit) habis; berlanjut pukul {hour}.",
            after=(back - now).total_seconds() + 1,
        )


class Comments:
    """The few calls Kanal makes. The library is blocking: call from a thread, one at a time."""

    def __init__(self, key: str, quota: Quota, api_base: str, timeout: float) -> None:
        self._key, self._quota = key, quota
        self._options = {"api_endpoint": api_base} if api_base else {}
        self._timeout = timeout
        self._service: Any = None

    def threads(self, channel: str, size: int = 100) -> Iterator[list[Json]]:
        """Yield the comment threads of all videos, newest first, page by page."""
        token = None
        while True:
            page = self._ask(
                "commentThreads", part="snippet,replies", order="time", maxResults=size,
                allThreadsRelatedToChannelId=channel, pageToken=token,
            )  # fmt: skip
            yield rows(page.get("items"))
            token = page.get("nextPageToken")
            if not token:
                return

    def by_id(self, ids: Sequence[str]) -> Iterator[list[Json]]:
        """Yield known threads as they stand now."""
        for at in range(0, len(ids), _IDS):
            chosen = ",".join(ids[at : at + _IDS])
            yield rows(self._ask("commentThreads", part="snippet,replies", id=chosen).get("items"))

    def replies(self, parent: str) -> list[Json]:
        """Return all replies of a thread; none if it has gone."""
        found: list[Json] = []
        token = None
        while True:
            page = self._ask(
                "comments", part="snippet", parentId=parent, maxResults=100, pageToken=token
            )
            found += rows(page.get("items"))
            token = page.get("nextPageToken")
            if not token:
                return found

    def close(self) -> None:
        """Let go of the connection: until the next turn Google would drop it anyway."""
        if self._service is not None:
            self._service.close()

    def _ask(self, resource: str, **params: Any) -> Json:
        self._quota.spend()
        call = getattr(self._connected(), resource)().list(textFormat="plainText", **params)
        try:
            return google.execute("YouTube", call)
        except google.Refused as refused:
            if refused.reasons & _GONE:
                return {}
            if refused.reasons & _SPENT:
                raise self._quota.spent() from refused
            raise refused.meaning("YouTube", _SENTENCES) from refused

    def _connected(self) -> Any:
        if self._service is None:
            # Imported late: it takes longer than most commands of Kanal take altogether.
            from googleapiclient.discovery import build  # type: ignore[import-untyped]
            from httplib2 import Http  # type: ignore[import-untyped]

            self._service = build(
                "youtube", "v3", developerKey=self._key, cache_discovery=False,
                http=Http(timeout=self._timeout), client_options=self._options,
            )  # fmt: skip
        return self._service
