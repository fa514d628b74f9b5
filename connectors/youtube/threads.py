"""Comment threads as far as fetching needs them, and what is remembered of them in the cursor."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from core import ids
from core.reading import Json, dump, moment, table, word


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment: its id, author and last change, and the provider's own words."""

    id: str
    author: str
    changed: str
    body: bytes

    @classmethod
    def read(cls, item: object) -> "Comment":
        """Read a comment; one nobody understands is named by its content."""
        body = dump(item)
        comment = table(item)
        snippet = table(comment.get("snippet"))
        changed = word(snippet.get("updatedAt")) or word(snippet.get("publishedAt"))
        author = word(table(snippet.get("authorChannelId")).get("value"))
        return cls(word(comment.get("id")) or ids.content_id(body), author, changed, body)

    @property
    def at(self) -> float:
        """When it last changed (Unix seconds); as text these times do not sort."""
        found = moment(self.changed)
        return found.timestamp() if found else 0.0


@dataclass(frozen=True, slots=True)
class Thread:
    """A top-level comment with the replies the list carries, often only some of them."""

    id: str
    video: str
    published: datetime | None
    count: int
    top: Comment
    replies: tuple[Comment, ...]

    @classmethod
    def read(cls, item: Json) -> "Thread":
        """Read a thread; whatever its shape, something is kept of it."""
        snippet = table(item.get("snippet"))
        first = snippet.get("topLevelComment")
        top = Comment.read(first if isinstance(first, dict) else item)
        count = snippet.get("totalReplyCount")
        listed = table(item.get("replies")).get("comments")
        replies = tuple(Comment.read(r) for r in listed) if isinstance(listed, list) else ()
        return cls(
            id=word(item.get("id")) or top.id,
            video=word(snippet.get("videoId")),
            published=moment(table(table(first).get("snippet")).get("publishedAt")),
            count=count if isinstance(count, int) else 0,
            top=top,
            replies=replies,
        )


@dataclass(slots=True)
class Watch:
    """What is remembered between two turns: the newest comment, the watched threads, the quota.

    A new reply does not move its thread in YouTube's order, so the newest threads are kept here,
    oldest first, each with its number of replies and the time of the newest change seen in it.
    """

    mark: float = 0.0
    threads: dict[str, tuple[int, float]] = field(default_factory=dict)
    day: str = ""
    used: int = 0

    @classmethod
    def load(cls, cursor: str | None) -> "Watch":
        """Read a cursor; none, or one from elsewhere, is an empty memory."""
        try:
            kept = json.loads(cursor or "{}")
            threads = {str(k): (int(n), float(at)) for k, (n, at) in kept["threads"].items()}
            return cls(float(kept["mark"]), threads, str(kept["day"]), int(kept["used"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls()

    def dump(self) -> str:
        """Write the cursor."""
        kept = {"mark": self.mark, "threads": self.threads, "day": self.day, "used": self.used}
        return json.dumps(kept, separators=(",", ":"))

    def note(self, thread: str, replies: int, at: float, keep: int) -> None:
        """Remember how a thread stands, and forget the oldest beyond `keep`."""
        self.threads[thread] = (replies, max(at, self.threads.get(thread, (0, 0.0))[1]))
        for old in list(self.threads)[: max(len(self.threads) - keep, 0)]:
            del self.threads[old]
