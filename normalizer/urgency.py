"""Rates how urgent a complaint is by the danger words of config/urgency.toml."""

from collections.abc import Sequence

from core.schema import Explanation, Klasifikasi, Urgency
from normalizer.lexicon import Phrase

_EMERGENCY_CHANNEL = "call112"
_CALM: frozenset[Klasifikasi] = frozenset({"aspirasi", "permintaan_informasi", "bukan_aduan"})


def rate(
    hits: Sequence[Phrase], klasifikasi: Klasifikasi, channel: str
) -> tuple[Urgency, Explanation]:
    """Return the urgency and the words that decided; questions and wishes are never an alarm."""
    urgency, rule, words = _rate(hits, klasifikasi, channel)
    return urgency, Explanation(field="urgency", value=urgency, rule=rule, words=words)


_Verdict = tuple[Urgency, str, tuple[str, ...]]


def _rate(hits: Sequence[Phrase], klasifikasi: Klasifikasi, channel: str) -> _Verdict:
    calling = channel == _EMERGENCY_CHANNEL
    words = {
        label: tuple(phrase.text for phrase in hits if phrase.label == label)[:6]
        for label in ("emergency", "high", "danger", "low")
    }
    if klasifikasi in _CALM and not (calling and words["emergency"]):
        return "low", f"klasifikasi {klasifikasi}", ()
    if words["emergency"]:
        return "emergency", "kata darurat", words["emergency"]
    if words["high"]:
        return "high", "kata bahaya", words["high"]
    if calling and words["danger"]:
        return "high", "tanda bahaya lewat 112", words["danger"]
    if words["low"]:
        return "low", "kata tidak mendesak", words["low"]
    return "normal", "tidak ada kata bahaya", ()
