"""Asks Twilio's REST API through Twilio's own client: raw JSON in, the runner's errors out."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from core.clock import Clock
from core.errors import ConfigError, RetryLater
from core.http import failure

Json = dict[str, Any]

BASE = "https://api.twilio.com"
# A message is left to the webhook this long before the back-fill takes it.
SETTLE = timedelta(minutes=5)
_VERSION = "2010-04-01"
_PAGE_SIZE = 1000


class TwilioApi:
    """One Twilio account; every call has a client of its own, in a thread of its own."""

    def __init__(self, account_sid: str, token: str, base: str = BASE, timeout: float = 20) -> None:
        self._account, self._token = account_sid, token
        self._base, self._timeout = base.rstrip("/") or BASE, timeout

    async def probe(self) -> str:
        """Ask for the account itself. Raises ConfigError or RetryLater."""
        found = await self._get(f"/{_VERSION}/Accounts/{self._account}.json")
        status = str(found.get("status"))
        if status != "active":
            raise ConfigError(f"akun Twilio tidak aktif (status: {status})")
        return "Twilio menjawab: akun aktif."

    async def received(self, day: date, to: str) -> list[Json]:
        """Return what citizens sent on a UTC day, oldest first (Twilio lists newest first)."""
        # Twilio documents this filter by the day only; the rest is for the caller to choose.
        asked = {"DateSent": day.isoformat(), "PageSize": str(_PAGE_SIZE)} | (
            {"To": to} if to else {}
        )
        found: list[Json] = []
        path, params, seen = f"/{_VERSION}/Accounts/{self._account}/Messages.json", asked, set()
        while path and path not in seen:
            seen.add(path)
            page = await self._get(path, params)
            found += [item for item in page.get("messages") or [] if _inbound(item)]
            path, params = str(page.get("next_page_uri") or ""), {}
        return sorted(found, key=mark)

    async def with_media(self, item: Json) -> Json:
        """Add the addresses of a message's media, which the list of messages leaves out."""
        if str(item.get("num_media") or "0") == "0":
            return item
        path = f"/{_VERSION}/Accounts/{self._account}/Messages/{item['sid']}/Media.json"
        listed = await self._get(path)
        return item | {"media": listed.get("media_list") or []}

    async def _get(self, path: str, params: Mapping[str, str] | None = None) -> Json:
        return await asyncio.to_thread(self._ask, path, dict(params or {}))

    def _ask(self, path: str, params: Mapping[str, str]) -> Json:
        # Imported here: every command loads the registry, and few of them ask Twilio.
        import requests
        from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
        from twilio.rest import Client  # type: ignore[import-untyped]

        http = TwilioHttpClient(timeout=self._timeout)
        client = Client(self._account, self._token, http_client=http, environment={"": ""})
        try:
            answer = client.request("GET", self._base + path, params=params)
        except requests.RequestException as error:
            raise RetryLater(f"Twilio tidak terjangkau ({type(error).__name__})") from error
        finally:
            http.session.close()
        if answer.status_code != 200:
            headers = answer.headers or {}
            raise failure("Twilio", answer.status_code, headers.get("retry-after", ""))
        try:
            found = json.loads(answer.text)
        except ValueError as error:
            raise RetryLater("jawaban Twilio tidak terbaca") from error
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Backfill:
    """Walks what Twilio received day by day, so that what the webhook missed is kept after all."""

    api: TwilioApi
    to: str
    days: int
    # A message is left to the webhook this long; by then its second is complete at Twilio too.
    settle: timedelta
    clock: Clock

    async def pages(self, cursor: str | None) -> AsyncIterator[tuple[list[Json], str]]:
        """Yield what was received after the cursor, oldest first, and the cursor behind it."""
        until = self.clock() - self.settle
        at, sid = _read_cursor(cursor) or (self._midnight(until.date() - timedelta(self.days)), "")
        while at <= until:
            day = at.date()
            listed = await self.api.received(day, self.to)
            fresh = [item for item in listed if mark(item) > (at, sid) and mark(item)[0] <= until]
            tomorrow = self._midnight(day + timedelta(1))
            reached = (
                (tomorrow, "") if tomorrow <= until else mark(fresh[-1]) if fresh else (at, sid)
            )
            if fresh or _write_cursor(*reached) != cursor:
                cursor = _write_cursor(*reached)
                yield [await self.api.with_media(item) for item in fresh], cursor
            if tomorrow > until:
                return
            at, sid = reached

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=UTC)


def received_at(item: Json) -> datetime | None:
    """Read when Twilio received a message (RFC 2822, UTC)."""
    try:
        at = parsedate_to_datetime(str(item.get("date_sent") or item.get("date_created") or ""))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def mark(item: Json) -> tuple[datetime, str]:
    """Order messages: by the second Twilio received them, then by their id."""
    return received_at(item) or datetime.min.replace(tzinfo=UTC), str(item.get("sid") or "")


def _inbound(item: Any) -> bool:
    return isinstance(item, dict) and item.get("direction") == "inbound" and bool(item.get("sid"))


def _read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    at, _, sid = cursor.partition("|")
    return datetime.fromisoformat(at), sid


def _write_cursor(at: datetime, sid: str) -> str:
    return f"{at.isoformat()}|{sid}"
