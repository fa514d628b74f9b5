"""Compares where two complaints are: desa, streets, landmarks, house numbers, pins."""

import math
from functools import lru_cache

from rapidfuzz import fuzz

from dedup.fingerprint import Fingerprint
from dedup.stems import stem
from dedup.words import Words

# A name counts as a slip of another from here on.
SLIP = 84.0
# So long a name is looked for in the other text written without gaps ("gajah mada").
SOLID = 6


def same_desa_of(a: Fingerprint, b: Fingerprint) -> bool:
    """Tell whether both are of one desa; a text may name it without having been placed there."""
    if a.desa or b.desa:
        if a.desa and b.desa:
            return a.desa == b.desa
        known, other = (a, b) if a.desa else (b, a)
        unsure = not other.kecamatan or other.kecamatan == known.kecamatan
        return unsure and bool(known.village) and known.village <= other.words.telling
    return False


def same_spots(a: frozenset[str], b: frozenset[str], home: frozenset[str]) -> tuple[bool, bool]:
    """Tell whether a landmark is the same in both, and whether both name others instead.

    "pasar Tlogo" in Tlogo is "pasar"; a mosque without a name may be any, one of another name not.
    """
    if not a or not b:
        return False, False
    named = [[_spot(text, home) for text in sorted(spots)] for spots in (a, b)]
    same = any(
        head == other and (not name or not rival or _like(name, rival))
        for head, name in named[0] for other, rival in named[1]
    )  # fmt: skip
    return same, not same


def _like(a: frozenset[str], b: frozenset[str]) -> bool:
    if not a.isdisjoint(b):
        return True
    return fuzz.ratio(" ".join(sorted(a)), " ".join(sorted(b))) >= SLIP


@lru_cache(maxsize=50_000)
def _spot(text: str, home: frozenset[str]) -> tuple[str, frozenset[str]]:
    head, *name = text.split()
    return head, frozenset(stem(word) for word in name) - home


def cued_share(a: Words, b: Words) -> float:
    """Return which share of the words that name places stand in the other text too."""
    total = len(a.cued) + len(b.cued)
    return (_stands(a.cued, b) + _stands(b.cued, a)) / total if total else 0.0


def _stands(names: frozenset[str], words: Words) -> int:
    found = len(names & words.telling)
    if found == len(names):
        return found
    solid, telling = words.solid, words.telling
    for name in names:
        if name not in telling and len(name) >= SOLID and name in solid:
            found += 1
    return found


def elsewhere(a: Words, b: Words) -> bool:
    """Tell whether both name streets, and neither text has a word of the other's."""
    if not a.streets or not b.streets:
        return False
    return not _stands(_words(a.streets), b) and not _stands(_words(b.streets), a)


def names_apart(a: frozenset[str], b: frozenset[str]) -> bool:
    """Tell whether two sets of names have no word in common, though both have some."""
    return bool(a and b) and _words(a).isdisjoint(_words(b))


@lru_cache(maxsize=20_000)
def _words(names: frozenset[str]) -> frozenset[str]:
    return frozenset(stem(word) for name in names for word in name.split())


def shared_street(a: frozenset[str], b: frozenset[str]) -> str:
    """Return the first street both name, slips and shorter forms forgiven; "" if there is none."""
    if not a or not b:
        return ""
    same = a & b
    if same:
        return min(same)
    for name in sorted(a):
        for other in sorted(b):
            if fuzz.ratio(name, other) >= SLIP or _within(name, other):
                return name
    return ""


def _within(name: str, other: str) -> bool:
    """Tell whether a name is part of another: "Melati" and "Melati Indah", no "Ahmad Dahlan"."""
    if " " not in name and " " not in other:
        return False
    words, others = set(name.split()), set(other.split())
    return words <= others or others <= words


def other_numbers(a: frozenset[tuple[str, int]], b: frozenset[tuple[str, int]]) -> bool:
    """Tell whether both give an RT, a house number or the like, and another one."""
    if not a or not b:
        return False
    for cue in {cue for cue, _ in a} & {cue for cue, _ in b}:
        if not {n for c, n in a if c == cue} & {n for c, n in b if c == cue}:
            return True
    return False


def metres_between(a: tuple[float, float] | None, b: tuple[float, float] | None) -> float | None:
    """Measure between two pins on a plane: exact enough within one regency."""
    if a is None or b is None:
        return None
    dy = (a[0] - b[0]) * 110_600
    dx = (a[1] - b[1]) * 111_300 * math.cos(math.radians(a[0]))
    return math.hypot(dx, dy)
