"""What the channel remembers of each location between two turns: its cursor."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Place:
    """One location: the newest change taken, the day of the last sweep, the reviews it has.

    The reviews are kept by id with the time of their last change (Unix seconds), so that an overlap
    is not taken twice and a review that has vanished is noticed.
    """

    mark: float = 0.0
    swept: str = ""
    known: dict[str, float] = field(default_factory=dict)

    def note(self, review: str, at: float, keep: int) -> None:
        """Remember a review as it stands, and forget what changed longest ago beyond `keep`."""
        self.known[review] = at
        if len(self.known) > keep:
            del self.known[min(self.known, key=self.known.__getitem__)]


@dataclass(slots=True)
class Memory:
    """All locations by name."""

    places: dict[str, Place] = field(default_factory=dict)

    @classmethod
    def load(cls, cursor: str | None) -> "Memory":
        """Read a cursor; none, or one from elsewhere, is an empty memory."""
        try:
            return cls(dict(_places(json.loads(cursor or "{}"))))
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls()

    def dump(self) -> str:
        """Write the cursor."""
        kept = {
            name: {"mark": place.mark, "swept": place.swept, "known": place.known}
            for name, place in self.places.items()
        }
        return json.dumps(kept, separators=(",", ":"))

    def place(self, name: str) -> Place:
        """Return what is remembered of a location."""
        return self.places.setdefault(name, Place())


def _places(kept: object) -> Iterator[tuple[str, Place]]:
    if isinstance(kept, dict):
        for name, place in kept.items():
            known = {str(review): float(at) for review, at in place["known"].items()}
            yield name, Place(float(place["mark"]), str(place["swept"]), known)
