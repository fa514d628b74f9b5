"""Reads a masked text into words: those that tell something, and the places among them."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from dedup.policy import Policy, Role

_MASK = re.compile(r"\[[A-Z]+\]")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.I)
_WORD = re.compile(r"[^\W\d_]+|\d+")
_HOUSE_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a complaint: in order, those that tell something, and its places.

    A number belongs to the cue or the street before it: ("rt", 3), ("melati", 12).
    """

    ordered: tuple[str, ...]
    telling: frozenset[str]
    streets: frozenset[str]
    spots: frozenset[str]
    numbers: frozenset[tuple[str, int]]


def read_words(text: str, policy: Policy) -> Words:
    """Split a masked text into words, and find the places among them."""
    plain = _MASK.sub(" ", text) if "[" in text else text
    plain = _LINK.sub(" ", plain).lower()
    ordered = tuple(map(sys.intern, _WORD.findall(plain)))
    role_of = policy.roles.get
    roles = [role_of(word, 0) for word in ordered]
    telling = frozenset(
        word
        for at, word in enumerate(ordered)
        if not roles[at] & Role.COMMON
        and (not _is_amount(ordered, roles, at) if word.isdecimal() else len(word) > 1)
    )
    return Words(ordered, telling, *_places(ordered, roles))


_Places = tuple[frozenset[str], frozenset[str], frozenset[tuple[str, int]]]


def _places(words: Sequence[str], roles: Sequence[int]) -> _Places:
    """Return the streets, the landmarks, and the numbers that belong to an address."""
    streets: set[str] = set()
    spots: set[str] = set()
    numbers: set[tuple[str, int]] = set()
    for at, role in enumerate(roles):
        if not role & Role.CUE:
            continue
        name, behind = _name(words, roles, at + 1)
        if role & Role.STREET:
            streets |= {name} if name else set()
        elif role & Role.LANDMARK:
            spots.add(f"{words[at]} {name}".strip())
        owner = name if role & Role.STREET else ""
        if not owner and role & Role.NUMBER:
            owner, behind = words[at], at + 1
        if owner and behind < len(words) and _is_house(words, roles, behind):
            numbers.add((owner, int(words[behind])))
    return frozenset(streets), frozenset(spots), frozenset(numbers)


def _name(words: Sequence[str], roles: Sequence[int], start: int) -> tuple[str, int]:
    """Return the one or two words after a cue that can be a name, or "", and where they end."""
    while start < len(words) and words[start] == "raya":
        start += 1
    end = start
    while end < min(start + 2, len(words)):
        if roles[end] & Role.NO_NAME or words[end].isdecimal():
            break
        end += 1
    return " ".join(words[start:end]), end


def _is_house(words: Sequence[str], roles: Sequence[int], at: int) -> bool:
    number = words[at]
    return number.isdecimal() and len(number) <= _HOUSE_DIGITS and not _is_amount(words, roles, at)


def _is_amount(words: Sequence[str], roles: Sequence[int], at: int) -> bool:
    """Tell whether a number counts something, as in "3 hari" or "jam 8"."""
    after = roles[at + 1] if at + 1 < len(words) else 0
    before = roles[at - 1] if at else 0
    return bool(after & Role.UNIT or before & Role.BEFORE_UNIT)
