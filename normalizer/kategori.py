"""Chooses a complaint's kategori by the weighted words of config/categories.toml."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.schema import Explanation
from normalizer.lexicon import Phrase

LAINNYA = "lainnya"
# A second kategori is named when it reaches this share of the first, and more than a weak word.
_CLOSE = 0.6
_ENOUGH = 2.0


@dataclass(frozen=True, slots=True)
class Kategori:
    """One code of the list: its name, and the OPD that usually answers it."""

    kode: str
    nama: str
    opd: str


def categorise(
    hits: Sequence[Phrase], order: Mapping[str, Kategori]
) -> tuple[str, tuple[str, ...], Explanation]:
    """Return the kategori, the close seconds, and the words that decided."""
    words: dict[str, list[Phrase]] = defaultdict(list)
    for phrase in hits:
        words[phrase.label].append(phrase)
    scores = {kode: sum(p.weight for p in words[kode]) for kode in order if kode in words}
    ranked = sorted(scores, key=lambda kode: -scores[kode])  # stable: a tie follows the file
    if not ranked:
        return LAINNYA, (), _explain(LAINNYA, "tidak ada kata yang dikenal", ())
    best = ranked[0]
    enough = max(_ENOUGH, scores[best] * _CLOSE)
    close = tuple(kode for kode in ranked[1:3] if scores[kode] >= enough)
    told_by = sorted(words[best], key=lambda phrase: -phrase.weight)
    return best, close, _explain(best, f"bobot {scores[best]:g}", told_by)


def _explain(kode: str, rule: str, phrases: Sequence[Phrase]) -> Explanation:
    words = tuple(phrase.text for phrase in phrases[:6])
    return Explanation(field="kategori", value=kode, rule=rule, words=words)
