"""Weighs two complaints against each other: the evidence on words, place, time and sender."""

import math
from typing import NamedTuple

from rapidfuzz import fuzz

from dedup.fingerprint import Fingerprint, Kept
from dedup.policy import Policy
from dedup.vocabulary import NAME_MASS
from dedup.whereabouts import (
    SLIP,
    SOLID,
    cued_share,
    elsewhere,
    metres_between,
    names_apart,
    other_numbers,
    same_desa_of,
    same_spots,
    shared_street,
)
from dedup.words import Words

OTHER_DESA, OTHER_KECAMATAN = "desanya berbeda", "kecamatannya berbeda"
# A shorter name is no slip of another.
_SLIP_LENGTH = 5
_MANY_NAMES = 12
# From so many shared names on, more of them tell no more; two are as good as a place.
_ENOUGH, _PLACED = 6, 2
_SAME_DESA = 0.6
_MOST_RARE = 7.0
# Below this the time of sending is no evidence: a file of reports that bore none.
AT_ONCE = 2.0
_QUICK = 96 * 3600.0


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
    other_spot: bool
    unlike_places: bool  # both say where exactly, and nothing of it is the same
    near_pins: bool
    other_street: bool
    other_area: bool
    other_numbers: bool
    same_number: bool
    swapped: bool
    contradicts: str  # "", or what differs: the desa, the street, the pin, the card
    personal: bool
    own_affair: bool
    same_sender: bool
    same_link: bool
    same_media: bool
    same_card: bool
    seconds: float
    fresh: float
    quick: bool  # such a problem lives for hours or days, so that two at once are rarely two

    @property
    def one_person(self) -> bool:
        """Whether it is known that both are one person's own affair."""
        return self.same_sender or self.same_card

    @property
    def elsewhere_there(self) -> bool:
        """Whether both name other landmarks, or other streets, of what may be one desa."""
        return (self.other_spot and not self.street) or (self.other_street and not self.same_spot)

    @property
    def located(self) -> bool:
        """Whether both are known to be about one spot."""
        there = self.same_spot or self.same_number
        return self.near_pins or bool(self.street) or (self.same_desa and there)


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
    common, known = shared & wa.names, policy.vocabulary.subjects
    names, swapped = _names(wa, wb, common)
    same_desa = same_desa_of(a, b)
    # The desa's own name is counted as the place that it is.
    names -= len(common & a.home) if same_desa else 0
    told = [known[word] for word in shared if word in known]
    subject = _over(sum(told), math.sqrt(wa.weight * wb.weight))
    mass = sum(told) + NAME_MASS * len(common)
    street = shared_street(wa.streets, wb.streets)
    metres = metres_between(a.pin, b.pin)
    near = metres is not None and metres <= policy.place.near_m
    spot, other_spot = same_spots(wa.spots, wb.spots, a.home | b.home)
    seconds, half = abs(a.at - b.at), _half(a, b, policy)
    return Evidence(
        place=1.0 if near or (same_desa and (spot or street)) else _place(wa, wb, names, same_desa),
        subject=subject,
        names=min(max(names, 0), _ENOUGH) / _ENOUGH,
        rare=_third(told, len(common)) / _MOST_RARE,
        copied=max(0.0, _over(mass, min(wa.mass, wb.mass)) - 0.5) * 2,
        alike=_over(mass, math.sqrt(wa.mass * wb.mass)),
        shared=len(shared),
        same_kategori=a.kategori == b.kategori,
        kin=_kin(a, b, policy),
        street=street,
        same_desa=same_desa,
        elsewhere=len(common - a.home - b.home),
        same_spot=spot,
        other_spot=other_spot,
        unlike_places=not (street or spot or near) and _unlike(wa, wb),
        near_pins=near,
        other_street=not street and elsewhere(wa, wb),
        other_area=not same_desa and names_apart(wa.areas, wb.areas),
        other_numbers=other_numbers(wa.numbers, wb.numbers),
        same_number=not wa.numbers.isdisjoint(wb.numbers),
        swapped=swapped,
        contradicts=_contradiction(a, b, metres, policy),
        personal=a.personal or b.personal,
        own_affair={a.kategori, b.kategori} <= policy.kategori.personal,
        same_sender=bool(a.reporter) and a.reporter == b.reporter,
        same_link=bool(a.links & b.links),
        same_media=bool(a.media & b.media),
        same_card=bool(a.cards & b.cards),
        seconds=seconds,
        fresh=0.5 ** (seconds / half) * (seconds >= AT_ONCE),
        quick=half <= _QUICK and seconds < half,
    )  # fmt: skip


def _kin(a: Fingerprint, b: Fingerprint, policy: Policy) -> bool:
    """Tell whether one problem may well have been given both kategori."""
    kin = policy.kin_of.get(a.kategori, ())
    return (
        a.kategori == b.kategori
        or b.kategori in kin
        or b.kategori in a.others
        or a.kategori in b.others
    )


def _place(a: Words, b: Words, names: int, same_desa: bool) -> float:
    """Return how surely two texts that share no spot are about one place."""
    return max(cued_share(a, b), min(1.0, names / _PLACED), _SAME_DESA if same_desa else 0.0)


def _unlike(a: Words, b: Words) -> bool:
    """Tell whether both say where exactly, and no house number is the same either."""
    exact = all(words.streets or words.spots for words in (a, b))
    return exact and a.numbers.isdisjoint(b.numbers)


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
        elif len(name) >= SOLID and name in b.solid:
            found += 1
        else:
            lost.append(name)
    for name in list(left_b):
        if len(name) >= SOLID and name in a.solid:
            left_b.remove(name)
            found += 1
    return found, bool(lost) and bool(left_b)


def _slip_of(name: str, others: list[str]) -> str | None:
    if len(name) < _SLIP_LENGTH:
        return None
    for other in others:
        near = other[0] == name[0] and abs(len(other) - len(name)) <= 2
        if near and len(other) >= _SLIP_LENGTH and fuzz.ratio(name, other) >= SLIP:
            return other
    return None


def _contradiction(a: Fingerprint, b: Fingerprint, metres: float | None, policy: Policy) -> str:
    if a.desa and b.desa and a.desa != b.desa:
        return OTHER_DESA
    if a.kecamatan and b.kecamatan and a.kecamatan != b.kecamatan:
        return OTHER_KECAMATAN
    if metres is not None and metres > policy.place.far_m:
        return "titik petanya berjauhan"
    if a.cards and b.cards and not a.cards & b.cards:
        return "nomor kartunya berbeda"
    if other_numbers(a.words.numbers, b.words.numbers):
        return "nomor alamatnya berbeda"
    return ""
