"""Reads the reviews of the office's places on Google: new, changed and vanished ones."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.google_reviews import review as reading
from connectors.google_reviews import takeout
from connectors.google_reviews.client import Reviews
from connectors.google_reviews.memory import Memory, Place
from connectors.google_reviews.push import Subscription
from connectors.google_reviews.review import Review
from core import google
from core.connector import BadRow, Context, Delivery, Page, Request
from core.errors import ConfigError, RejectedRequest, RetryLater, Unparseable
from core.reading import dump, load, table
from core.schema import Message, RawMessage

# What changes while a walk is on its way may be listed late.
_OVERLAP = timedelta(hours=1)
_PER_PAGE = 100
# How soon a push is followed by a question.
_TICK = 10.0
# All locations together; what the cursor can carry.
_REMEMBERED, _AT_LEAST = 2000, 50


@dataclass(frozen=True, slots=True)
class Choices:
    """What the office chose: which places, how often, how far back."""

    locations: tuple[str, ...]
    every: float
    history: timedelta

    @property
    def remembered(self) -> int:
        """How many reviews of each place are remembered, to notice when one vanishes."""
        return max(_REMEMBERED // max(len(self.locations), 1), _AT_LEAST)


class GoogleReviews:
    """The channel of Google reviews."""

    def __init__(
        self, reviews: Reviews, subscription: Subscription, context: Context, choices: Choices
    ) -> None:
        # With pushes it is looked often whether one came; Google is asked only when it is time.
        self.every = min(choices.every, _TICK) if subscription.configured else choices.every
        self._reviews, self._subscription = reviews, subscription
        self._context, self._choices = context, choices
        self._next: datetime | None = None
        self._pushed = False

    def accept(self, request: Request) -> Delivery:
        """Take a push of Pub/Sub as a hint: what it holds is undocumented, so Google is asked."""
        if request.method != "POST":
            raise RejectedRequest("method", status=405)
        self._subscription.prove(request.header("authorization"))
        try:
            message = table(load(request.body).get("message"))
        except Unparseable as error:
            raise RejectedRequest("body: bukan JSON", status=400) from error
        if not isinstance(message.get("messageId"), str):
            raise RejectedRequest("message.messageId: tidak ada", status=400)
        self._pushed = True
        return Delivery(messages=(), ignored=1)

    async def fetch(self, cursor: str | None) -> AsyncIterator[Page]:
        """Yield each place's reviews, the first changed first; once a day what has vanished."""
        now = self._context.clock()
        if self._next and now < self._next and not self._pushed:
            return
        self._next, self._pushed = None, False
        memory = Memory.load(cursor)
        refused: list[str] = []
        try:
            for location in self._choices.locations:
                # A place named later has a past of its own.
                history = location not in memory.places
                turn = self._turn(memory.place(location), location, history=history)
                try:
                    while (raws := await asyncio.to_thread(next, turn, None)) is not None:
                        yield Page(raws, memory.dump())
                except google.Refused as error:
                    refused.append(f"{location} (HTTP {error.status})")
        finally:
            self._reviews.close()
        self._judge(refused)
        self._next = now + timedelta(seconds=self._choices.every)

    async def probe(self) -> str:
        """Ask for one review of each place."""
        refused = []
        try:
            for location in self._choices.locations:
                try:
                    await asyncio.to_thread(next, self._reviews.pages(location, size=1))
                except google.Refused as error:
                    refused.append(f"{location} (HTTP {error.status})")
        finally:
            self._reviews.close()
        self._judge(refused)
        push = "terisi" if self._subscription.configured else "tidak dipakai"
        return f"Ulasan {len(self._choices.locations)} lokasi terbaca; push Pub/Sub {push}."

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored review as one message. Raises Unparseable."""
        yield reading.parse(raw, self._context.zone)

    def read(self, path: Path) -> Iterator[RawMessage | BadRow]:
        """Read an export of Google Takeout or a CSV. Raises Unparseable."""
        return takeout.read(path, self._context)

    def _judge(self, refused: Sequence[str]) -> None:
        if not refused:
            return
        sentence = (
            f"Google menolak {', '.join(refused)}: periksa nomor lokasi, dan bahwa akun yang masuk "
            "adalah pengelolanya."
        )
        if len(refused) == len(self._choices.locations):
            raise ConfigError(sentence)
        # The other places go on.
        raise RetryLater(sentence, after=self._choices.every)

    def _turn(
        self, place: Place, location: str, *, history: bool
    ) -> Iterator[Sequence[RawMessage]]:
        today = self._context.clock().astimezone(self._context.zone).date().isoformat()
        sweep = place.swept != today and not history
        before = dict(place.known) if sweep else {}
        fresh, seen = self._walk(place, location, sweep=sweep, history=history)
        for at in range(0, len(fresh), _PER_PAGE):
            part = fresh[at : at + _PER_PAGE]
            for review in part:
                self._note(place, review)
            yield [self._raw(r.external_id, r.changed, r.body, history=history) for r in part]
        if sweep or history:
            vanished = self._vanished(location, (name for name in before if name not in seen))
            place.swept = today
            for name in vanished:
                del place.known[name]
            yield [self._gone(location, name, before[name]) for name in vanished]

    def _walk(
        self, place: Place, location: str, *, sweep: bool, history: bool
    ) -> tuple[list[Review], set[str]]:
        """Return what is not taken yet, the first changed first, and the ids of all that was seen.

        A sweep goes to the end and also takes what an earlier walk may have missed.
        """
        now = self._context.clock()
        if history:
            place.mark = (now - self._choices.history).timestamp()
        since = place.mark - _OVERLAP.total_seconds()
        if sweep:
            since = min([since, *(at for at in place.known.values() if at)])
        found: dict[str, Review] = {}
        seen: set[str] = set()
        for page in self._reviews.pages(location):
            reviews = [Review.read(item) for item in page]
            recent = [review for review in reviews if (review.at or now.timestamp()) >= since]
            found |= {r.id: r for r in recent if place.known.get(r.id) != r.at}
            seen |= {review.id for review in reviews}
            if page and not recent and not sweep:
                break
        return sorted(found.values(), key=lambda review: review.at), seen

    def _note(self, place: Place, review: Review) -> None:
        now = self._context.clock().timestamp()
        # A time in the future would make the channel deaf to everything before it.
        place.mark = max(place.mark, min(review.at, now))
        place.note(review.id, review.at, self._choices.remembered)

    def _vanished(self, location: str, missing: Iterable[str]) -> list[str]:
        """Return the reviews that Google no longer has; a list alone may leave some out."""
        return [n for n in missing if not self._reviews.exists(f"{location}/reviews/{n}")]

    def _gone(self, location: str, review: str, at: float) -> RawMessage:
        name = f"{location}/reviews/{review}"
        changed = datetime.fromtimestamp(at, UTC).isoformat()
        external_id = name[name.index("locations/") :]
        body = dump({"name": name, "keadaan": "dihapus"})
        return self._raw(external_id, f"dihapus sesudah {changed}", body, history=False)

    def _raw(self, external_id: str, changed: str, body: bytes, *, history: bool) -> RawMessage:
        return RawMessage(
            tenant=self._context.tenant,
            channel="google_reviews",
            external_id=external_id,
            version=changed,
            headers={"content-type": reading.JSON},
            body=body,
            received_at=self._context.clock(),
            history=history,
        )
