"""Weighs two complaints of one block against each other: the evidence, and what follows from it."""

import math
from dataclasses import dataclass
from enum import IntEnum

from rapidfuzz import fuzz, process

from dedup.fingerprint import Fingerprint
from dedup.policy import Policy
from dedup.words import Words

# A word counts as a slip of another from here on, if it is not short and begins with its letter.
_SLIP = 84.0
_SLIP_LENGTH = 5
# Slips are looked for only between texts that are this much alike without them.
_WORTH_PAIRING = 0.5


class Place(IntEnum):
    """How closely two complaints are known to be about one place."""

    UNKNOWN = 0
    KECAMATAN = 1
    DESA = 2
    EXACT = 3


_PLACE_SHARE = {Place.UNKNOWN: 0.0, Place.KECAMATAN: 0.3, Place.DESA: 0.8, Place.EXACT: 1.0}
_SENDER_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against two complaints being about one problem."""

    text: float
    shared: int
    place: Place
    contradicts: bool  # the places, or the cards, are different ones
    swapped: bool  # a template: other words stand in the same slot
    same_sender: bool
    same_card: bool
    personal: bool
    seconds: float
    street: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the evidence amounts to; `why_not` says what keeps a similar pair apart."""

    outcome: str  # joined, suggested, opened
    score: float
    why_not: str = ""


def compare(a: Fingerprint, b: Fingerprint, policy: Policy) -> Evidence | None:
    """Gather the evidence on two complaints of one kecamatan and kategori, within the window.

    None says that they share too few words for anything else to matter.
    """
    text, shared, swapped = _alike(a.words, b.words, policy)
    if text < policy.text.suggested_exact:
        return None
    street = _shared_street(a.words.streets, b.words.streets)
    metres = _metres(a.pin, b.pin)
    same_card = bool(a.cards & b.cards)
    return Evidence(
        text=text,
        shared=shared,
        place=_place(a, b, street, metres, policy),
        contradicts=_contradicts(a, b, street)
        or (metres is not None and metres > policy.place.far_m),
        swapped=swapped,
        same_sender=bool(a.reporter) and a.reporter == b.reporter,
        same_card=same_card,
        personal=a.personal or b.personal or a.kategori in policy.kategori.personal,
        seconds=abs(a.at - b.at),
        street=street,
    )


def judge(e: Evidence, policy: Policy) -> Verdict:
    """Decide: join only what is sure, suggest what an operator should see, leave the rest."""
    place = _PLACE_SHARE[e.place]
    if e.same_sender or e.same_card:
        place = max(place, _SENDER_SHARE)
    time = 1 - e.seconds / policy.window / 2
    weights = policy.score
    score = round(weights.text * e.text + weights.place * place + weights.time * time, 4)
    exact = e.place == Place.EXACT
    if e.contradicts or e.text < (policy.text.suggested_exact if exact else policy.text.suggested):
        return Verdict("opened", score)
    if e.personal and not (e.same_sender or e.same_card):
        return Verdict("opened", score, "urusan perorangan")
    why_not = _doubt(e, policy)
    if not why_not:
        return Verdict("joined", score)
    known = e.same_sender or e.same_card or e.place >= Place.DESA or bool(e.street)
    if known or (e.place == Place.KECAMATAN and _alike_enough(e, policy)):
        return Verdict("suggested", score, why_not)
    return Verdict("opened", score, why_not)


def _doubt(e: Evidence, policy: Policy) -> str:
    """Return what keeps a pair from being joined without an operator, or ""."""
    if e.place == Place.EXACT or e.same_card:
        return "" if e.text >= policy.text.joined_exact else "kata-katanya berbeda"
    if e.swapped:
        return "sebagian kata saling menggantikan"
    if e.text < policy.text.joined:
        return "kata-katanya berbeda"
    # The template guard: the same words without a place are not yet the same problem.
    if not e.same_sender and e.place < Place.DESA:
        return "tanpa nama desa atau jalan yang sama"
    long_enough = e.shared >= policy.text.min_words or (e.same_sender and e.text == 1)
    return "" if long_enough else "teksnya terlalu pendek"


def _alike_enough(e: Evidence, policy: Policy) -> bool:
    return e.text >= policy.text.joined and e.shared >= policy.text.min_words and not e.swapped


def _alike(a: Words, b: Words, policy: Policy) -> tuple[float, int, bool]:
    """Return how alike the words are, how many are shared, and whether some were swapped."""
    shared = len(a.telling & b.telling)
    text = _share(shared, a, b, policy)
    if text < _WORTH_PAIRING:
        return text, shared, True
    left_a, left_b = _unlike(a.telling - b.telling, b.telling - a.telling)
    shared = len(a.telling) - len(left_a)
    topic = policy.words.topic
    swapped = bool(left_a - topic) and bool(left_b - topic)
    return _share(shared, a, b, policy), shared, swapped


def _share(shared: int, a: Words, b: Words, policy: Policy) -> float:
    """Weigh what is shared: a short report within a longer one counts less than two alike."""
    if not shared:
        return 0.0
    size_a, size_b = len(a.telling), len(b.telling)
    dice, short = 2 * shared / (size_a + size_b), min(size_a, size_b)
    return (dice + shared / short) / 2 if short >= policy.text.min_words else dice


def _unlike(a: frozenset[str], b: frozenset[str]) -> tuple[set[str], set[str]]:
    """Pair the words that are slips of each other; return those left over on either side."""
    left_a, left_b = set(a), set(b)
    for word in sorted(a):
        if len(word) < _SLIP_LENGTH or not word.isalpha():
            continue
        rivals = sorted(w for w in left_b if w[0] == word[0] and len(w) >= _SLIP_LENGTH)
        found = process.extractOne(word, rivals, scorer=fuzz.ratio, score_cutoff=_SLIP)
        if found is not None:
            left_a.discard(word)
            left_b.discard(found[0])
    return left_a, left_b


def _shared_street(a: frozenset[str], b: frozenset[str]) -> str:
    for name in sorted(a):
        words = set(name.split())
        for other in sorted(b):
            # "Melati" and "Melati Indah" may be one street; "Ahmad Yani" and "Ahmad Dahlan" not.
            others = set(other.split())
            if words <= others or others <= words or fuzz.ratio(name, other) >= _SLIP:
                return name
    return ""


def _place(
    a: Fingerprint, b: Fingerprint, street: str, metres: float | None, policy: Policy
) -> Place:
    if not a.kecamatan:
        return Place.UNKNOWN
    same_desa = bool(a.desa) and a.desa == b.desa
    near = metres is not None and metres <= policy.place.near_m
    if near or street or (same_desa and a.words.spots & b.words.spots):
        return Place.EXACT
    return Place.DESA if same_desa else Place.KECAMATAN


def _contradicts(a: Fingerprint, b: Fingerprint, street: str) -> bool:
    if a.desa and b.desa and a.desa != b.desa:
        return True
    if a.words.streets and b.words.streets and not street:
        return True
    if a.cards and b.cards and not a.cards & b.cards:
        return True
    return _other_numbers(a.words.numbers, b.words.numbers)


def _other_numbers(a: frozenset[tuple[str, int]], b: frozenset[tuple[str, int]]) -> bool:
    """Tell whether both give an RT, a house number or the like, and another one."""
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
