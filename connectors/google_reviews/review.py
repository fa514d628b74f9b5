"""Reads one review: as the API and Takeout give it, as a row of a table, or as one that is gone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from core import ids
from core.errors import Unparseable
from core.reading import Json, dump, load, moment, rows, table, word
from core.schema import Attachment, Message, RawMessage, Sender
from core.tabular import Row, local_moment, pick

JSON, TABLE = "application/json", "text/csv; row=json"
_STARS = {"ONE": 1.0, "TWO": 2.0, "THREE": 3.0, "FOUR": 4.0, "FIVE": 5.0}
_NAME = re.compile(r"(?:accounts/[^/]+/)?(locations/[^/]+)/reviews/[^/]+")
# Google sets its own translation before the words that were written, or behind them.
_ORIGINAL = re.compile(r"\(Translated by Google\).*?\(Original\)\s*(.+)", re.DOTALL)
_TRANSLATION = re.compile(r"\s*\(Translated by Google\).*", re.DOTALL)
_MEDIA = ("sourceUrl", "googleUrl", "videoUrl", "thumbnailUrl")
# The time of a version without words (the review is gone): it stands above none that has them.
_WORDLESS = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = {
    "id": ("name", "review_id", "reviewid", "id", "id_ulasan"),
    "place": ("location", "lokasi", "location_name", "nama_lokasi", "tempat", "store_code"),
    "author": ("reviewer", "display_name", "reviewer_name", "author", "nama", "pengulas"),
    "stars": ("star_rating", "starrating", "rating", "stars", "bintang", "nilai"),
    "text": ("comment", "review", "ulasan", "text", "teks", "isi", "komentar", "review_text"),
    "written": ("create_time", "createtime", "date", "tanggal", "waktu", "published_at"),
    "changed": ("update_time", "updatetime", "diubah", "updated_at"),
    "link": ("url", "link", "tautan", "review_url"),
}


@dataclass(frozen=True, slots=True)
class Review:
    """A review as far as fetching needs it, and the provider's own words."""

    id: str
    name: str
    external_id: str
    changed: str
    body: bytes

    @classmethod
    def read(cls, item: Json) -> "Review":
        """Read a review; one nobody understands is named by its content."""
        body = dump(item)
        name = word(item.get("name"))
        # The same review is listed under every account that manages the place.
        found = _NAME.fullmatch(name)
        external_id = name[found.start(1) :] if found else word(item.get("reviewId"))
        changed = word(item.get("updateTime")) or word(item.get("createTime"))
        external_id = external_id or ids.content_id(body)
        return cls(external_id.rpartition("/")[2], name, external_id, changed, body)

    @property
    def at(self) -> float:
        """When it last changed (Unix seconds); as text these times do not sort."""
        found = moment(self.changed)
        return found.timestamp() if found else 0.0


def parse(raw: RawMessage, zone: ZoneInfo) -> Message:
    """Read a stored review. Raises Unparseable."""
    item = load(raw.body)
    if raw.headers.get("content-type") == TABLE:
        return _of_row(raw, {k: word(v) for k, v in item.items()}, zone)
    if item.get("keadaan") == "dihapus":
        return Message(
            external_id=raw.external_id, version=raw.version, edited_at=_WORDLESS,
            sender=Sender(platform="google"), thread=_place(raw.external_id),
            given={"keadaan": "dihapus"},
        )  # fmt: skip
    rating = _STARS.get(word(item.get("starRating")))
    comment = word(item.get("comment"))
    if rating is None and not comment:
        raise Unparseable("bukan ulasan Google")
    created, updated = moment(item.get("createTime")), moment(item.get("updateTime"))
    author = table(item.get("reviewer"))
    hidden = author.get("isAnonymous") is True
    return Message(
        external_id=raw.external_id,
        version=raw.version,
        edited_at=updated if updated != created else None,
        # Google tells no reviewer's id, and names are not unique: nobody is recognised again.
        sender=Sender(platform="google", name="" if hidden else word(author.get("displayName"))),
        occurred_at=created,
        text=original(comment),
        attachments=_media(item),
        thread=_place(raw.external_id),
        permalink=word(item.get("reviewReplyUrl")),
        rating=rating,
        anonim=hidden,
        given=_given(item),
    )


def original(comment: str) -> str:
    """Return what was written, without Google's translation of it."""
    found = _ORIGINAL.search(comment)
    return found[1].strip() if found else _TRANSLATION.sub("", comment) or comment


def row_id(row: Row) -> tuple[str, str]:
    """Name a row of a table: its id and version; a row without an id is named by its content."""
    body = ids.content_id(dump(dict(row)))
    given, place = pick(row, _COLUMNS["id"]), pick(row, _COLUMNS["place"])
    found = _NAME.fullmatch(given)
    if found:
        return given[found.start(1) :], pick(row, _COLUMNS["changed"]) or body[:32]
    number = re.fullmatch(r"(?:accounts/[^/]+/)?(?:locations/)?(\d+)", place)
    prefix = f"locations/{number[1]}/reviews/" if number else ""
    return (f"{prefix}{given}", body[:32]) if given else (body, "")


def bad_row(row: Row, zone: ZoneInfo) -> str:
    """Say what is wrong with a row of a table, or nothing."""
    stars, written = pick(row, _COLUMNS["stars"]), pick(row, _COLUMNS["written"])
    if not stars and not pick(row, _COLUMNS["text"]):
        return "ulasan dan bintang: keduanya kosong"
    if stars and _rating(stars) is None:
        return "bintang: bukan 1 sampai 5"
    if written and local_moment(written, zone) is None:
        return "tanggal: tidak terbaca"
    return ""


def _of_row(raw: RawMessage, row: Mapping[str, str], zone: ZoneInfo) -> Message:
    values = {field: pick(row, names) for field, names in _COLUMNS.items()}
    if bad_row(row, zone):
        raise Unparseable("bukan ulasan Google")
    return Message(
        external_id=raw.external_id,
        version=raw.version,
        sender=Sender(platform="google", name=values["author"]),
        occurred_at=local_moment(values["written"], zone) if values["written"] else None,
        text=original(values["text"]),
        thread=_place(raw.external_id) or values["place"],
        permalink=values["link"],
        rating=_rating(values["stars"]),
    )


def _rating(stars: str) -> float | None:
    found = re.fullmatch(r"([1-5])(?:[.,]0+)?(?:\s*/\s*5)?", stars)
    counted = len(stars) if stars and set(stars) == {"★"} and len(stars) <= 5 else 0
    return float(found[1]) if found else _STARS.get(stars.upper(), counted or None)


def _place(external_id: str) -> str:
    return external_id.partition("/reviews/")[0] if "/reviews/" in external_id else ""


def _media(item: Json) -> tuple[Attachment, ...]:
    # The shape of these items is not documented in what could be read: take the link that is there.
    found = [[word(m.get(k)) for k in _MEDIA] for m in rows(item.get("reviewMediaItems"))]
    links = (next(filter(None, one), "") for one in found)
    return tuple(Attachment(url=link) for link in links if link)


def _given(item: Json) -> dict[str, str]:
    reply = table(item.get("reviewReply"))
    given = {
        "bintang": word(item.get("starRating")),
        "balasan": word(reply.get("comment")),
        "balasan_pada": word(reply.get("updateTime")),
    }
    return {name: value for name, value in given.items() if value}
