"""Reads Instagram's webhook and asks the Graph API for what it leaves out: times and mentions."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import timedelta
from functools import partial

from connectors.instagram.waiting import Waiting
from core import reading
from core.connector import Context, Delivery, Page, Request
from core.errors import Unparseable
from core.meta import WORDLESS, Event, Hook, Named, ident, must, read
from core.meta_direct import name_direct, read_direct
from core.meta_graph import Graph, check
from core.reading import Json, dump, load, table, word
from core.schema import Message, RawMessage, Sender

_COMMENTS = frozenset({"comments", "live_comments"})
# An account can subscribe to these too; nobody says anything in them.
_QUIET_FIELDS = frozenset({"story_insights", "message_reactions", "messaging_seen", "onboarding"})
_COMMENT = "id,text,timestamp,username,from,parent_id,hidden,media{id,permalink}"
_MENTION = "id,text,timestamp,username,media{id,permalink}"
_CAPTION = "id,caption,timestamp,username,permalink"
_UNKNOWN = "jenis pemberitahuan Instagram yang belum dikenal"
_UNSEEN = "(akun kantor disebut di Instagram; buka Instagram untuk melihatnya)"
_ID = re.compile(r"\d{1,40}", re.ASCII)
# A version that was fetched stands above the one that was pushed.
_MORE = timedelta(seconds=1)


class Instagram:
    """The Instagram channel: a webhook, and a loop that completes what it brought."""

    def __init__(
        self, hook: Hook, graph: Graph | None, waiting: Waiting, context: Context, every: float
    ) -> None:
        self.every = every
        self._hook, self._graph, self._waiting, self._context = hook, graph, waiting, context

    def accept(self, request: Request) -> Delivery:
        """Prove Meta, keep what citizens wrote, and note what is to be asked for."""
        delivery = self._hook.accept(request, _name)
        # The ids a trial secret signed are invented: Meta knows nothing of them.
        if self._graph and not self._context.trial:
            for raw in delivery.messages:
                if _question(raw.body):
                    self._waiting.put(raw.event_id, raw.body)
        return delivery

    async def fetch(self, cursor: str | None) -> AsyncIterator[Page]:
        """Ask for each waiting event; its file goes once the answer is on disk."""
        if self._graph is None:
            return
        for path, body in await asyncio.to_thread(self._waiting.take):
            done = partial(path.unlink, missing_ok=True)
            try:
                yield Page(await self._complete(self._graph, body), path.name, done)
            except Unparseable as error:
                yield Page((), path.name, done, (f"waktu atau isi tidak diperoleh: {error}",))

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored event as one message. Raises Unparseable."""
        event = read(raw.body)
        yield _written(raw, event) if event.field else read_direct(raw, event, "instagram")

    async def probe(self) -> str:
        """Try the token out, if there is one."""
        if self._graph is None:
            return "Kunci terisi; tanpa access_token waktu komentar dan isi sebutan tidak diambil."
        return await check(self._graph, "comments")

    async def _complete(self, graph: Graph, body: bytes) -> Sequence[RawMessage]:
        asked, event = _question(body), read(body)
        named = _name(event)
        found = await graph.get(*asked) if asked and named else None
        if named is None or found is None:
            return ()  # deleted in the meantime: what was pushed stands
        return (
            RawMessage(
                tenant=self._context.tenant,
                channel="instagram",
                account=event.account,
                external_id=named.external_id,
                version=f"{named.version}:detail".lstrip(":"),
                headers={"content-type": "application/json"},
                body=dump(load(body) | {"graph": found}),
                received_at=self._context.clock(),
            ),
        )


def _name(event: Event) -> Named | None:
    if not event.field:
        return name_direct(event)
    if event.field in _QUIET_FIELDS:
        return None
    if event.field == "mentions":
        return Named(must(ident(event.value.get("comment_id")) or _media(event)), "mention")
    if event.field not in _COMMENTS:
        raise Unparseable(_UNKNOWN)
    author = table(event.value.get("from"))
    # Meta marks so what the office itself wrote.
    if ident(author.get("self_ig_scoped_id")) or ident(author.get("id")) == event.account != "":
        return None
    return Named(must(ident(event.value.get("id"))))


def _media(event: Event) -> str:
    return ident(event.value.get("media_id"))


def _question(body: bytes) -> tuple[str, str] | None:
    """Say what is to be asked of the Graph API about an event: a path and its fields."""
    try:
        event = read(body)
    except Unparseable:
        return None
    comment, media = ident(event.value.get("comment_id")), _media(event)
    if event.field in _COMMENTS:
        thing, path, fields = ident(event.value.get("id")), "", _COMMENT
    elif event.field != "mentions":
        return None
    elif comment:
        thing, path = comment, event.account
        fields = f"mentioned_comment.comment_id({comment}){{{_MENTION}}}"
    else:
        thing, path = media, event.account
        fields = f"mentioned_media.media_id({media}){{{_CAPTION}}}"
    # What goes into an address must be an id and nothing else.
    good = all(_ID.fullmatch(part) for part in (thing, path or thing))
    return (path or thing, fields) if good else None


def _told(event: Event) -> Json:
    """Return what the Graph API told of the comment, or of the caption that mentions us."""
    graph = event.graph
    return table(graph.get("mentioned_comment")) or table(graph.get("mentioned_media")) or graph


def _written(raw: RawMessage, event: Event) -> Message:
    if event.field not in _COMMENTS and event.field != "mentions":
        raise Unparseable(_UNKNOWN)
    value, told = event.value, _told(event)
    text = word(told.get("text")) or word(told.get("caption")) or word(value.get("text"))
    said = text or (_UNSEEN if event.field == "mentions" and not told else "")
    media, seen = table(value.get("media")), table(told.get("media"))
    at = event.at + _MORE if event.at and told else event.at
    return Message(
        external_id=raw.external_id,
        version=raw.version,
        edited_at=at if text else WORDLESS,
        sender=_sender(table(value.get("from")), told),
        # The webhook bears no time of writing; that of sending stands in for it.
        occurred_at=reading.moment(told.get("timestamp")) or event.at,
        text=said,
        reply_to=ident(value.get("parent_id")) or ident(told.get("parent_id")),
        thread=ident(media.get("id")) or ident(seen.get("id")) or _media(event),
        permalink=word(seen.get("permalink")) or word(told.get("permalink")),
        given=_given(event, told),
    )


def _sender(author: Json, told: Json) -> Sender:
    seen = table(told.get("from"))
    who = ident(author.get("id")) or ident(seen.get("id"))
    name = word(author.get("username")) or word(seen.get("username")) or word(told.get("username"))
    return Sender(platform="instagram" if who else "", id=who, name=name)


def _given(event: Event, told: Json) -> dict[str, str]:
    media = table(event.value.get("media"))
    given = {
        "jenis": event.field,
        "keadaan": "disembunyikan" if told.get("hidden") is True else "",
        "media": word(media.get("media_product_type")),
        "iklan": ident(media.get("ad_id")),
    }
    return {name: said for name, said in given.items() if said}
