"""Tells pengaduan from aspirasi, permintaan_informasi, whistleblowing and bukan_aduan by words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.schema import Explanation, Klasifikasi
from normalizer.lexicon import Hits, Phrase

_DEFAULT = 1.0  # a text that says nothing else is a pengaduan
_GOOD, _BAD = 4.0, 3.0
_SHORT = 12  # a longer text is never mere thanks


@dataclass(frozen=True, slots=True)
class Evidence:
    """What klasifikasi looks at: the words, the phrases found in them, and what came with them."""

    words: Sequence[str]
    hits: Hits
    asks: bool  # a question mark
    shows: bool  # a file or a pin
    given: Mapping[str, object] = field(default_factory=dict)  # what the provider says itself
    rating: float | None = None


def classify(evidence: Evidence, greetings: frozenset[str]) -> tuple[Klasifikasi, Explanation]:
    """Return the klasifikasi and the rule that decided."""
    klasifikasi, rule, words = (
        _told_by_provider(evidence.given)
        or _nothing_said(evidence, greetings)
        or _praised(evidence)
        or _not_meant(evidence.hits)
        or _corruption(evidence.hits)
        or _by_weight(evidence)
    )
    explanation = Explanation(field="klasifikasi", value=klasifikasi, rule=rule, words=words)
    return klasifikasi, explanation


_Verdict = tuple[Klasifikasi, str, tuple[str, ...]]


def _told_by_provider(given: Mapping[str, object]) -> _Verdict | None:
    """Take what the channel knows for certain: an empty or prank call, a bounced mail."""
    call = str(given.get("panggilan", ""))
    if call in ("iseng", "kosong"):
        return "bukan_aduan", f"panggilan {call} menurut pusat panggilan", ()
    if call == "informasi":
        return "permintaan_informasi", "panggilan informasi menurut pusat panggilan", ()
    if given.get("pantulan"):
        return "bukan_aduan", "surat pantulan mesin", ()
    return None


def _praised(evidence: Evidence) -> _Verdict | None:
    """Take a review with many stars and no word of complaint for praise."""
    if evidence.rating is None or evidence.rating < _GOOD:
        return None
    complaining = [
        phrase
        for phrase in evidence.hits.get("klasifikasi", ())
        if phrase.label == "pengaduan" and phrase.weight > 1
    ]
    if complaining:
        return None
    return "bukan_aduan", f"ulasan {evidence.rating:g} bintang tanpa kata keluhan", ()


def _nothing_said(evidence: Evidence, greetings: frozenset[str]) -> _Verdict | None:
    words = [word for word in evidence.words if word.isalpha()]
    if not words and evidence.rating is not None and evidence.rating < _BAD:
        return "pengaduan", f"ulasan {evidence.rating:g} bintang tanpa teks", ()
    if not words:
        if evidence.shows:
            return "pengaduan", "lampiran atau titik tanpa teks", ()
        return "bukan_aduan", "tidak ada teks", ()
    if len(words) <= _SHORT and all(word in greetings for word in words):
        return "bukan_aduan", "hanya salam, pujian atau percobaan", tuple(words[:6])
    return None


def _not_meant(hits: Hits) -> _Verdict | None:
    spam = hits.get("spam", ())
    strong = any(phrase.weight > 2 for phrase in hits.get("kategori", ()))
    if len(spam) > 1 or (spam and not strong):
        return "bukan_aduan", "iklan atau spam", _texts(spam)
    prank = hits.get("prank")
    if prank and not hits.get("kategori"):
        return "bukan_aduan", "percobaan atau iseng", _texts(prank)
    return None


def _corruption(hits: Hits) -> _Verdict | None:
    found = hits.get("whistleblowing", ())
    corrupt = [phrase for phrase in found if phrase.label == "korupsi"]
    official = [phrase for phrase in found if phrase.label == "pejabat"]
    if corrupt and official:
        return "whistleblowing", "korupsi oleh pejabat", _texts([*corrupt, *official])
    return None


def _by_weight(evidence: Evidence) -> _Verdict:
    found = evidence.hits.get("klasifikasi", ())
    scores: dict[Klasifikasi, float] = {
        "pengaduan": _DEFAULT,
        "aspirasi": 0.0,
        "permintaan_informasi": 1.5 if evidence.asks else 0.0,
    }
    names: tuple[Klasifikasi, ...] = ("pengaduan", "aspirasi", "permintaan_informasi")
    for name in names:
        scores[name] += sum(phrase.weight for phrase in found if phrase.label == name)
    best = max(names, key=lambda name: scores[name])
    told_by = [phrase for phrase in found if phrase.label == best]
    rule = ", ".join(f"{name} {scores[name]:g}" for name in names)
    return best, f"bobot {rule}", _texts(told_by)


def _texts(phrases: Sequence[Phrase]) -> tuple[str, ...]:
    return tuple(phrase.text for phrase in phrases[:6])
