"""Tells Indonesian, Javanese or a mix by counting their function words."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.schema import Explanation


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """Words that only one of the two languages uses."""

    indonesian: frozenset[str]
    javanese: frozenset[str]


def detect(words: Sequence[str], lists: LanguageWords) -> Explanation:
    """Name the language of a text: id, jv, mixed or unknown."""
    javanese = [word for word in words if word in lists.javanese]
    indonesian = [word for word in words if word in lists.indonesian]
    language = _name(len(indonesian), len(javanese))
    told_by = javanese if language in ("jv", "mixed") else indonesian
    return Explanation(
        field="language",
        value=language,
        rule=f"kata tugas: {len(indonesian)} Indonesia, {len(javanese)} Jawa",
        words=tuple(dict.fromkeys(told_by))[:5],
    )


def _name(indonesian: int, javanese: int) -> str:
    if not indonesian and not javanese:
        return "unknown"
    if javanese * 4 <= indonesian:
        return "id"
    return "jv" if indonesian <= javanese else "mixed"
