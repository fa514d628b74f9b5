"""The near index: the open complaints, found by what they share with the one that comes in.

An inverted index over keys that few complaints share: rare words, a kategori in a desa, a post, a
card, a sender. Each key remembers its newest complaints only, so a look-up costs the same among a
million as among ten thousand. What is in it depends only on the order of the register, so a fold
rebuilds it exactly.
"""

import sys
import zlib
from array import array
from collections import Counter

from dedup.fingerprint import Fingerprint, Kept, keep
from dedup.policy import Policy

_DAY = 86_400
# Under so many words of each area a complaint is found.
_WORDS = 4
_MASK, _SIMULATED = 0xFFFFFFFF, 0x5A5A5A5A
# A look-up reads so many of the newest complaints of each key; a key keeps up to twice as many.
_READ = 12
_CELL = 0.003
# A name or a card counts twice; to share one word of an area, or its kategori alone, is no reason.
_ENOUGH = 2


class Near:
    """Fingerprints of the open complaints, by complaint and by key."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._max = policy.max_candidates
        self._of: dict[int, Kept] = {}
        # One complaint is kept as it is, several as a list: most keys have one.
        self._posted: dict[int, int | list[int]] = {}
        # The complaints that leave on a day, by the day.
        self._leaving: dict[int, list[int]] = {}
        # What comes in is looked up first and put in next: its keys are read once.
        self._last: tuple[Fingerprint | None, int, array[int]] = (None, 0, array("I"))
        self._newest = float("-inf")
        self._day = -sys.maxsize

    def __len__(self) -> int:
        return len(self._of)

    def get(self, complaint: int) -> Kept | None:
        """Return a complaint's fingerprint while it is in the window."""
        return self._of.get(complaint)

    def add(self, near: Fingerprint) -> None:
        """Put a complaint in, or its new version in place of the old one."""
        self.discard(near.complaint)
        if near.known_at > self._newest:
            self._newest = near.known_at
            self._drop_before(near.known_at)
        leaves = near.known_at + self._policy.window_of(near.kategori)
        if leaves < self._newest:
            return
        keys = self._keys_of(near)[1]
        self._of[near.complaint] = keep(near, keys)
        self._leaving.setdefault(int(leaves // _DAY) + 1, []).append(near.complaint)
        for key in keys:
            self._post(key, near.complaint)

    def discard(self, complaint: int) -> None:
        """Take a complaint out of the index."""
        kept = self._of.pop(complaint, None)
        if kept is not None:
            for key in kept.keys:
                self._unpost(key, complaint)

    def similar(self, near: Fingerprint) -> list[Kept]:
        """Return the complaints of the window that share most keys, the newest first."""
        found: list[int] = []
        strong, keys = self._keys_of(near)
        get = self._posted.get
        for at, key in enumerate(keys):
            posted = get(key)
            if posted is None:
                continue
            if isinstance(posted, int):
                found += (posted, posted) if at < strong else (posted,)
                continue
            newest = posted[: -_READ - 1 : -1]
            found += newest
            if at < strong:
                found += newest
        shared = Counter(found)
        shared.pop(near.complaint, None)
        of, window = self._of, self._policy.window_of(near.kategori)
        likely = (of[n] for n, count in shared.most_common(self._max) if count >= _ENOUGH)
        return [other for other in likely if abs(other.at - near.at) <= window]

    def _keys_of(self, near: Fingerprint) -> "tuple[int, array[int]]":
        if self._last[0] is not near:
            self._last = near, *_keys(near)
        return self._last[1], self._last[2]

    def _post(self, key: int, complaint: int) -> None:
        posted = self._posted.get(key)
        if posted is None:
            self._posted[key] = complaint
        elif isinstance(posted, int):
            self._posted[key] = [posted, complaint]
        else:
            posted.append(complaint)
            if len(posted) >= 2 * _READ:
                del posted[: len(posted) - _READ]

    def _unpost(self, key: int, complaint: int) -> None:
        posted = self._posted.get(key)
        if isinstance(posted, int):
            if posted == complaint:
                del self._posted[key]
        elif posted is not None and complaint in posted:
            posted.remove(complaint)
            if len(posted) == 1:
                self._posted[key] = posted[0]

    def _drop_before(self, moment: float) -> None:
        today = int(moment // _DAY)
        if today == self._day:
            return
        self._day = today
        for day in sorted(day for day in self._leaving if day <= today):
            for complaint in self._leaving.pop(day):
                near = self._of.get(complaint)
                # A later version may stay longer.
                if near is not None and self._leaves(near) <= today:
                    self.discard(complaint)

    def _leaves(self, near: Kept) -> int:
        return int((near.known_at + self._policy.window_of(near.kategori)) // _DAY) + 1


def _keys(near: Fingerprint) -> "tuple[int, array[int]]":
    """Hash what a complaint is found by, and say how many keys tell much: those come first.

    Two keys that meet by chance cost a comparison.
    """
    words = near.words
    # Trial runs and real complaints never meet.
    kind = "s" if near.simulated else ""
    # One may be known to the desa and the other to the kecamatan only.
    areas = [_hash(f"{kind}{area}") for area in {near.desa: 0, near.kecamatan: 0} if area]
    strong = [key ^ _SIMULATED if kind else key for key in words.name_keys]
    strong += _special(near, kind)
    keys = [
        (key * 31 + area) & _MASK
        for area in areas or [_hash(kind)]
        for key in words.word_keys[:_WORDS]
    ]
    keys.append(_hash(f"k{kind}{near.kategori}|{near.desa or near.kecamatan}"))
    if near.desa:
        keys.append(_hash(f"k{kind}{near.kategori}|{near.kecamatan}"))
    heads = dict.fromkeys(spot.partition(" ")[0] for spot in sorted(words.spots))
    keys += [_hash(f"s{kind}{head}{near.kecamatan}") for head in heads]
    firm = dict.fromkeys(strong)
    return len(firm), array("I", dict.fromkeys(strong + keys))


def _special(near: Fingerprint, kind: str) -> list[int]:
    """Hash what few complaints have: a pin, a card, a post, a picture, a sender."""
    marks = [zlib.crc32(mark) for mark in (*near.cards, *near.links, *near.media)]
    if near.pin is not None:
        lat, lon = int(near.pin[0] // _CELL), int(near.pin[1] // _CELL)
        marks.append(_hash(f"p{kind}{lat}|{lon}"))
    if near.reporter:
        marks.append(_hash(f"r{kind}{near.reporter}"))
    return marks


def _hash(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))
