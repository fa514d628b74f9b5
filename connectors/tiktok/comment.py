"""Reads one comment, whichever export, tool or hand wrote it down."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from core import ids
from core.reading import Json, word
from core.tabular import local_moment, pick, plain

# No export of comments is documented by TikTok, so this list grows with what tools write.
COLUMNS = {
    "id": ("comment_id", "cid", "id", "commentid", "id_komentar", "nomor"),
    "text": ("text", "comment_text", "comment", "content", "isi", "teks", "komentar"),
    "handle": ("username", "unique_id", "user_unique_id", "author_unique_id", "user_name",
               "handle", "akun", "nama_pengguna", "user", "author"),
    "name": ("display_name", "nickname", "user_nickname", "author_nickname", "name", "nama"),
    "author": ("user_id", "user_uid", "user_user_id", "uid", "author_id", "unique_identifier"),
    "written": ("create_time", "created_at", "comment_time", "create_date", "createtime", "time",
                "date", "timestamp", "waktu", "tanggal", "tanggal_komentar"),
    "video": ("video_id", "aweme_id", "item_id", "id_video"),
    "link": ("video_url", "video_link", "url", "link", "tautan", "tautan_video", "post_url"),
    "parent": ("parent_comment_id", "parent_id", "reply_to_comment_id", "reply_id", "reply_to",
               "balasan_untuk"),
    "owner": ("owner",),
    "status": ("status",),
}  # fmt: skip
VIDEO = re.compile(
    r"https?://(?:(?:www|m)\.)?tiktok\.com/(?:@[\w.-]{0,40}/)?(?:video|photo|v)/(?P<id>\d{8,20})"
    r"[^\s<>\"]*|https?://(?:(?:vt|vm)\.tiktok\.com/|www\.tiktok\.com/t/)\w{4,20}[^\s<>\"]*",
    re.ASCII | re.IGNORECASE,
)
_SHARED = re.compile(r"[?&](?:share_)?comment_id=(\d+)", re.ASCII)
_ID = re.compile(r"\d{15,20}", re.ASCII)
_EPOCH = re.compile(r"(\d{10})(?:\d{3})?(?:\.0)?", re.ASCII)
_YEARS = range(2016, 2100)  # TikTok's first year, and a wrong clock


class BadComment(ValueError):
    """A row that is no comment; the message is `field: reason`."""


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment, as far as its row tells."""

    values: Mapping[str, str]
    id: str
    at: datetime | None

    @property
    def handle(self) -> str:
        """Its writer's account, in lower case and without the @."""
        return self.values["handle"].lstrip("@").lower()

    @property
    def owner(self) -> bool:
        """Whether the export says that the account's owner wrote it."""
        return self.values["owner"].lower() in ("true", "ya", "1")

    @property
    def video(self) -> str:
        """The video it hangs on: its id, else its link."""
        found = VIDEO.match(self.values["link"])
        return self.values["video"] or (found["id"] if found else None) or self.values["link"]

    @property
    def parent(self) -> str:
        """The comment it answers."""
        found = self.values["parent"]
        return found if _real(found) and found not in (self.id, self.video) else ""

    @property
    def external_id(self) -> str:
        """TikTok's id, or a mark made of where, who, when and what."""
        when = self.at.isoformat() if self.at else ""
        return self.id or ids.digest(self.video, self.handle, when, self.values["text"])


def flat(item: Json) -> dict[str, str]:
    """Write a row or a JSON object one way: plain names, texts; a `user` within is opened."""
    found: dict[str, str] = {}
    for name, value in item.items():
        inner = value if isinstance(value, dict) else {"": value}
        for below, held in inner.items():
            if isinstance(held, str | int | float):
                found[plain(f"{name} {below}")] = word(str(held)).strip()
    return found


def read(row: Mapping[str, str], zone: tzinfo) -> Comment:
    """Read a row with plain names. Raises BadComment."""
    values = {field: pick(row, names) for field, names in COLUMNS.items()}
    if not values["text"]:
        raise BadComment("isi: kosong")
    shared = _SHARED.search(values["link"])
    named = values["id"] if _real(values["id"]) else (shared[1] if shared else "")
    written = values["written"]
    at = _moment(written, zone) or _told_by(named)
    if written and at is None:
        raise BadComment("waktu: tidak terbaca")
    return Comment(values, named if _real(named) else "", at)


def _real(found: str) -> bool:
    """Tell TikTok's ids from row numbers, and from what Excel made of them.

    Excel keeps 15 digits of a number: the rest it writes as zeros, or as the nearest binary number.
    """
    if not _ID.fullmatch(found):
        return False
    kept = f"{int(found):.14e}"
    return len(found) <= 15 or int(found) not in (int(float(kept)), int(Decimal(kept)))


def _moment(text: str, zone: tzinfo) -> datetime | None:
    epoch = _EPOCH.fullmatch(text)
    found = datetime.fromtimestamp(int(epoch[1]), UTC) if epoch else local_moment(text, zone)
    return found if found and found.year in _YEARS else None


def _told_by(named: str) -> datetime | None:
    """Read the second that stands in the upper half of TikTok's ids."""
    if not named:
        return None
    found = datetime.fromtimestamp(int(named) >> 32, UTC)
    return found if found.year in _YEARS else None
