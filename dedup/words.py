"""Reads a masked text into words: those that tell something, names among them, and places."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dedup.policy import Policy
from dedup.stems import stem
from dedup.vocabulary import NAME_MASS, NUMBER_MASS, Kind, Role, key_of

_MASK = re.compile(r"\[[A-Z*]+\]\d*")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.I)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CLOSING = re.compile(r"mohon (?:ditindaklanjuti|informasinya|dipertimbangkan)[^\n]*\Z", re.I)
_WORD = re.compile(r"[^\W\d_]+|\d+")
_HOUSE_DIGITS = 4
# A complaint is found by so many of its names, and so many of its other words.
_FOUND_BY = 8
# "Gayungsari Barat X" and "Gayungsari Barat IV" are two streets.
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a complaint: in order, those that tell something, and its places.

    `telling` are stems; `names` those of them that the vocabulary does not know or knows as a
    place: they tell one matter from another. `cued` are stems that stand where a place is named.
    A number belongs to the cue or the street before it: ("rt", 3), ("melati", 12).
    """

    ordered: tuple[str, ...]
    telling: frozenset[str]
    names: frozenset[str]
    streets: frozenset[str]
    spots: frozenset[str]
    areas: frozenset[str]
    cued: frozenset[str]
    numbers: frozenset[tuple[str, int]]
    # The whole text without a gap, in which "gajahmada" is found though it was written in two.
    solid: str
    # What its telling words weigh that are no names, and what all of them do.
    weight: float
    mass: float
    # Hashes to be found by: of the names, and of the rarest other words.
    name_keys: tuple[int, ...] = ()
    word_keys: tuple[int, ...] = ()


def read_words(text: str, policy: Policy) -> Words:
    """Split a masked text into words, and find the places among them."""
    ordered = tuple(map(sys.intern, _WORD.findall(_plain(text))))
    look_up = policy.vocabulary.word
    known = [look_up(word) for word in ordered]
    roles = [word.role for word in known]
    telling: dict[str, float] = {}
    names: dict[str, int] = {}
    rest: list[tuple[float, int]] = []
    digits = 0
    for at, word in enumerate(known):
        if word.role & Role.COMMON or word.stem in telling:
            continue
        if word.kind is Kind.NUMBER:
            if _is_amount(ordered, roles, at):
                continue
            digits += 1
        elif word.kind is Kind.NAME:
            names[word.stem] = word.key
        elif word.subject:
            rest.append((-word.subject, word.key))
        telling[word.stem] = word.subject
    places = _places(ordered, roles)
    weight = sum(telling.values())
    mass = weight + NAME_MASS * len(names) + NUMBER_MASS * digits
    return Words(
        ordered, frozenset(telling), frozenset(names) if names else _NONE, *places,
        "".join(ordered), weight, mass, tuple(sorted(names.values())[:_FOUND_BY]),
        tuple(key for _, key in sorted(rest)[:_FOUND_BY]),
    )  # fmt: skip


def with_keys(words: Words, policy: Policy) -> Words:
    """Give words that were packed away the hashes they are found by again."""
    subjects = policy.vocabulary.subjects
    names = sorted(map(key_of, words.names))
    rest = sorted(
        (-subjects[word], key_of(word)) for word in words.telling if subjects.get(word, 0.0)
    )
    return replace(
        words,
        name_keys=tuple(names[:_FOUND_BY]),
        word_keys=tuple(key for _, key in rest[:_FOUND_BY]),
    )


def _plain(text: str) -> str:
    """Take out masks, links and the moderator's closing; what most texts lack costs a look only."""
    if "[" in text:
        text = _MASK.sub(" ", text)
    if "http" in text or "www." in text or "HTTP" in text:
        text = _LINK.sub(" ", text)
    if not text.islower():
        text = _CAMEL.sub(" ", _CLOSING.sub("", text)).lower()
    return text


_Set = frozenset[str]
_Numbers = frozenset[tuple[str, int]]
_NONE: _Set = frozenset()
_NO_PLACES = (_NONE, _NONE, _NONE, _NONE, frozenset[tuple[str, int]]())


def _places(words: Sequence[str], roles: Sequence[int]) -> tuple[_Set, _Set, _Set, _Set, _Numbers]:
    """Return streets, landmarks, areas, their words, and the numbers that belong to an address."""
    cues = [at for at, role in enumerate(roles) if role & Role.CUE]
    if not cues:
        return _NO_PLACES
    streets, spots, areas = set(), set(), set()
    cued: set[str] = set()
    numbers: set[tuple[str, int]] = set()
    for at in cues:
        role = roles[at]
        name, behind = _name(words, roles, at + 1)
        if name:
            if role & Role.STREET:
                streets.add(name)
            elif role & Role.AREA:
                areas.add(name)
            if role & (Role.STREET | Role.AREA | Role.LANDMARK):
                cued.update(map(stem, name.split()))
        if role & Role.LANDMARK:
            spots.add(f"{words[at]} {name or _school(words, roles, behind)}".strip())
        numbers |= _number_of(words, roles, at, name, behind)
    return (
        frozenset(streets), frozenset(spots), frozenset(areas), frozenset(cued), frozenset(numbers)
    )  # fmt: skip


def _school(words: Sequence[str], roles: Sequence[int], at: int) -> str:
    """Return the number behind a landmark: "SDN 1" and "SDN 2" are two schools."""
    return words[at] if at < len(words) and _is_house(words, roles, at) else ""


def _number_of(
    words: Sequence[str], roles: Sequence[int], at: int, name: str, behind: int
) -> set[tuple[str, int]]:
    """Return the number behind a street's name, or behind a cue such as "rt", if there is one."""
    owner = name if roles[at] & Role.STREET else ""
    if not owner and roles[at] & Role.NUMBER:
        owner, behind = words[at], at + 1
    if not owner or behind >= len(words):
        return set()
    if _is_house(words, roles, behind):
        return {(owner, int(words[behind]))}
    if name and words[behind] in _ROMAN:
        return {(owner, -_ROMAN.index(words[behind]) - 1)}
    return set()


def _name(words: Sequence[str], roles: Sequence[int], start: int) -> tuple[str, int]:
    """Return the one or two words after a cue that can be a name, or "", and where they end."""
    while start < len(words) and words[start] == "raya":
        start += 1
    end = start
    while end < min(start + 2, len(words)):
        if roles[end] & Role.NO_NAME or words[end].isdecimal() or words[end] in _ROMAN:
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
