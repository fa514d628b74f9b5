"""Suggests the OPD for a complaint by the office's own routing.toml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.schema import Explanation, Klasifikasi, Urgency
from normalizer.lexicon import Phrase


@dataclass(frozen=True, slots=True)
class Routing:
    """Who answers what: the OPD's short name by kategori, and what stands above it."""

    kategori: Mapping[str, str]
    darurat: Mapping[str, str]
    wilayah: Mapping[str, str]
    klasifikasi: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """What routing looks at."""

    klasifikasi: Klasifikasi
    kategori: str
    urgency: Urgency
    wilayah: str


def suggest(case: Case, hits: Sequence[Phrase], routing: Routing) -> tuple[str, Explanation]:
    """Return the OPD's short name ("" when no answer is due) and the rule that chose it."""
    opd, rule, words = _suggest(case, hits, routing)
    return opd, Explanation(field="opd_suggested", value=opd, rule=rule, words=words)


def _suggest(
    case: Case, hits: Sequence[Phrase], routing: Routing
) -> tuple[str, str, tuple[str, ...]]:
    if case.klasifikasi == "bukan_aduan":
        return "", "bukan aduan", ()
    if case.klasifikasi in routing.klasifikasi:
        return routing.klasifikasi[case.klasifikasi], f"klasifikasi {case.klasifikasi}", ()
    for kode, opd in routing.wilayah.items():
        if case.wilayah == kode or case.wilayah.startswith(f"{kode}."):
            return opd, f"wilayah {kode}", ()
    if case.urgency in ("high", "emergency") and case.kategori in routing.darurat:
        return routing.darurat[case.kategori], f"kategori {case.kategori}, mendesak", ()
    for phrase in hits:
        kategori, _, opd = phrase.label.partition("/")
        if kategori == case.kategori:
            return opd, f"kategori {kategori}, kata", (phrase.text,)
    return routing.kategori.get(case.kategori, ""), f"kategori {case.kategori}", ()
