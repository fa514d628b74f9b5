"""Rates how urgent a complaint is by the danger words of config/urgency.toml."""

from collections.abc import Sequence

from core.schema import Explanation, Klasifikasi, Urgency
from normalizer.lexicon import Phrase

_EMERGENCY_CHANNEL = "call112"
_CALM: frozenset[Klasifikasi] = frozenset({"aspirasi", "permintaan_informasi", "bukan_aduan"})


def rate(
    hits: Sequence[Phrase], klasifikasi: Klasifikasi, channel: str, words: Sequence[str] = ()
) -> tuple[Urgency, Explanation]:
    """Return the urgency and the words that decided; questions and wishes are never an alarm."""
    urgency, rule, told_by = _rate(hits, klasifikasi, channel)
    if urgency == "normal" and (many := _many_in_danger(hits, words)):
        urgency, rule, told_by = "high", "tanda bahaya bagi anak atau banyak orang", many
    return urgency, Explanation(field="urgency", value=urgency, rule=rule, words=told_by)


_MANY = 10
_PEOPLE = frozenset(
    {"orang", "warga", "kk", "keluarga", "rumah", "siswa", "murid", "korban", "jiwa"}
)
_CHILDREN = frozenset({"anak", "bayi", "balita", "siswa", "murid", "pelajar"})
# Signs that say too little about a child or a crowd.
_MILD = frozenset({"segera", "cepat", "tolong segera", "licin", "rawan", "sakit", "asap", "bahaya"})


def _many_in_danger(hits: Sequence[Phrase], words: Sequence[str]) -> tuple[str, ...]:
    """Return the sign of danger and who it threatens, when that is a child or many people."""
    signs = [p.text for p in hits if p.label == "danger" and p.text not in _MILD]
    if not signs:
        return ()
    for at, word in enumerate(words):
        if word in _CHILDREN:
            return signs[0], word
        following = words[at + 1] if at + 1 < len(words) else ""
        if word.isdigit() and len(word) <= 5 and int(word) >= _MANY and following in _PEOPLE:
            return signs[0], f"{word} {following}"
    return ()


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
