"""Reads X: mentions of the office, a search, a filtered stream; never beyond the day's money."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from connectors.twitter import archive, posts
from connectors.twitter.client import X
from connectors.twitter.posts import Post
from connectors.twitter.purse import Purse
from connectors.twitter.stream import Stream, of_line
from connectors.twitter.walk import Memory, Walk
from core.connector import BadRow, Context, Page
from core.errors import RetryLater
from core.reading import Json, rows, table, word
from core.schema import Message, RawMessage

_PER_PAGE = 100
# X takes 50 connections in a quarter of an hour.
_RECONNECT = 20.0
_LONGEST_QUERY = 512


@dataclass(frozen=True, slots=True)
class Choices:
    """What the office chose: whose mentions, which search, which rules, how often, how far back."""

    user: str
    query: str
    rules: tuple[str, ...]
    every: float
    history: timedelta


@dataclass(frozen=True, slots=True)
class _Source:
    """A way of asking: its name, the smallest page X gives, the price of a post, the call."""

    name: str
    least: int
    price: float
    ask: Callable[..., Json]


class Twitter:
    """The channel of X."""

    def __init__(self, client: X, purse: Purse, context: Context, choices: Choices) -> None:
        self.every = min(choices.every, _RECONNECT) if choices.rules else choices.every
        self._client, self._purse = client, purse
        self._context, self._choices = context, choices
        self._stream = Stream(client)
        self._next: datetime | None = None

    async def fetch(self, cursor: str | None) -> AsyncIterator[Page]:
        """Yield what is new by asking; with rules, then listen until X closes the stream."""
        memory = Memory.load(cursor)
        self._purse.resume(memory.day, memory.spent)
        try:
            async for page in self._poll(memory, self._sources()):
                yield page
        finally:
            self._client.close()
        if self._choices.rules:
            async for page in self._listen(memory):
                yield page

    async def probe(self) -> str:
        """Ask for the stream's rules, the one thing X gives for nothing."""
        found = await asyncio.to_thread(self._client.rules)
        return (
            f"Token diterima ({len(rows(found.get('data')))} aturan stream); hak membaca sebutan "
            "baru terlihat saat kanal berjalan, karena setiap bacaan dibayar."
        )

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored post as one message. Raises Unparseable."""
        if raw.headers.get("content-type") in (archive.TABLE, archive.LINK):
            yield archive.parse(raw, self._context.zone)
        else:
            yield posts.parse(raw)

    def read(self, path: Path) -> Iterator[RawMessage | BadRow]:
        """Read an export, or links pasted into a text file. Raises Unparseable."""
        return archive.read(path, self._context)

    def _sources(self) -> Iterator[_Source]:
        chosen, client, prices = self._choices, self._client, self._purse.prices
        yield _Source("mentions", 5, prices.mention, partial(client.mentions, chosen.user))
        if chosen.query:
            yield _Source("search", 10, prices.post, partial(client.search, chosen.query))

    def _missed(self) -> Iterator[_Source]:
        """Search for what the stream would have brought while nobody listened."""
        query = " OR ".join(f"({rule})" for rule in self._choices.rules)
        if 0 < len(query) <= _LONGEST_QUERY:
            price = self._purse.prices.post
            yield _Source("stream", 10, price, partial(self._client.search, query))

    async def _poll(self, memory: Memory, sources: Iterable[_Source]) -> AsyncIterator[Page]:
        for source in sources:
            walk = memory.walk(source.name)
            walk.begin(self._context.clock() - self._choices.history)
            history = not walk.done
            found, trouble = await asyncio.to_thread(self._read, source, walk)
            raws = [raw for post in found if (raw := self._raw(post, history=history))]
            # Only the last page moves the walk: a crash before it repeats, and loses nothing.
            while len(raws) > _PER_PAGE:
                yield Page(raws[:_PER_PAGE], self._remember(memory))
                raws = raws[_PER_PAGE:]
            walk.move((post.id for post in found), finished=trouble is None)
            yield Page(raws, self._remember(memory))
            if trouble:
                raise trouble
            self._next = self._context.clock() + timedelta(seconds=self._choices.every)

    def _read(self, source: _Source, walk: Walk) -> tuple[list[Post], RetryLater | None]:
        """Read a source back to where it was left, and say what stopped that before."""
        found: dict[str, Post] = {}
        token: str | None = None
        try:
            while True:
                size = min(self._purse.affords(source.price, source.least), 100)
                page = source.ask(size, token=token, **walk.bounds)
                brought = [post for post in posts.split(page) if walk.newer(post.id)]
                users = rows(table(page.get("includes")).get("users"))
                self._purse.pay(source.price, len(rows(page.get("data"))), len(users))
                found |= {post.id: post for post in brought}
                token = word(table(page.get("meta")).get("next_token"))
                if not token:
                    return _sorted(found.values()), None
        except RetryLater as error:
            return _sorted(found.values()), error

    async def _listen(self, memory: Memory) -> AsyncIterator[Page]:
        self._purse.affords(self._purse.prices.post)
        await asyncio.to_thread(self._stream.agree, self._choices.rules)
        lines = self._stream.lines()
        # Asked once connected: then nothing falls between what is found and what comes.
        asked: list[_Source] = list(self._missed())
        try:
            async for line in lines:
                yield self._line(memory, line)
                self._purse.affords(self._purse.prices.post)
                async for page in self._poll(memory, asked):
                    yield page
                due = self._next and self._context.clock() >= self._next
                asked = list(self._sources()) if due else []
        finally:
            await lines.aclose()

    def _line(self, memory: Memory, line: bytes) -> Page:
        """Make a page of one line; a sign of life is a page of nothing."""
        found = of_line(line)
        if found is None:
            return Page((), self._remember(memory))
        post, users = found
        self._purse.pay(self._purse.prices.post, 1, users)
        memory.walk("stream").move((post.id,), finished=True)
        raw = self._raw(post, history=False)
        return Page((raw,) if raw else (), self._remember(memory))

    def _raw(self, post: Post, *, history: bool) -> RawMessage | None:
        """Make a record of a post; the office's own are not complaints."""
        if post.author and post.author == self._choices.user:
            return None
        return RawMessage(
            tenant=self._context.tenant,
            channel="twitter",
            external_id=post.original,
            version=post.id,
            headers={"content-type": posts.JSON},
            body=post.body,
            received_at=self._context.clock(),
            history=history,
        )

    def _remember(self, memory: Memory) -> str:
        memory.day, memory.spent = self._purse.day, self._purse.spent
        return memory.dump()


def _sorted(found: Iterable[Post]) -> list[Post]:
    return sorted(found, key=lambda post: post.order)
