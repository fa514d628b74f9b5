"""Reads posts of X: splits what came into one record each, and a record into a message."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from core import ids
from core.errors import Unparseable
from core.reading import Json, dump, load, moment, rows, table, word
from core.schema import Attachment, Message, RawMessage, Sender

JSON = "application/json"
# An id of X tells its own time: milliseconds since this moment, in the bits above these.
_EPOCH, _SHIFT = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC), 22
_KINDS = {"retweeted": "retweet", "quoted": "kutipan", "replied_to": "balasan"}


@dataclass(frozen=True, slots=True)
class Post:
    """A post as far as fetching needs it, and the words of X about it."""

    id: str
    original: str
    author: str
    body: bytes

    @property
    def order(self) -> tuple[int, str]:
        """Ids are decimal numbers: the longer is the later."""
        return order(self.id)


def order(post: str) -> tuple[int, str]:
    """Sort ids as the numbers they are."""
    return len(post), post


def split(page: Json) -> Iterator[Post]:
    """Yield the posts of an answer, each with what the answer says about it."""
    data = page.get("data")
    includes = table(page.get("includes"))
    for item in [data] if isinstance(data, dict) else rows(data):
        yield read(dump({"data": item, "includes": _about(item, includes)}), item)


def read(body: bytes, item: Json) -> Post:
    """Name a post; one nobody understands is named by its content."""
    name = word(item.get("id"))
    history = _either(item, "edit_history_tweet_ids", "edit_history_post_ids")
    first = word(history[0]) if isinstance(history, list) and history else ""
    unknown = "" if name else ids.content_id(body)
    return Post(name or unknown, first or name or unknown, word(item.get("author_id")), body)


def parse(raw: RawMessage) -> Message:
    """Read a stored post. Raises Unparseable."""
    event = load(raw.body)
    item, includes = table(event.get("data")), table(event.get("includes"))
    text, media = _text(item, includes), _media(item, includes)
    if not word(item.get("id")) or not (text or media):
        raise Unparseable("bukan pos X")
    edited = raw.version not in ("", raw.external_id)
    written = moment(item.get("created_at")) or time_of(raw.version)
    links = {row.get("type"): word(row.get("id")) for row in _referenced(item)}
    lat, lon = _pin(item)
    sender = _sender(item, includes)
    handle = sender.contact.rpartition("/")[2]
    return Message(
        external_id=raw.external_id,
        version=raw.version,
        edited_at=written if edited else None,
        sender=sender,
        occurred_at=(time_of(raw.external_id) or written) if edited else written,
        text=text,
        attachments=media,
        lat=lat,
        lon=lon,
        reply_to=links.get("replied_to", ""),
        thread=word(item.get("conversation_id")),
        permalink=permalink(raw.version or raw.external_id, handle),
        given=_given(item, includes, links),
    )


def time_of(post: str) -> datetime | None:
    """Return when a post was written, from its id."""
    # Ids before the end of 2010, and an emulator's, are plain counters.
    if not (post.isascii() and post.isdecimal() and 15 < len(post) < 20):
        return None
    return _EPOCH + timedelta(milliseconds=int(post) >> _SHIFT)


def permalink(post: str, handle: str) -> str:
    """Return where a post can be looked at; without the writer's name X finds it too."""
    return f"https://x.com/{handle or 'i/web'}/status/{post}"


def named(name: str, handle: str) -> str:
    """Write a writer's name with the handle, as far as either is known."""
    return f"{name} (@{handle})" if name and handle else name or (f"@{handle}" if handle else "")


def _either(item: Json, *names: str) -> Any:
    """Read a field under its old name or its new one (X renames tweet to post)."""
    return next((item[name] for name in names if item.get(name)), None)


def _text(item: Json, includes: Json) -> str:
    long = table(_either(item, "note_tweet", "note_post"))
    text = word(long.get("text")) or word(item.get("text"))
    # A retweet carries its original cut short; the whole may have come along.
    for row in _referenced(item):
        if row.get("type") == "retweeted":
            for whole in rows(_either(includes, "tweets", "posts")):
                if whole.get("id") == row.get("id"):
                    text = _text(whole, {}) or text
    return html.unescape(text)


def _referenced(item: Json) -> list[Json]:
    return rows(_either(item, "referenced_tweets", "referenced_posts"))


def _sender(item: Json, includes: Json) -> Sender:
    author = word(item.get("author_id"))
    user = next((u for u in rows(includes.get("users")) if u.get("id") == author), {})
    handle, name = word(user.get("username")), word(user.get("name"))
    handle = handle if re.fullmatch(r"\w{1,50}", handle) else ""
    return Sender(
        platform="x",
        id=author,
        name=named(name, handle),
        contact=f"https://x.com/{handle}" if handle else "",
        reply_address=word(item.get("id")),
    )


def _media(item: Json, includes: Json) -> tuple[Attachment, ...]:
    keys = table(item.get("attachments")).get("media_keys")
    known = {word(m.get("media_key")): m for m in rows(includes.get("media"))}
    found = [(key, known.get(key, {})) for key in map(word, keys if isinstance(keys, list) else ())]
    return tuple(
        Attachment(
            provider_id=key, url=word(m.get("url")) or word(m.get("preview_image_url"))
        )
        for key, m in found
        if key
    )  # fmt: skip


def _pin(item: Json) -> tuple[float | None, float | None]:
    point = table(table(item.get("geo")).get("coordinates")).get("coordinates")
    # X writes longitude first.
    if isinstance(point, list) and len(point) == 2 and all(type(n) in (int, float) for n in point):
        lon, lat = point
        if -90 <= lat <= 90 and -180 <= lon <= 180:
            return float(lat), float(lon)
    return None, None


def _given(item: Json, includes: Json, links: dict[Any, str]) -> dict[str, str]:
    place = word(table(item.get("geo")).get("place_id"))
    named = next((p for p in rows(includes.get("places")) if place and p.get("id") == place), {})
    kinds = [_KINDS[kind] for kind in _KINDS if kind in links]
    given = {
        "jenis": ", ".join(kinds),
        "mengutip": links.get("quoted", "") or links.get("retweeted", ""),
        "tempat": word(named.get("full_name")),
        "bahasa": word(item.get("lang")),
    }
    return {name: value for name, value in given.items() if value}


def _about(item: Json, includes: Json) -> Json:
    """Return what an answer says about one post: its writer, media, place and what it refers to."""
    media = table(item.get("attachments")).get("media_keys")
    wanted: dict[str, tuple[str, Sequence[Any]]] = {
        "users": ("id", [item.get("author_id")]),
        "media": ("media_key", media if isinstance(media, list) else []),
        "places": ("id", [table(item.get("geo")).get("place_id")]),
        "tweets": ("id", [row.get("id") for row in _referenced(item)]),
        "posts": ("id", [row.get("id") for row in _referenced(item)]),
    }
    found = {
        name: [row for row in rows(includes.get(name)) if row.get(key) in values]
        for name, (key, values) in wanted.items()
    }
    return {name: listed for name, listed in found.items() if listed}
