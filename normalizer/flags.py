"""Sets anonim, rahasia and berkadar_pengawasan, by the sender's own flags and by words."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.schema import Explanation, Klasifikasi, Message
from normalizer.lexicon import Hits, Phrase


@dataclass(frozen=True, slots=True)
class Flags:
    """What is hidden of a complaint, and whether it concerns an official's conduct."""

    anonim: bool
    rahasia: bool
    berkadar_pengawasan: bool | None
    explain: tuple[Explanation, ...]


def flag(message: Message, hits: Hits, klasifikasi: Klasifikasi) -> Flags:
    """Return the flags; whistleblowing is both anonim and rahasia."""
    why = [
        *_why("anonim", message.anonim, hits.get("anonim", ()), klasifikasi),
        *_why("rahasia", message.rahasia, hits.get("rahasia", ()), klasifikasi),
    ]
    berkadar, explanation = _berkadar(hits.get("berkadar", ()), klasifikasi)
    fields = {explained.field for explained in why}
    return Flags("anonim" in fields, "rahasia" in fields, berkadar, (*why, explanation))


def _why(
    field: str, told: bool, hits: Sequence[Phrase], klasifikasi: Klasifikasi
) -> list[Explanation]:
    if told:
        return [Explanation(field=field, value="true", rule="diminta pelapor lewat kanalnya")]
    if klasifikasi == "whistleblowing":
        return [Explanation(field=field, value="true", rule="klasifikasi whistleblowing")]
    if hits:
        rule = ", ".join(sorted({phrase.label for phrase in hits}))
        words = tuple(phrase.text for phrase in hits[:6])
        return [Explanation(field=field, value="true", rule=f"kata: {rule}", words=words)]
    return []


def _berkadar(hits: Sequence[Phrase], klasifikasi: Klasifikasi) -> tuple[bool | None, Explanation]:
    sure = tuple(phrase.text for phrase in hits if phrase.label == "ya")
    unsure = tuple(phrase.text for phrase in hits if phrase.label == "ragu")
    verdict: bool | None
    if klasifikasi == "whistleblowing":
        verdict, rule, words = True, "klasifikasi whistleblowing", sure
    elif klasifikasi != "pengaduan":
        verdict, rule, words = False, f"klasifikasi {klasifikasi}", ()
    elif sure:
        verdict, rule, words = True, "kata penyimpangan", sure
    elif unsure:
        verdict, rule, words = None, "kata yang meragukan", unsure
    else:
        verdict, rule, words = False, "tidak ada kata penyimpangan", ()
    value = "unknown" if verdict is None else str(verdict).lower()
    return verdict, Explanation(
        field="berkadar_pengawasan", value=value, rule=rule, words=words[:6]
    )
