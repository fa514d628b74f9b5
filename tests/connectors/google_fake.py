"""A Business Profile on loopback that keeps to Google's discovery document, and its sign-in."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.connectors.fake_http import Answer, Asked, reply

LOCATION = "accounts/101/locations/202"
ORACLES = Path(__file__).parents[2].parent / "shared" / "oracles" / "google-reviews"
_REVIEW = re.compile(r"/v4/(accounts/[^/]+/locations/[^/]+)/reviews(?:/([^/]+))?")


def document() -> dict[str, Any]:
    """Return Google's own document of mybusiness v4."""
    found = sorted(ORACLES.glob("mybusiness.v4*.json"))
    if not found:
        pytest.fail("the collected oracles (../shared/oracles/google-reviews) are not here")
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
