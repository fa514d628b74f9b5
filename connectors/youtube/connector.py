"""Reads the comments and replies under the office's videos: new ones, edits, late replies."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from connectors.youtube.client import Comments, Quota
from connectors.youtube.threads import Comment, Thread, Watch
from core import ids
from core.connector import Context, Page
from core.errors import RetryLater, Unparseable
from core.reading import load, moment, table, word
from core.schema import Attachment, Message, RawMessage, Sender

# Comments held for review are released late, and YouTube lists new ones with a delay.
_OVERLAP = timedelta(hours=1)
_THREADS_PER_PAGE = 20
# So many threads are remembered beyond those watched, so that the overlap is not taken again.
_KNOWN = 300


@dataclass(frozen=True, slots=True)
class Choices:
    """What the office chose: whose comments, how often, how far back, how many threads again."""

    channel: str
    every: float
    history: timedelta
    watched: int


class YouTube:
    """The YouTube channel."""

    def __init__(
        self, comments: Comments, quota: Quota, context: Context, choices: Choices
    ) -> None:
        self.every = choices.every
        self._comments, self._quota = comments, quota
        self._context, self._choices = context, choices

    async def fetch(self, cursor: str | None) -> AsyncIterator[Page]:
        """Yield new threads oldest first, then what has moved in the threads still watched."""
        watch = Watch.load(cursor)
        self._quota.resume(watch.day, watch.used)
        trouble: RetryLater | None = None
        turn = self._turn(watch, history=cursor is None)
        handed = watch.dump()
        try:
            while (raws := await asyncio.to_thread(next, turn, None)) is not None:
                handed = self._remember(watch)
                yield Page(raws, handed)
        except RetryLater as error:
            # What was read but not handed over is asked for again.
            trouble, watch = error, Watch.load(handed)
        finally:
            self._comments.close()
        # What was asked in vain was paid for too, and must be remembered.
        yield Page((), self._remember(watch))
        if trouble:
            raise trouble

    async def probe(self) -> str:
        """Ask for one thread, with what that costs."""
        try:
            await asyncio.to_thread(next, self._comments.threads(self._choices.channel, size=1))
        finally:
            self._comments.close()
        return f"Komentar terbaca; kuota terpakai {self._quota.used} dari {self._quota.limit} unit."

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored comment as one message. Raises Unparseable."""
        snippet = table(load(raw.body).get("snippet"))
        text = word(snippet.get("textOriginal")) or word(snippet.get("textDisplay"))
        image = word(snippet.get("imageUrl"))
        if not text and not image:
            raise Unparseable("bukan komentar YouTube")
        published, updated = moment(snippet.get("publishedAt")), moment(snippet.get("updatedAt"))
        parent = word(snippet.get("parentId"))
        video = raw.headers.get("video", "")
        yield Message(
            external_id=raw.external_id,
            version=raw.version,
            edited_at=updated if updated != published else None,
            sender=Sender(
                platform="youtube",
                id=word(table(snippet.get("authorChannelId")).get("value")),
                name=word(snippet.get("authorDisplayName")),
                contact=word(snippet.get("authorChannelUrl")),
                # YouTube knows one level of replies: an answer hangs on the top comment.
                reply_address=parent or raw.external_id,
            ),
            occurred_at=published,
            text=text,
            # The link lives six hours.
            attachments=(Attachment(url=image),) if image else (),
            reply_to=parent,
            thread=video or raw.account,
            permalink=f"https://www.youtube.com/watch?v={video}&lc={raw.external_id}"
            if video
            else "",
        )

    def _turn(self, watch: Watch, *, history: bool) -> Iterator[Sequence[RawMessage]]:
        fresh = self._fresh(watch, history=history)
        for at in range(0, len(fresh), _THREADS_PER_PAGE):
            raws: list[RawMessage] = []
            for thread in fresh[at : at + _THREADS_PER_PAGE]:
                comments = self._whole(thread)
                raws += self._keep(thread, comments, history=history)
                self._note(watch, thread, comments)
            yield raws
        new = {thread.id for thread in fresh}
        last = list(watch.threads)[max(len(watch.threads) - self._choices.watched, 0) :]
        for batch in self._comments.by_id([name for name in last if name not in new]):
            moved = [
                raw for thread in map(Thread.read, batch) for raw in self._moved(watch, thread)
            ]
            if moved:
                yield moved

    def _fresh(self, watch: Watch, *, history: bool) -> list[Thread]:
        """Return the threads not taken yet, oldest first. Raises RetryLater."""
        now = self._context.clock()
        if history:
            watch.mark = (now - self._choices.history).timestamp()
        since = datetime.fromtimestamp(watch.mark, UTC) - _OVERLAP
        # A first walk may be long: it leaves half of the day's quota for what is new.
        longest = self._quota.limit // 2 or 1 if history else None
        found: dict[str, Thread] = {}
        for page in islice(self._comments.threads(self._choices.channel), longest):
            recent = [t for t in map(Thread.read, page) if (t.published or now) >= since]
            found |= {t.id: t for t in recent if t.id not in watch.threads}
            if page and not recent:
                break
        return sorted(found.values(), key=lambda thread: thread.published or now)

    def _whole(self, thread: Thread) -> list[Comment]:
        """Return all of a thread's comments, the top one first. Raises RetryLater."""
        replies: Sequence[Comment] = thread.replies
        if thread.count > len(replies):
            replies = [Comment.read(r) for r in self._comments.replies(thread.id)] or replies
        return [thread.top, *sorted(replies, key=lambda comment: comment.at)]

    def _moved(self, watch: Watch, thread: Thread) -> list[RawMessage]:
        """Return what is new in a watched thread: replies and edits. Raises RetryLater."""
        count, seen = watch.threads.get(thread.id, (0, 0.0))
        grown = thread.count - count
        comments = self._whole(thread) if grown > 0 else [thread.top, *thread.replies]
        changed = [comment for comment in comments if comment.at > seen]
        if sum(comment is not thread.top for comment in changed) < grown:
            # A reply held back and released late bears an old time: hand over all of them.
            changed = comments
        self._note(watch, thread, comments)
        return self._keep(thread, changed, history=False)

    def _note(self, watch: Watch, thread: Thread, comments: Iterable[Comment]) -> None:
        now = self._context.clock()
        # A time in the future would make the channel deaf to everything before it.
        watch.mark = max(watch.mark, min(thread.published or now, now).timestamp())
        latest = max(comment.at for comment in comments)
        watch.note(thread.id, thread.count, latest, self._choices.watched + _KNOWN)

    def _keep(
        self, thread: Thread, comments: Iterable[Comment], *, history: bool
    ) -> list[RawMessage]:
        """Make records of comments; the office's own are not complaints."""
        return [
            RawMessage(
                tenant=self._context.tenant,
                channel="youtube",
                account=self._choices.channel,
                external_id=comment.id,
                version=comment.changed or ids.content_id(comment.body)[:32],
                headers={"content-type": "application/json", "video": thread.video},
                body=comment.body,
                received_at=self._context.clock(),
                history=history,
            )
            for comment in comments
            if comment.author != self._choices.channel
        ]

    def _remember(self, watch: Watch) -> str:
        watch.day, watch.used = self._quota.day, self._quota.used
        return watch.dump()
