"""Says in an Indonesian sentence why a complaint belongs where it was put.

A reason quotes only words of the list `topic` of config/dedup.toml and names of streets, so that
no citizen's own words travel with it; the confidential take no part in any comparison.
"""

from collections.abc import Sequence

from core.schema import Complaint
from dedup.compare import Evidence
from dedup.fingerprint import Fingerprint
from dedup.policy import Policy
from dedup.verdict import Verdict

HIDDEN = "laporan rahasia tidak dibandingkan dengan laporan lain"
UNREAD = "pesan belum terbaca: berdiri sendiri"
NO_COMPLAINT = "bukan aduan: berdiri sendiri"
ALONE = "tidak ada laporan serupa dalam jangka waktu yang ditetapkan"
EDITED = "versi lain dari laporan yang sama"
CONTINUED = "lanjutan pesan pelapor yang sama"
HANDED_OVER = "laporan yang kami teruskan ke SP4N-LAPOR! dengan nomor ini"
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
    own: Fingerprint, other: Fingerprint, e: Evidence, complaint: Complaint, channels: int,
    policy: Policy,
) -> str:  # fmt: skip
    """List what two complaints have in common."""
    parts = [_words(own, other, policy) or f"{e.shared} kata sama"]
    if e.street:
        parts.append(f"jalan {e.street.title()}")
    parts += _where(complaint, e, own, other)
    if e.near_pins:
        parts.append("titik peta berdekatan")
    parts.append(f"selisih {_span(e.seconds)}")
    parts += [words for known, words in (
        (e.same_sender, "pelapor sama"), (e.same_card, "nomor kartu sama"),
        (e.same_media, "foto sama"), (e.same_link, "kiriman yang sama"),
        (channels > 1, f"{channels} kanal"),
    ) if known]  # fmt: skip
    return "; ".join(parts)


def _words(own: Fingerprint, other: Fingerprint, policy: Policy) -> str:
    """Quote the longest run of shared topic words."""
    look_up, there = policy.vocabulary.word, other.words.telling
    topic = policy.words.topic
    shared = frozenset(w for w in own.words.ordered if w in topic and look_up(w).stem in there)
    quoted = _quote(own.words.ordered, shared)
    return f'kata sama "{quoted}"' if quoted else ""


def suggestion(common: str, why_not: str) -> str:
    """Say what might be one case, and what an operator has to look at."""
    return f"mungkin kasus yang sama: {common}; {why_not}"


def apart(verdict: Verdict) -> str:
    """Say why a complaint stands alone although another one reads alike."""
    return f"ada laporan serupa, tetapi {verdict.why_not}: kasus sendiri"


def _where(complaint: Complaint, e: Evidence, own: Fingerprint, other: Fingerprint) -> list[str]:
    w = complaint.wilayah
    if e.same_desa and w.kelurahan_desa:
        kind = "Kelurahan" if w.kode.rpartition(".")[2].startswith("1") else "Desa"
        return [f"{kind} {w.kelurahan_desa}"]
    if own.kecamatan and own.kecamatan == other.kecamatan and w.kecamatan:
        return [f"Kecamatan {w.kecamatan}"]
    return []


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
