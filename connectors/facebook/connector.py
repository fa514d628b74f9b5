"""Reads the webhook of a Facebook Page: comments, visitors' posts, reviews, mentions, messages."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from core import ids
from core.connector import Context, Delivery, Request
from core.errors import Unparseable
from core.meta import WORDLESS, Event, Hook, Named, ident, moment, must, read
from core.meta_direct import name_direct, read_direct
from core.meta_graph import Graph, check
from core.reading import Json, table, word
from core.schema import Attachment, Message, RawMessage, Sender

_FIELDS = frozenset({"feed", "mention", "ratings"})
# A Page can subscribe to these too; they tell of its settings, sales or live state.
_QUIET_FIELDS = frozenset({
    "about", "affiliation", "attire", "awards", "bio", "birthday", "business_integrity", "category",
    "checkins", "company_overview", "conversations", "cover", "current_location", "description",
    "email", "founded", "general_info", "general_manager", "hometown", "hours", "inbox_labels",
    "leadgen", "live_videos", "location", "members", "merchant_review", "mission", "name",
    "page_change_proposal", "page_upcoming_change", "parking", "payment_options", "personal_info",
    "personal_interests", "phone", "picture", "price_range", "product_review", "products",
    "public_transit", "publisher_subscriptions", "videos", "website",
})  # fmt: skip
# Things of a feed that say nothing in words.
_QUIET_ITEMS = frozenset({"like", "reaction", "event", "milestone", "tag", "album"})
# What Facebook did to a video of the Page.
_QUIET_VERBS = frozenset({"block", "unblock", "mute", "unmute"})
_THINGS = frozenset(
    {"comment", "rating", "post", "status", "photo", "video", "share", "note", "link"}
)
# `edit` for posts and `edited` for comments.
_EDITS = frozenset({"edit", "edited", "update"})
_IDS = ("post_id", "open_graph_story_id", "photo_id", "video_id")
_STATES = {"hide": "disembunyikan", "unhide": "ditampilkan", "remove": "dihapus"}


class Facebook:
    """The Facebook channel."""

    def __init__(
        self, secrets: Sequence[str], verify_token: str, graph: Graph | None, context: Context
    ) -> None:
        self._hook = Hook("facebook", secrets, verify_token, context)
        self._graph = graph

    def accept(self, request: Request) -> Delivery:
        """Prove Meta and keep what citizens wrote; likes and our own words are ignored."""
        return self._hook.accept(request, _name)

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored event as one message. Raises Unparseable."""
        event = read(raw.body)
        yield _posted(raw, event) if event.field else read_direct(raw, event, "messenger")

    async def probe(self) -> str:
        """Try the token out, if there is one."""
        if self._graph is None:
            return "Kunci terisi; isi access_token bila ingin langganan webhook ikut diperiksa."
        return await check(self._graph, "feed")


def _name(event: Event) -> Named | None:
    if not event.field:
        return name_direct(event)
    value, verb = event.value, word(event.value.get("verb"))
    quiet = word(value.get("item")) in _QUIET_ITEMS or verb in _QUIET_VERBS
    if event.field in _QUIET_FIELDS or (event.field in _FIELDS and quiet):
        return None
    author = ident(table(value.get("from")).get("id"))
    if author and author == event.account:
        return None  # what the office itself wrote
    _must_know(event)
    return Named(must(_id(value)), _version(event, verb))


def _must_know(event: Event) -> None:
    """Raise Unparseable for a kind of event nobody has seen yet, unless it says something."""
    known = word(event.value.get("item")) in _THINGS or _text(event.value)
    if event.field not in _FIELDS or not known:
        raise Unparseable("jenis pemberitahuan Facebook yang belum dikenal")


def _id(value: Json) -> str:
    # A comment must never go by the id of its post.
    names = ("comment_id",) if word(value.get("item")) == "comment" else _IDS
    return next((found for found in (ident(value.get(name)) for name in names) if found), "")


def _version(event: Event, verb: str) -> str:
    """Name a version so that a redelivery has the same name and a change back has another."""
    if verb in ("add", "remove"):
        # A comment under a post of ours that mentions us comes twice; only one tells its author.
        return f"mention:{verb}" if event.field == "mention" else verb
    stamp = f"{event.at.timestamp():.0f}" if event.at else ""
    text = ids.digest(_text(event.value))[:12] if verb in _EDITS else ""
    return ":".join((verb, stamp, text)).rstrip(":")


def _text(value: Json) -> str:
    return word(value.get("message")) or word(value.get("review_text"))


def _posted(raw: RawMessage, event: Event) -> Message:
    value, item, verb = event.value, word(event.value.get("item")), word(event.value.get("verb"))
    text, attachments = _text(value), tuple(_attachments(value, item))
    _must_know(event)
    occurred_at = moment(value.get("created_time")) or event.at
    post, parent = ident(value.get("post_id")), ident(value.get("parent_id"))
    return Message(
        external_id=raw.external_id,
        version=raw.version,
        edited_at=_stands_since(event, verb, occurred_at) if text or attachments else WORDLESS,
        sender=_sender(value),
        occurred_at=occurred_at,
        text=text,
        attachments=attachments,
        # A comment under the post itself answers nobody.
        reply_to=parent if parent != post else "",
        thread=post if item == "comment" else "",
        permalink=_permalink(value),
        rating=_stars(value),
        given=_given(event),
    )


def _stands_since(event: Event, verb: str, occurred_at: datetime | None) -> datetime | None:
    """Date a version by Meta's own clock, because Meta promises no order."""
    at = event.at if verb in _EDITS or verb in _STATES else occurred_at
    # A mention names no author: where the same comment also comes as a comment, that one stands.
    return at - timedelta(seconds=1) if at and event.field == "mention" else at


def _given(event: Event) -> dict[str, str]:
    value = event.value
    told = {
        "jenis": word(value.get("item")),
        "keadaan": _STATES.get(word(value.get("verb")), ""),
        "sebutan": "ya" if event.field == "mention" else "",
        "rekomendasi": word(value.get("recommendation_type")),
    }
    return {name: said for name, said in told.items() if said}


def _sender(value: Json) -> Sender:
    author = table(value.get("from"))
    # Three spellings: today's, that of before 2018, and that of reviews.
    who = (
        ident(author.get("id")) or ident(value.get("sender_id")) or ident(value.get("reviewer_id"))
    )
    name = (
        word(author.get("name"))
        or word(value.get("sender_name"))
        or word(value.get("reviewer_name"))
    )
    return Sender(platform="facebook" if who else "", id=who, name=name)


def _attachments(value: Json, item: str) -> Iterator[Attachment]:
    photos = value.get("photos")
    links = [value.get("photo"), value.get("video")]
    links += photos if isinstance(photos, list) else []
    if item in ("photo", "video"):
        links.append(value.get("link"))
    for link in dict.fromkeys(link for link in links if isinstance(link, str) and link):
        yield Attachment(url=link)


def _permalink(value: Json) -> str:
    link = word(table(value.get("post")).get("permalink_url"))
    thing = ident(value.get("comment_id")) or ident(value.get("post_id"))
    return link or (f"https://www.facebook.com/{thing}" if thing else "")


def _stars(value: Json) -> float | None:
    stars = value.get("rating")
    return float(stars) if isinstance(stars, int | float) and 0 < stars <= 5 else None
