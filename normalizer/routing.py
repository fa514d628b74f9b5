"""Suggests the OPD for a complaint by the office's own routing.toml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.schema import Explanation, Klasifikasi, Urgency, Wilayah
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
    wilayah: Wilayah
    home: str


def outside(case: Case, hits: Sequence[Phrase], routing: Routing) -> Explanation | None:
    """Name the office that a complaint belongs to when it is not this one's; no wrong door."""
    if case.klasifikasi == "bukan_aduan":
        return None
    kode = case.wilayah.kode
    if kode and not f"{kode}.".startswith(f"{case.home}."):
        office = _own_words(kode, routing) or f"Pemerintah {case.wilayah.kabupaten_kota}"
        words = (case.wilayah.evidence,)
        return Explanation(
            field="bukan_wewenang", value=office, rule=f"wilayah {kode}", words=words
        )
    for phrase in hits:
        kategori, _, office = phrase.label.partition("/")
        if kategori == case.kategori:
            rule = f"kategori {kategori}, urusan instansi lain"
            return Explanation(
                field="bukan_wewenang", value=office, rule=rule, words=(phrase.text,)
            )
    return None


def _own_words(kode: str, routing: Routing) -> str:
    """Return what the office itself calls another area's office, or ""."""
    return next((opd for area, opd in routing.wilayah.items() if _within(kode, area)), "")


def _within(kode: str, area: str) -> bool:
    return kode == area or kode.startswith(f"{area}.")


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
    if area := _by_area(case, routing):
        return area
    if case.urgency in ("high", "emergency") and case.kategori in routing.darurat:
        return routing.darurat[case.kategori], f"kategori {case.kategori}, mendesak", ()
    for phrase in hits:
        kategori, _, opd = phrase.label.partition("/")
        if kategori == case.kategori:
            return opd, f"kategori {kategori}, kata", (phrase.text,)
    return routing.kategori.get(case.kategori, ""), f"kategori {case.kategori}", ()


def _by_area(case: Case, routing: Routing) -> tuple[str, str, tuple[str, ...]] | None:
    kode = case.wilayah.kode
    for area, opd in routing.wilayah.items():
        if _within(kode, area):
            return opd, f"wilayah {area}", ()
    if kode and case.wilayah.kabupaten_kota and not _within(kode, case.home):
        return f"Pemerintah {case.wilayah.kabupaten_kota}", f"wilayah {kode} di luar kantor", ()
    return None
