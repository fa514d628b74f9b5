"""A YouTube on loopback that keeps to Google's own discovery document, and its known manners."""

import asyncio
import html
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import googleapiclient  # type: ignore[import-untyped]

from connectors.youtube import Settings, build
from connectors.youtube.connector import YouTube
from core.clock import FrozenClock
from core.connector import Context
from core.schema import RawMessage
from tests.connectors.fake_http import Answer, Asked, Provider, provider, reply

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)

OFFICE = "UCkantorContoh0000000000"
_DOCUMENT = Path(googleapiclient.__file__).parent / "discovery_cache/documents/youtube.v3.json"
_RESOURCES = json.loads(_DOCUMENT.read_text())["resources"]
# Whatever maxResults asks for, order=time gives about twenty; a thread carries some replies.
_PAGE, _CARRIED = 20, 2


@dataclass
class Tube:
    """Threads by id, each its comments: the top one first."""

    threads: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    refusals: list[Answer] = field(default_factory=list)

    def say(self, name: str, text: str, at: datetime, author: str = "UCwarga1") -> None:
        """Write a comment, or (`thread.reply`) a reply."""
        thread, _, is_reply = name.partition(".")
        snippet = {
            "channelId": OFFICE, "videoId": "vid1", "textOriginal": text,
            "authorDisplayName": f"@{author}", "authorChannelId": {"value": author},
            "publishedAt": stamp(at), "updatedAt": stamp(at),
        } | ({"parentId": thread} if is_reply else {})  # fmt: skip
        comment = {"kind": "youtube#comment", "id": name, "snippet": snippet}
        self.threads.setdefault(thread, []).append(comment)

    def edit(self, name: str, text: str, at: datetime) -> None:
        """Change a comment's words."""
        for comment in self.threads[name.partition(".")[0]]:
            if comment["id"] == name:
                comment["snippet"] |= {"textOriginal": text, "updatedAt": stamp(at)}

    def answer(self, asked: Asked) -> Answer:
        """Answer as the discovery document says; a queued refusal goes first."""
        if self.refusals:
            return self.refusals.pop(0)
        resource = asked.path.rpartition("/")[2]
        method = _RESOURCES[resource]["methods"]["list"]
        assert asked.path == f"/{method['path']}"
        query = dict(asked.query)
        assert query.pop("key") == "kunci-contoh"
        assert query.pop("alt") == "json"
        for name, value in query.items():
            rule = method["parameters"][name]
            assert value in rule.get("enum", [value])
            assert int(value) <= int(rule["maximum"]) if "maximum" in rule else True
        return self._threads(query) if resource == "commentThreads" else self._replies(query)

    def _threads(self, query: dict[str, str]) -> Answer:
        if "id" in query:
            assert not {"maxResults", "order", "pageToken"} & set(query)
            names = query["id"].split(",")
            assert len(names) <= 50
            return reply({"items": [self._thread(n, query) for n in names if n in self.threads]})
        assert query["allThreadsRelatedToChannelId"] == OFFICE
        assert query["order"] == "time"
        newest = sorted(self.threads, key=self._published, reverse=True)
        names = [name for name in newest if name not in self.unlisted]
        return self._page([self._thread(n, query) for n in names], query)

    def _replies(self, query: dict[str, str]) -> Answer:
        if query["parentId"] not in self.threads:
            return refusal(404, "parentCommentNotFound")
        found = self.threads[query["parentId"]][:0:-1]
        return self._page([_shown(comment, query) for comment in found], query)

    def _page(self, items: list[Any], query: dict[str, str]) -> Answer:
        at = int(query.get("pageToken", 0))
        size = min(int(query["maxResults"]), _PAGE)
        more = {"nextPageToken": str(at + size)} if at + size < len(items) else {}
        return reply({"items": items[at : at + size]} | more)

    def _thread(self, name: str, query: dict[str, str]) -> dict[str, Any]:
        top, *replies = self.threads[name]
        carried = [_shown(comment, query) for comment in replies[:_CARRIED]]
        snippet = {
            "channelId": OFFICE, "videoId": "vid1", "totalReplyCount": len(replies),
            "topLevelComment": _shown(top, query), "isPublic": True,
        }  # fmt: skip
        return {
            "kind": "youtube#commentThread", "id": name, "snippet": snippet,
            **({"replies": {"comments": carried}} if carried else {}),
        }  # fmt: skip

    def _published(self, name: str) -> str:
        return str(self.threads[name][0]["snippet"]["publishedAt"])


def stamp(at: datetime) -> str:
    """Write a time as Google does."""
    return at.isoformat().replace("+00:00", "Z")


def refusal(status: int, reason: str, **headers: str) -> Answer:
    """Refuse in Google's form; its message may quote anything."""
    told = {"code": status, "message": "RAHASIA", "errors": [{"reason": reason}]}
    return reply({"error": told}, status, **headers)


def several(tube: Tube, count: int, until: datetime) -> list[str]:
    """Write comments a minute apart, the last at `until`; return their ids, oldest first."""
    names = [f"T{n:03}" for n in range(count)]
    for n, name in enumerate(names):
        tube.say(name, f"keluhan {n}", until - timedelta(minutes=count - 1 - n))
    return names


def _shown(comment: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
    snippet = dict(comment["snippet"])
    text = snippet.pop("textOriginal")
    plain = query.get("textFormat", "html") == "plainText"
    shown = text if plain else html.escape(text).replace("\n", "<br>")
    return comment | {"snippet": snippet | {"textDisplay": shown}}


class Office:
    """A channel and the YouTube it asks; `turn` is what the runner would do."""

    def __init__(self, fake: Provider, tube: Tube) -> None:
        self.fake, self.tube, self.clock = fake, tube, FrozenClock(NOW)
        self.cursor: str | None = None

    def channel(self, **more: Any) -> YouTube:
        settings = Settings.model_validate(
            {"api_key": "kunci-contoh", "channel_id": OFFICE, "api_base": self.fake.url} | more
        )
        context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", self.clock)
        made = build(settings, context)
        assert isinstance(made, YouTube)
        return made

    def turn(
        self, channel: YouTube | None = None, into: list[RawMessage] | None = None
    ) -> list[RawMessage]:
        """Take a turn and keep messages and cursor of every page that came, trouble or not."""
        found = [] if into is None else into

        async def pages() -> None:
            async for page in (channel or self.channel()).fetch(self.cursor):
                found.extend(page.messages)
                self.cursor = page.cursor

        asyncio.run(pages())
        return found


@contextmanager
def opened() -> Iterator[Office]:
    tube = Tube()
    with provider(tube.answer) as fake:
        yield Office(fake, tube)


def names(raws: list[RawMessage]) -> list[str]:
    return [raw.external_id for raw in raws]
