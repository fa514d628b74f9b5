"""Says in an Indonesian sentence why a complaint belongs where it was put.

A reason quotes only words of the list `topic` of config/dedup.toml and names of streets, so that
no citizen's own words travel with it; the confidential take no part in any comparison.
"""

from collections.abc import Sequence

from core.schema import Complaint
from dedup.compare import Evidence, Place, Verdict
from dedup.fingerprint import Fingerprint
from dedup.policy import Policy

HIDDEN = "laporan rahasia tidak dibandingkan dengan laporan lain"
UNREAD = "pesan belum terbaca: berdiri sendiri"
NO_COMPLAINT = "bukan aduan: berdiri sendiri"
ALONE = "tidak ada laporan serupa dalam jangka waktu yang ditetapkan"
EDITED = "versi lain dari laporan yang sama"
REDELIVERED = "laporan dan versi yang sama sudah masuk"

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_QUOTED = 3


def not_compared(complaint: Complaint) -> str:
    """Say why a complaint stands alone without having been compared."""
    if complaint.stub:
        return UNREAD
    if complaint.klasifikasi == "bukan_aduan":
        return NO_COMPLAINT
    return HIDDEN


def reread(rules_version: str) -> str:
    """Say that other rules understood the same version anew."""
    return f"versi yang sama, dipahami ulang dengan aturan {rules_version or 'lain'}"


def similar(
    own: Fingerprint, other: Fingerprint, e: Evidence, complaint: Complaint, policy: Policy
) -> str:
    """List what two complaints have in common."""
    quoted = _quote(own.words.ordered, other.words.telling & policy.words.topic)
    total = max(len(own.words.telling), len(other.words.telling))
    parts = [f'kata sama "{quoted}"' if quoted else f"{e.shared} dari {total} kata sama"]
    if e.street:
        parts.append(f"jalan {e.street.title()}")
    parts += _where(complaint, e.place)
    parts.append(f"selisih {_span(e.seconds)}")
    if e.same_sender:
        parts.append("pelapor sama")
    if e.same_card:
        parts.append("nomor kartu sama")
    return "; ".join(parts)


def suggestion(common: str, why_not: str) -> str:
    """Say what might be one case, and what an operator has to look at."""
    return f"mungkin kasus yang sama: {common}; {why_not}"


def apart(verdict: Verdict) -> str:
    """Say why a complaint stands alone although another one reads alike."""
    return f"ada laporan serupa, tetapi {verdict.why_not}: kasus sendiri"


def _where(complaint: Complaint, place: Place) -> list[str]:
    w = complaint.wilayah
    if place >= Place.DESA and w.kelurahan_desa:
        kind = "Kelurahan" if w.kode.rpartition(".")[2].startswith("1") else "Desa"
        return [f"{kind} {w.kelurahan_desa}"]
    return [f"Kecamatan {w.kecamatan}"] if place >= Place.KECAMATAN and w.kecamatan else []


def _quote(ordered: Sequence[str], shared: frozenset[str]) -> str:
    """Return the longest run of shared topic words, the first of the longest, or ""."""
    best: list[str] = []
    run: list[str] = []
    for word in ordered:
        run = [*run, word] if word in shared and word not in run else []
        if len(run) > len(best):
            best = run
    return " ".join(best[:_QUOTED])


def _span(seconds: float) -> str:
    for size, unit in ((_DAY, "hari"), (_HOUR, "jam"), (_MINUTE, "menit")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return "kurang dari 1 menit"
