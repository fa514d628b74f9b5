"""Weighs two complaints against each other: the evidence on words, place, time and sender."""

import math
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz

from dedup.fingerprint import Fingerprint, Kept
from dedup.policy import Policy
from dedup.stems import stem
from dedup.vocabulary import NAME_MASS
from dedup.words import Words

OTHER_DESA, OTHER_KECAMATAN = "desanya berbeda", "kecamatannya berbeda"
# A name counts as a slip of another from here on, if it is not short and begins with its letter.
_SLIP = 84.0
_SLIP_LENGTH = 5
# So long a name is looked for in the other text written without gaps ("gajah mada").
_SOLID = 6
_MANY_NAMES = 12
# From so many shared names on, more of them tell no more; two are as good as a place.
_ENOUGH, _PLACED = 6, 2
_MOST_RARE = 7.0
# Below this the time of sending is no evidence: a file of reports that bore none.
_AT_ONCE = 2.0


class Evidence(NamedTuple):
    """What speaks for and against two complaints being about one problem; shares from 0 to 1."""

    place: float
    subject: float
    names: float
    rare: float
    copied: float
    alike: float
    shared: int
    same_kategori: bool
    kin: bool
    street: str
    same_desa: bool
    elsewhere: int  # shared names that are not of either one's desa or kecamatan
    same_spot: bool
    near_pins: bool
    other_street: bool
    other_area: bool
    other_numbers: bool
    swapped: bool
    contradicts: str  # "", or what differs: the desa, the street, the pin, the card
    personal: bool
    own_affair: bool
    same_sender: bool
    same_link: bool
    same_media: bool
    same_card: bool
    seconds: float
    timed: bool
    fresh: float

    @property
    def one_person(self) -> bool:
        """Whether it is known that both are one person's own affair."""
        return self.same_sender or self.same_card

    @property
    def located(self) -> bool:
        """Whether both are known to be about one spot."""
        return self.near_pins or bool(self.street) or (self.same_desa and self.same_spot)


def glance(a: Fingerprint, b: Kept, policy: Policy) -> float:
    """Estimate how much two complaints have to do with each other; 0 if nothing can come of it."""
    sure = b.marks and not (a.cards.isdisjoint(b.marks) and a.media.isdisjoint(b.marks))
    if sure or (a.reporter and a.reporter == b.reporter):
        return 100.0
    shared = a.words.telling.intersection(b.telling)
    if not shared:
        return float(a.pin is not None and b.pin is not None)
    names = len(shared & a.words.names)
    same = a.kategori == b.kategori
    worth = len(shared) + 4.0 * names + 4.0 * same
    if not apart(a, b):
        return worth + 4.0 * bool(a.desa and a.desa == b.desa)
    return worth if names > 1 or (same and a.kategori in policy.kategori.wide) else 0.0


def apart(a: Fingerprint, b: Kept) -> bool:
    """Tell whether two complaints are known to be about two areas."""
    if a.desa and b.desa:
        return a.desa != b.desa
    return bool(a.kecamatan and b.kecamatan) and a.kecamatan != b.kecamatan


def compare(a: Fingerprint, b: Fingerprint, policy: Policy) -> Evidence:
    """Gather the evidence on two complaints; `a` is the one that comes in."""
    wa, wb = a.words, b.words
    shared = wa.telling & wb.telling
    known = policy.vocabulary.subjects
    common = shared & wa.names
    names, swapped = _names(wa, wb, common)
    same_desa = bool(a.desa) and a.desa == b.desa
    if same_desa:
        # The desa's own name is counted as the place that it is.
        names -= len(common & a.home)
    told = [known[word] for word in shared if word in known]
    subject = _over(sum(told), math.sqrt(wa.weight * wb.weight))
    mass = sum(told) + NAME_MASS * len(common)
    street = _shared_street(wa.streets, wb.streets)
    metres = _metres(a.pin, b.pin)
    near = metres is not None and metres <= policy.place.near_m
    spot, same, seconds = bool(wa.spots & wb.spots), a.kategori == b.kategori, abs(a.at - b.at)
    return Evidence(
        place=1.0 if near or (same_desa and (spot or street)) else max(
            _cued(wa, wb), min(1.0, names / _PLACED), 0.6 * same_desa
        ),
        subject=subject,
        names=min(max(names, 0), _ENOUGH) / _ENOUGH,
        rare=_third(told, len(common)) / _MOST_RARE,
        copied=max(0.0, _over(mass, min(wa.mass, wb.mass)) - 0.5) * 2,
        alike=_over(mass, math.sqrt(wa.mass * wb.mass)),
        shared=len(shared),
        same_kategori=same,
        kin=same or _kin(a, b, policy),
        street=street,
        same_desa=same_desa,
        elsewhere=len(common - a.home - b.home),
        same_spot=spot,
        near_pins=near,
        other_street=not street and _elsewhere(wa, wb),
        other_area=_apart(wa.areas, wb.areas),
        other_numbers=_other_numbers(wa.numbers, wb.numbers),
        swapped=swapped,
        contradicts=_contradiction(a, b, metres, policy),
        personal=a.personal or b.personal,
        own_affair={a.kategori, b.kategori} <= policy.kategori.personal,
        same_sender=bool(a.reporter) and a.reporter == b.reporter,
        same_link=bool(a.links & b.links),
        same_media=bool(a.media & b.media),
        same_card=bool(a.cards & b.cards),
        seconds=seconds,
        timed=seconds >= _AT_ONCE,
        fresh=0.5 ** (seconds / _half(a, b, policy)) if seconds >= _AT_ONCE else 0.0,
    )  # fmt: skip


def _kin(a: Fingerprint, b: Fingerprint, policy: Policy) -> bool:
    """Tell whether one problem may well have been given both kategori."""
    kin = policy.kin_of.get(a.kategori, ())
    return b.kategori in kin or b.kategori in a.others or a.kategori in b.others


def _half(a: Fingerprint, b: Fingerprint, policy: Policy) -> float:
    return min(policy.half_of(a.kategori), policy.half_of(b.kategori))


def _over(part: float, whole: float) -> float:
    return min(1.0, part / whole) if whole else 0.0


def _third(told: list[float], names: int) -> float:
    """Return how rare the third rarest shared word is: chance shares one or two, not three."""
    if names > 2:
        return _MOST_RARE
    told = sorted(told, reverse=True)
    return told[2 - names] if len(told) > 2 - names else 0.0


def _names(a: Words, b: Words, common: frozenset[str]) -> tuple[int, bool]:
    """Count the names both share, slips forgiven; tell whether others stand in their stead."""
    left_a, left_b = sorted(a.names - common)[:_MANY_NAMES], sorted(b.names - common)[:_MANY_NAMES]
    found = len(common)
    lost = []
    for name in left_a if left_b else ():
        slip = _slip_of(name, left_b)
        if slip is not None:
            left_b.remove(slip)
            found += 1
        elif len(name) >= _SOLID and name in b.solid:
            found += 1
        else:
            lost.append(name)
    for name in list(left_b):
        if len(name) >= _SOLID and name in a.solid:
            left_b.remove(name)
            found += 1
    return found, bool(lost) and bool(left_b)


def _slip_of(name: str, others: list[str]) -> str | None:
    if len(name) < _SLIP_LENGTH:
        return None
    for other in others:
        near = other[0] == name[0] and abs(len(other) - len(name)) <= 2
        if near and len(other) >= _SLIP_LENGTH and fuzz.ratio(name, other) >= _SLIP:
            return other
    return None


def _cued(a: Words, b: Words) -> float:
    """Return which share of the words that name places stand in the other text too."""
    total = len(a.cued) + len(b.cued)
    return (_stands(a.cued, b) + _stands(b.cued, a)) / total if total else 0.0


def _stands(names: frozenset[str], words: Words) -> int:
    found = len(names & words.telling)
    if found == len(names):
        return found
    solid, telling = words.solid, words.telling
    for name in names:
        if name not in telling and len(name) >= _SOLID and name in solid:
            found += 1
    return found


def _elsewhere(a: Words, b: Words) -> bool:
    """Tell whether both name streets, and neither text has a word of the other's."""
    if not a.streets or not b.streets:
        return False
    return not _stands(_words(a.streets), b) and not _stands(_words(b.streets), a)


def _apart(a: frozenset[str], b: frozenset[str]) -> bool:
    return bool(a and b) and _words(a).isdisjoint(_words(b))


@lru_cache(maxsize=20_000)
def _words(names: frozenset[str]) -> frozenset[str]:
    return frozenset(stem(word) for name in names for word in name.split())


def _shared_street(a: frozenset[str], b: frozenset[str]) -> str:
    if not a or not b:
        return ""
    same = a & b
    if same:
        return min(same)
    for name in sorted(a):
        for other in sorted(b):
            if fuzz.ratio(name, other) >= _SLIP or _within(name, other):
                return name
    return ""


def _within(name: str, other: str) -> bool:
    """Tell whether a name is part of another: "Melati" and "Melati Indah", no "Ahmad Dahlan"."""
    if " " not in name and " " not in other:
        return False
    words, others = set(name.split()), set(other.split())
    return words <= others or others <= words


def _contradiction(a: Fingerprint, b: Fingerprint, metres: float | None, policy: Policy) -> str:
    if a.desa and b.desa and a.desa != b.desa:
        return OTHER_DESA
    if a.kecamatan and b.kecamatan and a.kecamatan != b.kecamatan:
        return OTHER_KECAMATAN
    if metres is not None and metres > policy.place.far_m:
        return "titik petanya berjauhan"
    if a.cards and b.cards and not a.cards & b.cards:
        return "nomor kartunya berbeda"
    if _other_numbers(a.words.numbers, b.words.numbers):
        return "nomor alamatnya berbeda"
    return ""


def _other_numbers(a: frozenset[tuple[str, int]], b: frozenset[tuple[str, int]]) -> bool:
    """Tell whether both give an RT, a house number or the like, and another one."""
    if not a or not b:
        return False
    for cue in {cue for cue, _ in a} & {cue for cue, _ in b}:
        if not {n for c, n in a if c == cue} & {n for c, n in b if c == cue}:
            return True
    return False


def _metres(a: tuple[float, float] | None, b: tuple[float, float] | None) -> float | None:
    """Measure between two pins on a plane: exact enough within one regency."""
    if a is None or b is None:
        return None
    dy = (a[0] - b[0]) * 110_600
    dx = (a[1] - b[1]) * 111_300 * math.cos(math.radians(a[0]))
    return math.hypot(dx, dy)
