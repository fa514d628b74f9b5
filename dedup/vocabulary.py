"""What each word is to a comparison: its part in a sentence, its stem, and how much it tells."""

import sys
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from dedup.stems import stem

# A word of the lists that the weights do not know, and the most that a common word can tell.
_LISTED, _MOST = 3.5, 4.5
# What a name, and a number of an address, weigh beside the words.
NAME_MASS, NUMBER_MASS = 5.0, 1.0
_MEMO = 200_000


class Role:
    """The parts a word can play in a text; bits of one number."""

    COMMON = 1
    UNIT = 2
    BEFORE_UNIT = 4
    STREET = 8
    LANDMARK = 16
    NUMBER = 32
    NO_NAME = 64
    TOPIC = 128
    AREA = 256
    CUE = STREET | LANDMARK | NUMBER | AREA


class Kind(Enum):
    """What a telling word tells of."""

    WORD = "kata"  # what it is about
    NAME = "nama"  # which one of its kind: a place, a person, a thing seldom spoken of
    WIDE = "wilayah"  # a regency or province: too wide to tell anything
    NUMBER = "angka"


@dataclass(frozen=True, slots=True)
class Word:
    """A word as comparisons see it."""

    stem: str
    role: int
    kind: Kind
    subject: float
    key: int


def key_of(root: str) -> int:
    """Hash a stem into what the near index knows it by."""
    return zlib.crc32(root.encode("utf-8", "surrogatepass"))


class Vocabulary:
    """Looks words up and remembers what it found; the answer depends on the word alone."""

    def __init__(
        self,
        lists: Iterable[tuple[int, frozenset[str]]],
        known: Mapping[str, tuple[str, float]],
    ) -> None:
        self._roles: dict[str, int] = {}
        self._common: set[str] = set()
        self._topic: set[str] = set()
        self._known = known
        self._memo: dict[str, Word] = {}
        for role, words in lists:
            for word in words:
                self._roles[word] = self._roles.get(word, 0) | role
            if role & Role.COMMON:
                self._common |= {stem(word) for word in words}
            if role & (Role.TOPIC | Role.CUE):
                self._topic |= {stem(word) for word in words}
        # How much each known stem tells: what is not in here is a name or nothing.
        self.subjects: dict[str, float] = {}

    def word(self, word: str) -> Word:
        """Look a lower-case word up."""
        found = self._memo.get(word)
        if found is None:
            if len(self._memo) >= _MEMO:
                self._memo.clear()
            found = self._memo[word] = self._look_up(word)
            if found.kind is Kind.WORD:
                self.subjects[found.stem] = found.subject
        return found

    def _look_up(self, word: str) -> Word:
        role = self._roles.get(word, 0)
        root = sys.intern(stem(word))
        key = key_of(root)
        if word.isdecimal():
            return Word(root, role, Kind.NUMBER, 0.0, key)
        if len(word) == 1 or root in self._common:
            role |= Role.COMMON
        kind, weight = self._known.get(root, ("", -1.0))
        if kind == "wilayah":
            return Word(root, role, Kind.WIDE, 0.0, key)
        if weight < 0 and root in self._topic:
            weight = _LISTED
        if weight < 0:
            return Word(root, role, Kind.NAME, 0.0, key)
        # "balai" says where, not what.
        place = role & (Role.LANDMARK | Role.AREA | Role.NUMBER) and not role & Role.TOPIC
        return Word(root, role, Kind.WORD, 0.0 if place else min(weight, _MOST), key)
