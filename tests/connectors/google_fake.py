"""A Business Profile on loopback that keeps to Google's discovery document, and its sign-in."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from connectors.google_reviews import Settings, build
from connectors.google_reviews.connector import GoogleReviews
from core.clock import FrozenClock
from core.connector import Context
from core.schema import Message, RawMessage
from tests.connectors.fake_http import Answer, Asked, Provider, provider, reply
from tests.needs import oracle

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LOCATION = "accounts/101/locations/202"
OTHER = "accounts/101/locations/303"
_REVIEW = re.compile(r"/v4/(accounts/[^/]+/locations/[^/]+)/reviews(?:/([^/]+))?")


def document() -> dict[str, Any]:
    """Return Google's own document of mybusiness v4."""
    found = sorted(oracle("google-reviews").glob("mybusiness.v4*.json"))
    read: dict[str, Any] = json.loads(found[0].read_text())
    return read


@dataclass
class Business:
    """Reviews by location and id; `unlisted` are there but left out of the list."""

    places: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {LOCATION: {}})
    unlisted: set[str] = field(default_factory=set)
    refusals: list[Answer] = field(default_factory=list)
    sign_ins: list[Answer] = field(default_factory=list)
    page: int = 50

    def say(self, name: str, text: str, at: datetime, place: str = LOCATION) -> None:
        """Write a review, or change it."""
        time = at.isoformat().replace("+00:00", "Z")
        old = self.places.setdefault(place, {}).get(name, {"createTime": time})
        self.places[place][name] = old | {
            "name": f"{place}/reviews/{name}", "reviewId": name, "starRating": "TWO",
            "reviewer": {"displayName": "Sri Contohwati"}, "comment": text, "updateTime": time,
        }  # fmt: skip

    def answer(self, asked: Asked) -> Answer:
        """Sign in, list or get."""
        if asked.path == "/token":
            return self._sign_in(asked)
        if self.refusals:
            return self.refusals.pop(0)
        assert asked.headers["authorization"] == "Bearer izin"
        assert asked.query["alt"] == "json"
        found = _REVIEW.fullmatch(asked.path)
        assert found
        if found[1] not in self.places:
            return refusal(403, "PERMISSION_DENIED")
        if found[2]:
            there = self.places[found[1]].get(found[2])
            return reply(there) if there else refusal(404, "NOT_FOUND")
        return self._list(self.places[found[1]], asked.query)

    def _list(self, place: dict[str, dict[str, Any]], query: Any) -> Answer:
        assert set(query) <= {"pageSize", "pageToken", "orderBy", "alt"}
        assert int(query["pageSize"]) <= 50
        listed = [review for name, review in place.items() if name not in self.unlisted]
        listed.sort(key=lambda review: str(review["updateTime"]), reverse=True)
        at, size = int(query.get("pageToken", 0)), min(int(query["pageSize"]), self.page)
        more = {"nextPageToken": str(at + size)} if at + size < len(listed) else {}
        some = {"reviews": listed[at : at + size]} if listed else {}
        return reply({"totalReviewCount": len(listed)} | some | more)

    def _sign_in(self, asked: Asked) -> Answer:
        form = parse_qs(asked.body.decode())
        assert form["grant_type"] == ["refresh_token"]
        assert form["refresh_token"] == ["segar"]
        if self.sign_ins:
            return self.sign_ins.pop(0)
        return reply({"access_token": "izin", "expires_in": 3599, "token_type": "Bearer"})


def refusal(status: int, code: str, reason: str = "", **metadata: str) -> Answer:
    """Refuse in Google's newer form; its message may quote anything."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "metadata": metadata}
    details = [info | {"reason": reason}] if reason else []
    told = {"code": status, "message": "RAHASIA", "status": code, "details": details}
    return reply({"error": told}, status)


class Office:
    """A channel and the Google it asks; `turn` is what the runner would do."""

    def __init__(self, fake: Provider, business: Business) -> None:
        self.fake, self.business, self.clock = fake, business, FrozenClock(NOW)
        self.cursor: str | None = None

    def channel(self, **more: Any) -> GoogleReviews:
        settings = {
            "client_id": "id", "client_secret": "rahasia", "refresh_token": "segar",
            "locations": [LOCATION], "api_base": self.fake.url,
            "sign_in_url": f"{self.fake.url}/token",
        }  # fmt: skip
        context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", self.clock)
        made = build(Settings.model_validate(settings | more), context)
        assert isinstance(made, GoogleReviews)
        return made

    def turn(self, channel: GoogleReviews | None = None) -> list[RawMessage]:
        """Take a turn and keep messages and cursor of every page that came."""
        found: list[RawMessage] = []

        async def pages() -> None:
            async for page in (channel or self.channel()).fetch(self.cursor):
                found.extend(page.messages)
                self.cursor = page.cursor

        asyncio.run(pages())
        return found

    def read(self, raw: RawMessage) -> Message:
        (message,) = self.channel().parse(raw)
        return message


@contextmanager
def opened() -> Iterator[Office]:
    business = Business()
    with provider(business.answer) as fake:
        yield Office(fake, business)


def several(business: Business, count: int, until: datetime) -> list[str]:
    names = [f"R{n:03}" for n in range(count)]
    for n, name in enumerate(names):
        business.say(name, f"keluhan {n}", until - (count - 1 - n) * MINUTE)
    return names


def names(raws: list[RawMessage]) -> list[str]:
    return [raw.external_id.rpartition("/")[2] for raw in raws]
