"""Remembers which versions of each complaint have been entered, in 12 bytes each."""

import hashlib
from array import array
from enum import Enum

from dedup.idtable import Names

_RULES_BITS = 16


class Seen(Enum):
    """How a version stands to what was entered before of the same complaint."""

    AGAIN = "again"  # the same version, understood by the same rules
    REREAD = "reread"  # the same version, understood by other rules
    OTHER = "other"  # another version


class Versions:
    """A chain of versions per complaint; 48 bits of a version's hash, its rules exactly."""

    def __init__(self) -> None:
        self._last = array("I")
        self._marks = array("Q", [0])
        self._before = array("I", [0])
        self._rules = Names()

    def compare(self, complaint: int, version: str, rules_version: str) -> Seen:
        """Tell whether a version of a known complaint has been entered before."""
        mark = self._mark(version, rules_version)
        seen = Seen.OTHER
        link = self._last[complaint]
        while link:
            if self._marks[link] == mark:
                return Seen.AGAIN
            if self._marks[link] >> _RULES_BITS == mark >> _RULES_BITS:
                seen = Seen.REREAD
            link = self._before[link]
        return seen

    def add(self, complaint: int, version: str, rules_version: str) -> None:
        """Remember a version; `complaint` is a known number or the next one."""
        if complaint == len(self._last):
            self._last.append(0)
        self._before.append(self._last[complaint])
        self._last[complaint] = len(self._marks)
        self._marks.append(self._mark(version, rules_version))

    def _mark(self, version: str, rules_version: str) -> int:
        name = version.encode("utf-8", "surrogatepass")
        hashed = int.from_bytes(hashlib.blake2b(name, digest_size=6).digest())
        return hashed << _RULES_BITS | self._rules.number(rules_version)
