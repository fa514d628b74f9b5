"""Finds the weighted phrases of the rule files in a row of words, all lists in one pass."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WINDOW = 6  # how far apart the two words of "jalan ~ rusak" may stand

# What stands after these tells where something is, not what it is: "depan pasar".
BESIDE = frozenset(
    {
        "depan",
        "dekat",
        "sebelah",
        "samping",
        "belakang",
        "sekitar",
        "seberang",
        "sebrang",
        "arah",
        "sebelum",
        "setelah",
        "sesudah",
        "timur",
        "barat",
        "utara",
        "selatan",
        "antara",
    }
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that speak for one label of one field, e.g. kategori / jalan_rusak."""

    field: str
    label: str
    weight: float
    words: tuple[str, ...]
    near: tuple[str, ...] = ()  # "jalan ~ rusak": words and near stand close, in any order

    @property
    def text(self) -> str:
        """The phrase as the rule file writes it."""
        written = " ".join(self.words)
        return f"{written} ~ {' '.join(self.near)}" if self.near else written


Hits = Mapping[str, Sequence[Phrase]]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Phrases by their first word; of one field the longest phrase at a place wins."""

    by_first: Mapping[str, tuple[Phrase, ...]]
    pairs: Mapping[str, tuple[Phrase, ...]]
    pair_words: frozenset[str]

    @classmethod
    def of(cls, phrases: Sequence[Phrase]) -> "Lexicon":
        """Index phrases for `find`."""
        by_first: dict[str, list[Phrase]] = defaultdict(list)
        pairs: dict[str, list[Phrase]] = defaultdict(list)
        for phrase in phrases:
            (pairs if phrase.near else by_first)[phrase.words[0]].append(phrase)
        for row in by_first.values():
            row.sort(key=lambda phrase: -len(phrase.words))
        lefts = {phrase.words[0] for row in pairs.values() for phrase in row}
        rights = {phrase.near[0] for row in pairs.values() for phrase in row}
        return cls(
            {word: tuple(row) for word, row in by_first.items()},
            {word: tuple(row) for word, row in pairs.items()},
            frozenset(lefts | rights),
        )

    def find(self, words: Sequence[str]) -> Hits:
        """Return each field's phrases in the order of the text, every phrase once."""
        hits: dict[str, dict[Phrase, None]] = defaultdict(dict)
        places: dict[str, list[int]] = {}
        covered: dict[tuple[str, str], int] = {}
        for at, word in enumerate(words):
            if word in self.pair_words:
                places.setdefault(word, []).append(at)
            for phrase in self.by_first.get(word, ()):
                size = len(phrase.words)
                if size > 1 and tuple(words[at : at + size]) != phrase.words:
                    continue
                scope = (phrase.field, phrase.label if phrase.field in _MANY else "")
                if phrase.field == "kategori" and at and words[at - 1] in BESIDE:
                    continue
                if covered.get(scope, 0) <= at or size == covered[scope] - at:
                    covered[scope] = max(covered.get(scope, 0), at + size)
                    hits[phrase.field][phrase] = None
        self._find_pairs(words, places, hits)
        return {name: tuple(row) for name, row in hits.items()}

    def _find_pairs(
        self,
        words: Sequence[str],
        places: Mapping[str, list[int]],
        hits: Mapping[str, dict[Phrase, None]],
    ) -> None:
        for word, here in places.items():
            for phrase in self.pairs.get(word, ()):
                there = places.get(phrase.near[0])
                if there and _near(
                    _whole(words, here, phrase.words), _whole(words, there, phrase.near)
                ):
                    hits[phrase.field][phrase] = None


# Fields whose labels do not compete for the same words.
_MANY = frozenset({"whistleblowing", "rahasia", "routing", "berkadar", "luar"})


def _whole(words: Sequence[str], places: list[int], side: tuple[str, ...]) -> list[int]:
    """Keep the places where a side of several words stands whole."""
    size = len(side)
    if size == 1:
        return places
    return [at for at in places if tuple(words[at : at + size]) == side]


def _near(first: Sequence[int], second: Sequence[int]) -> bool:
    """Tell whether two rising rows of positions come within the window of each other."""
    a = b = 0
    while a < len(first) and b < len(second):
        distance = first[a] - second[b]
        if 0 < abs(distance) <= WINDOW:
            return True
        if distance < 0:
            a += 1
        else:
            b += 1
    return False
