"""Tells Indonesian, Javanese, Sundanese, Madurese and English by their words, else by a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from core.schema import Explanation

# The model is asked among these; Malay is Indonesian to it, and it knows no Madurese.
_ASKED = ("id", "ms", "jv", "en")
_ENOUGH = 2
_FEWEST_LETTERS = 12


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """Words that only one of the languages uses, by language."""

    words: Mapping[str, str]


def detect(words: Sequence[str], lists: LanguageWords) -> Explanation:
    """Name the language of a text: id, jv, su, mad, en, mixed or unknown."""
    told: dict[str, list[str]] = {}
    for word in words:
        if word in lists.words:
            told.setdefault(lists.words[word], []).append(word)
    counts = {name: len(found) for name, found in told.items()}
    language = _by_words(counts)
    rule = "kata tugas: " + (", ".join(f"{name} {n}" for name, n in counts.items()) or "tidak ada")
    if sum(counts.values()) < _ENOUGH and (asked := _by_model(words)):
        language, rule = asked, f"{rule}; model bahasa"
    seen = [word for name in _shown(language, counts) for word in told.get(name, ())]
    return Explanation(
        field="language", value=language, rule=rule, words=tuple(dict.fromkeys(seen))[:5]
    )


def _shown(language: str, counts: Mapping[str, int]) -> Sequence[str]:
    return [name for name in counts if name != "id"] if language == "mixed" else [language]


def _by_words(counts: Mapping[str, int]) -> str:
    """Let the most words decide; id and another near each other are mixed."""
    if not counts:
        return "unknown"
    indonesian = counts.get("id", 0)
    others = {name: n for name, n in counts.items() if name != "id"}
    best = max(others, key=lambda name: others[name], default="")
    if not best or others[best] * 4 <= indonesian:
        return "id"
    return best if indonesian <= others[best] else "mixed"


def _by_model(words: Sequence[str]) -> str:
    """Ask the model about a text that the lists say too little about."""
    letters = " ".join(word for word in words[:60] if word.isalpha())
    return _asked(letters) if len(letters) >= _FEWEST_LETTERS else ""


@lru_cache(maxsize=4096)
def _asked(letters: str) -> str:
    language, _ = _identifier().classify(letters)
    return "id" if language == "ms" else str(language)


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(_ASKED))
    return identifier
