"""Decides from the evidence: join only what is sure, suggest what an operator should see."""

import math
from dataclasses import dataclass
from operator import mul

from dedup.compare import AT_ONCE, OTHER_DESA, OTHER_KECAMATAN, Evidence
from dedup.policy import Policy

# Words alone tell little of the subject; so much counts as full agreement.
_FULL = 2.5
# Two kategori that are kin are one problem if so much of the subject is the same.
_KIN, _KIN_THERE = 0.4, 0.25
# So many names in common (3 of 6) outweigh others that differ.
_NAMED = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the evidence amounts to; `why_not` says what keeps a similar pair apart."""

    outcome: str  # joined, suggested, opened
    score: float
    why_not: str = ""


FITTED = (
    "matter", "least", "street", "other_street", "other_area", "own_affair", "off_topic", "names",
    "numbers", "swapped", "rare", "copied",
)  # fmt: skip
BY_HAND = (
    "desa",
    "spot",
    "other_spot",
    "near",
    "sender",
    "link",
    "media",
    "card",
    "fresh",
    "stale",
)


def features(e: Evidence) -> tuple[float, ...]:
    """Return what the fitted weights are multiplied with, in the order of FITTED."""
    topic = max(e.subject, 0.5 * e.same_kategori)
    return (
        e.place * topic,
        min(e.place, 1.0, _FULL * e.subject),
        bool(e.street),
        e.other_street,
        e.other_area,
        (1 - e.names) if e.own_affair else 0.0,
        e.place * (1 - max(min(1.0, 2 * e.subject), e.same_kategori)),
        e.names,
        e.other_numbers,
        e.alike if e.swapped else 0.0,
        e.rare,
        e.copied * min(1.0, 1.5 * e.names),
    )


def surroundings(e: Evidence) -> tuple[float, ...]:
    """Return what the weights set by hand are multiplied with, in the order of BY_HAND."""
    return (
        e.same_desa and e.kin,
        e.same_desa and e.same_spot and e.kin,
        e.other_spot and not e.street,
        e.near_pins and e.kin,
        max(e.alike, e.subject) if e.same_sender else 0.0,
        e.same_link,
        e.same_media,
        max(e.subject, 0.5 * e.same_kategori) if e.same_card else 0.0,
        e.fresh * e.place if e.kin else 0.0,
        1.0 - e.fresh if e.seconds >= AT_ONCE else 0.0,
    )


def score(e: Evidence, policy: Policy) -> float:
    """Return the score: the logistic of what all evidence adds up to."""
    base, fitted, by_hand = policy.vectors
    total = base + sum(map(mul, fitted, features(e))) + sum(map(mul, by_hand, surroundings(e)))
    return round(1 / (1 + math.exp(-total)), 4)


def judge(e: Evidence, policy: Policy, *, wide: bool = False) -> Verdict:
    """Decide; `wide` says that the kategori is of a kind that strikes several desa at once."""
    value = score(e, policy)
    if e.contradicts:
        seen = value >= policy.score.suggested and _related(e, wide=wide)
        return Verdict("suggested" if seen else "opened", value, e.contradicts)
    against = _against(e)
    if value < policy.score.suggested or not _speaks(e):
        return Verdict("opened", value, against)
    why_not = against or _doubt(e, value, policy)
    return Verdict("suggested" if why_not else "joined", value, why_not)


def _speaks(e: Evidence) -> bool:
    """Tell whether anything but the area and the kategori is the same."""
    return bool(e.subject or e.names or e.street or e.near_pins or e.same_sender
                or e.same_card or e.same_media or e.same_spot)  # fmt: skip


def _related(e: Evidence, *, wide: bool) -> bool:
    """Tell whether two complaints about different places may still be one matter.

    A flood strikes two desa; a road or a market of one name may have been put into the wrong one.
    """
    if e.contradicts not in (OTHER_DESA, OTHER_KECAMATAN) or not e.kin:
        return False
    flood = wide and e.contradicts == OTHER_DESA and e.same_kategori
    return flood or bool(e.street) or e.elsewhere > 1


def _against(e: Evidence) -> str:
    if (e.personal or e.own_affair) and not e.one_person:
        return "urusan perorangan"
    return ""


def _doubt(e: Evidence, value: float, policy: Policy) -> str:
    """Return what keeps a pair from being joined without an operator, or ""."""
    sure = e.one_person or e.same_media or e.near_pins
    kin = e.same_kategori or (e.kin and e.subject >= (_KIN_THERE if e.located else _KIN))
    doubts = (
        (value < policy.score.joined, "buktinya belum cukup"),
        (not kin and not e.one_person, "kategorinya berbeda"),
        (e.swapped and e.names < _NAMED and not e.same_desa and not sure,
         "sebagian nama saling menggantikan"),
        (e.other_spot and not e.street and not sure, "patokannya berbeda"),
        (e.other_street and not e.located and not sure, "nama jalannya berbeda"),
        (e.unlike_places and not e.quick and not sure, "alamatnya belum tentu sama"),
        (e.shared < policy.score.min_words and not sure and not e.located,
         "teksnya terlalu pendek"),
    )  # fmt: skip
    return next((sentence for known, sentence in doubts if known), "")
