"""The near index: the complaints of the window, found by the telling words they share.

One segment per day, thrown away whole when the window has passed it. What is in it depends only
on the order of the register, so a fold rebuilds it exactly; words are posted when first asked for.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from dedup.fingerprint import Fingerprint

_DAY = 86_400
# Each complaint is posted under this many of its words: those with the lowest hashes, which two
# texts that share most of their words also share.
_POSTED = 12
# So many postings are counted for one complaint, the rarest words first.
_COUNTED = 300


class _Segment:
    """The complaints of one day."""

    def __init__(self) -> None:
        self.all: list[Fingerprint] = []
        self._posted = 0
        self._postings: dict[int, list[Fingerprint]] = {}

    def postings(self) -> Mapping[int, list[Fingerprint]]:
        for near in self.all[self._posted :]:
            for key in near.hashes()[:_POSTED]:
                self._postings.setdefault(key, []).append(near)
        self._posted = len(self.all)
        return self._postings


class Near:
    """Fingerprints of the window, by complaint and by word."""

    def __init__(self, window: float, max_candidates: int) -> None:
        self._window = window
        self._max = max_candidates
        self._segments: dict[int, _Segment] = {}
        self._of: dict[int, Fingerprint] = {}
        self._newest = float("-inf")

    def __len__(self) -> int:
        return len(self._of)

    def get(self, complaint: int) -> Fingerprint | None:
        """Return a complaint's fingerprint while it is in the window."""
        return self._of.get(complaint)

    def add(self, near: Fingerprint) -> None:
        """Put a complaint in, or its new version in place of the old one."""
        self.discard(near.complaint)
        if near.known_at > self._newest:
            self._newest = near.known_at
            self._drop_before(self._newest - self._window)
        if near.known_at >= self._newest - self._window:
            segment = self._segments.setdefault(int(near.known_at // _DAY), _Segment())
            segment.all.append(near)
            self._of[near.complaint] = near

    def discard(self, complaint: int) -> None:
        """Take a complaint out; its words leave with its segment."""
        self._of.pop(complaint, None)

    def similar(self, near: Fingerprint) -> list[Fingerprint]:
        """Return the complaints of the window that share most words, most alike first."""
        shared: Counter[int] = Counter(found.complaint for found in self._found(near))
        best = sorted(shared, key=lambda number: (-shared[number], -self._of[number].at, number))
        # Two blocks can share a hash by chance.
        block = near.block
        return [f for f in map(self._of.__getitem__, best[: self._max]) if f.block == block]

    def _found(self, near: Fingerprint) -> Iterator[Fingerprint]:
        hashes = near.hashes()
        lists = [
            postings[key]
            for postings in [segment.postings() for segment in self._segments.values()]
            for key in hashes
            if key in postings
        ]
        left = _COUNTED
        for posting in sorted(lists, key=len):
            for found in posting[-left:]:
                if self._of.get(found.complaint) is not found or found.complaint == near.complaint:
                    continue
                if abs(found.at - near.at) <= self._window:
                    yield found
            left -= len(posting)
            if left <= 0:
                return

    def _drop_before(self, moment: float) -> None:
        first = int(moment // _DAY)
        for day in [day for day in self._segments if day < first]:
            for near in self._segments.pop(day).all:
                if self._of.get(near.complaint) is near:
                    del self._of[near.complaint]
