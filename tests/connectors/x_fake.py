"""An X on loopback that has its known manners: newest first, strict sizes, rules, a stream."""

import asyncio
import json
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors.twitter import Settings, build
from connectors.twitter.connector import Twitter
from core.clock import FrozenClock
from core.connector import Context
from core.schema import RawMessage
from tests.connectors.fake_http import Answer, Asked, Provider, provider, reply

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OFFICE = "1600000000000000001"
WRITER = "1700000000000000001"
_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
_MENTIONS = f"/2/users/{OFFICE}/mentions"
_SEARCH = "/2/tweets/search/recent"
_RULES = "/2/tweets/search/stream/rules"
_STREAM = "/2/tweets/search/stream"
_SIZES = {_MENTIONS: (5, 100, "pagination_token"), _SEARCH: (10, 100, "next_token")}


def snowflake(at: datetime, number: int = 0) -> str:
    """Make the id of a post written at a time."""
    return str((int((at - _EPOCH) / timedelta(milliseconds=1)) << 22) + number)


@dataclass
class World:
    """Posts by id; `searched` are those a search finds too."""

    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    rules: dict[str, dict[str, str]] = field(default_factory=dict)
    refusals: list[Answer] = field(default_factory=list)
    streams: list[Answer] = field(default_factory=list)
    bad_rules: set[str] = field(default_factory=set)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def say(self, text: str, at: datetime, author: str = WRITER, number: int = 0) -> str:
        """Write a post; return its id."""
        name = snowflake(at, number)
        self.posts[name] = {
            "id": name, "text": text, "edit_history_tweet_ids": [name], "author_id": author,
            "created_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }  # fmt: skip
        return name

    def answer(self, asked: Asked) -> Answer:
        """Answer as X does; a queued refusal goes first."""
        assert asked.headers["authorization"] == "Bearer kunci-contoh"
        if asked.path == _RULES:
            return self._rules(asked)
        if asked.path == _STREAM:
            assert "tweet.fields" in asked.query
            return self.streams.pop(0)
        if self.refusals:
            return self.refusals.pop(0)
        return self._page(asked.path, dict(asked.query))

    def _page(self, path: str, query: dict[str, str]) -> Answer:
        least, most, token = _SIZES[path]
        size = int(query["max_results"])
        assert least <= size <= most
        assert not (path == _SEARCH and {"since_id", "start_time"} <= set(query))
        since = datetime.fromisoformat(query.get("start_time", "2010-11-05T00:00:00Z"))
        lowest = max(int(query.get("since_id", 0)), int(snowflake(since)) - 1)
        if path == _SEARCH and lowest < int(snowflake(self.now - timedelta(days=7))):
            return reply({"title": "Invalid Request", "errors": [{"message": "since"}]}, 400)
        highest = int(query.get("until_id", 1 << 63))
        found = sorted((n for n in map(int, self.posts) if lowest < n < highest), reverse=True)
        at = int(query.get(token, 0))
        page = [self.posts[str(n)] for n in found[at : at + size]]
        if not page:
            return reply({"meta": {"result_count": 0}})
        meta: dict[str, Any] = {"result_count": len(page), "newest_id": page[0]["id"]}
        if at + size < len(found):
            meta["next_token"] = str(at + size)
        return reply({"data": page, "includes": includes(page, query), "meta": meta})

    def _rules(self, asked: Asked) -> Answer:
        if asked.method == "GET":
            return reply({"data": list(self.rules.values())} if self.rules else {"meta": {}})
        body = json.loads(asked.body)
        for name in body.get("delete", {}).get("ids", []):
            del self.rules[name]
        invalid = 0
        for rule in body.get("add", []):
            if rule["value"] in self.bad_rules:
                invalid += 1
            else:
                name = str(len(self.rules) + 100)
                self.rules[name] = {"id": name, **rule}
        summary = {"invalid": invalid, "created": len(body.get("add", [])) - invalid}
        return reply({"meta": {"summary": summary}}, 201 if "add" in body else 200)


def includes(page: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    """Return the writers of a page, if they were asked for."""
    if "author_id" not in query.get("expansions", ""):
        return {}
    writers = {post["author_id"] for post in page}
    return {"users": [{"id": w, "name": "Sri", "username": f"w{w[-2:]}"} for w in writers]}


class Line:
    """A stream under a test's hand: what is put goes out at once; None closes it cleanly."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def put(self, *lines: bytes | None) -> None:
        """Send lines."""
        for line in lines:
            self._waiting.put(line)

    def __iter__(self) -> Iterator[bytes]:
        while (line := self._waiting.get()) is not None:
            yield line + b"\r\n"


def line_of(post: dict[str, Any], **more: Any) -> bytes:
    """Write a post as the stream does; a rule may have no tag."""
    users = [{"id": post["author_id"], "name": "Sri", "username": "w01"}]
    event = {"data": post, "includes": {"users": users}, "matching_rules": [{"id": "1"}]}
    return json.dumps(event | more).encode()


class Office:
    """A channel and the X it asks; `turn` is what the runner would do."""

    def __init__(self, fake: Provider, world: World) -> None:
        self.fake, self.world, self.clock = fake, world, FrozenClock(NOW)
        self.cursor: str | None = None
        self.world.now = NOW

    def channel(self, **more: Any) -> Twitter:
        settings = {
            "bearer_token": "kunci-contoh", "user_id": OFFICE, "api_base": self.fake.url,
            "daily_usd": 1000,
        }  # fmt: skip
        context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", self.clock)
        made = build(Settings.model_validate(settings | more), context)
        assert isinstance(made, Twitter)
        return made

    def turn(self, into: list[RawMessage] | None = None, **more: Any) -> list[RawMessage]:
        """Take a turn and keep messages and cursor of every page that came, trouble or not."""
        found = [] if into is None else into

        async def pages() -> None:
            async for page in self.channel(**more).fetch(self.cursor):
                found.extend(page.messages)
                self.cursor = page.cursor

        asyncio.run(pages())
        return found

    def pass_time(self, by: timedelta) -> None:
        self.clock.at += by
        self.world.now = self.clock.at

    def asked(self, name: str) -> list[str]:
        return [asked.query.get(name, "") for asked in self.fake.asked]


@contextmanager
def opened() -> Iterator[Office]:
    world = World()
    with provider(world.answer) as fake:
        yield Office(fake, world)


def several(world: World, count: int, until: datetime) -> list[str]:
    return [
        world.say(f"keluhan {n}", until - (count - 1 - n) * MINUTE) for n in range(count)
    ]  # fmt: skip


def names(raws: list[RawMessage]) -> list[str]:
    return [raw.external_id for raw in raws]
