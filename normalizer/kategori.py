"""Chooses a complaint's kategori by the weighted words of config/categories.toml."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.schema import Explanation
from normalizer.lexicon import Phrase

LAINNYA = "lainnya"
# A second kategori is named when it reaches this share of the first, and more than a weak word.
_CLOSE = 0.45
_ENOUGH = 2.0
# What each further word adds, and what standing in the title adds.
_LESS = 0.75
_TITLE = 0.7


@dataclass(frozen=True, slots=True)
class Kategori:
    """One code of the list: its name, and the OPD that usually answers it."""

    kode: str
    nama: str
    opd: str


def categorise(
    hits: Sequence[Phrase], titled: Sequence[Phrase], order: Mapping[str, Kategori]
) -> tuple[str, tuple[str, ...], Explanation]:
    """Return the kategori, the close seconds, and the words that decided."""
    words: dict[str, list[Phrase]] = defaultdict(list)
    for phrase in hits:
        words[phrase.label].append(phrase)
    for row in words.values():
        row.sort(key=lambda phrase: -phrase.weight)
    in_title = frozenset(titled)
    scores = {kode: _score(words[kode], in_title) for kode in order if kode in words}
    ranked = sorted(scores, key=lambda kode: -scores[kode])  # stable: a tie follows the file
    if not ranked or scores[ranked[0]] <= 0:
        return LAINNYA, (), _explain(LAINNYA, "tidak ada kata yang dikenal", ())
    best = ranked[0]
    enough = max(_ENOUGH, scores[best] * _CLOSE)
    close = tuple(kode for kode in ranked[1:3] if scores[kode] >= enough)
    return best, close, _explain(best, f"bobot {scores[best]:.1f}", words[best])


def _score(phrases: Sequence[Phrase], in_title: frozenset[Phrase]) -> float:
    """Add weights, each further one for less: ten words for one thing are not ten things."""
    score, share, titled = 0.0, 1.0, 0.0
    for phrase in phrases:
        score += phrase.weight * (share if phrase.weight > 0 else 1.0)
        share *= _LESS
        if phrase in in_title:
            titled = max(titled, phrase.weight)
    return score + titled * _TITLE


def _explain(kode: str, rule: str, phrases: Sequence[Phrase]) -> Explanation:
    words = tuple(phrase.text for phrase in phrases[:6])
    return Explanation(field="kategori", value=kode, rule=rule, words=words)
