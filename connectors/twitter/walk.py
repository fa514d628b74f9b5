"""What the channel remembers between two turns: how far each source was read, and the money."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from connectors.twitter.posts import order
from core.reading import moment


@dataclass(slots=True)
class Walk:
    """How far one source has been read.

    X gives the newest first. A walk that had to stop (money, limits) is taken up again where it
    stopped, below `until`; only when it reaches `since` does `since` become its `top`.
    """

    start: str = ""
    since: str = ""
    top: str = ""
    until: str = ""
    done: bool = False

    def begin(self, at: datetime) -> None:
        """Fix how far back the first walk goes."""
        self.start = self.start or at.replace(microsecond=0).isoformat()

    @property
    def bounds(self) -> dict[str, Any]:
        """Return what to ask for: newer than `since`, and older than where a walk stopped."""
        found: dict[str, Any] = {"since_id": self.since} if self.since else {}
        if not self.since and (start := moment(self.start)):
            found["start_time"] = start
        return found | ({"until_id": self.until} if self.until else {})

    def move(self, posts: Iterable[str], *, finished: bool) -> None:
        """Count posts as taken."""
        ids = sorted((name for name in posts if name.isdecimal()), key=order)
        top = max([self.top, *ids[-1:]], key=order)
        if finished:
            self.since = max(self.since, top, key=order)
            self.top, self.until, self.done = "", "", True
        elif ids:
            self.top, self.until = top, ids[0]

    def newer(self, post: str) -> bool:
        """Say whether a post lies beyond what has been taken."""
        return not (self.since and post.isdecimal()) or order(post) > order(self.since)


@dataclass(slots=True)
class Memory:
    """The cursor: a walk for each source, and today's spending."""

    walks: dict[str, Walk] = field(default_factory=dict)
    day: str = ""
    spent: float = 0.0

    @classmethod
    def load(cls, cursor: str | None) -> "Memory":
        """Read a cursor; none, or one from elsewhere, is an empty memory."""
        try:
            kept = json.loads(cursor or "{}")
            walks = {str(name): _walk(walk) for name, walk in kept["walks"].items()}
            return cls(walks, str(kept["day"]), float(kept["spent"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls()

    def dump(self) -> str:
        """Write the cursor."""
        return json.dumps(asdict(self), separators=(",", ":"))

    def walk(self, name: str) -> Walk:
        """Return how far a source has been read."""
        return self.walks.setdefault(name, Walk())


def _walk(kept: dict[str, Any]) -> Walk:
    words = {name: str(kept[name]) for name in ("start", "since", "top", "until")}
    return Walk(**words, done=bool(kept["done"]))
