"""The official name closest to one as written: old spelling, doubled letters, one or two edits."""

import re
from collections.abc import Mapping
from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein

_OLD = (("oe", "u"), ("dj", "j"), ("tj", "c"), ("th", "t"), ("dh", "d"), ("sj", "sy"), ("v", "f"))
_DOUBLED = re.compile(r"(\w)\1+")
_LONG = 10


@lru_cache(maxsize=20_000)
def sound(name: str) -> str:
    """Write a name as it sounds: without blanks, old spelling and doubled letters."""
    for old, new in _OLD:
        name = name.replace(old, new)
    return _DOUBLED.sub(r"\1", name.replace(" ", ""))


class Names(dict[str, str]):
    """Official names by their sound, with a bounded memory of what was asked."""

    def __init__(self, names: Mapping[str, object]) -> None:
        super().__init__()
        for name in names:
            self.setdefault(sound(name), name)
        self.memo: dict[str, str] = {}


def closest(written: str, names: Names) -> str:
    """Return the one official name within one edit (two in a long name), or ""."""
    if written not in names.memo:
        if len(names.memo) > 20_000:
            names.memo.clear()
        names.memo[written] = _closest(sound(written), names)
    return names.memo[written]


def _closest(heard: str, names: Names) -> str:
    if heard in names:
        return names[heard]
    allowed = 2 if len(heard) >= _LONG else 1
    distances = [
        (DamerauLevenshtein.distance(heard, name, score_cutoff=allowed), official)
        for name, official in names.items()
        if abs(len(name) - len(heard)) <= allowed and name[:1] == heard[:1]
    ]
    best = min((distance for distance, _ in distances), default=allowed + 1)
    near = [official for distance, official in distances if distance == best]
    return near[0] if best <= allowed and len(near) == 1 else ""
