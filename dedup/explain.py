"""Says in lines why two complaints are weighed as they are, for `kanal cases explain`."""

from collections.abc import Iterator

from core.schema import Complaint
from dedup import fingerprint, reasons
from dedup.compare import compare
from dedup.policy import Policy
from dedup.verdict import BY_HAND, FITTED, features, judge, surroundings

_TOLD = {
    "matter": "tempat dan masalah sejalan", "least": "tempat atau masalah yang paling lemah",
    "street": "jalan yang sama", "other_street": "nama jalan berbeda",
    "other_area": "nama desa, dusun atau perumahan berbeda", "own_affair": "urusan perorangan",
    "off_topic": "tempat sama, masalah lain", "names": "nama yang sama",
    "numbers": "nomor alamat berbeda", "swapped": "nama lain di tempat yang sama",
    "rare": "kata jarang yang sama", "copied": "teks tersalin", "desa": "desa yang sama",
    "spot": "patokan yang sama", "other_spot": "patokan berbeda", "near": "titik peta berdekatan",
    "sender": "pelapor yang sama", "link": "kiriman yang sama", "media": "foto yang sama",
    "card": "nomor kartu yang sama", "fresh": "waktunya berdekatan", "stale": "waktunya berjauhan",
}  # fmt: skip
_OUTCOMES = {
    "joined": "digabung sendiri", "suggested": "disarankan kepada operator",
    "opened": "tidak digabung",
}  # fmt: skip
_LEAST = 0.05


def explain_pair(one: Complaint, other: Complaint, policy: Policy) -> Iterator[str]:
    """Yield what speaks for and against two complaints being one case, and what follows.

    No citizen's word is quoted, and a confidential complaint is not compared at all.
    """
    for complaint in (one, other):
        if not fingerprint.comparable(complaint):
            yield reasons.not_compared(complaint)
            return
    first, second = (fingerprint.read(c, n, policy) for n, c in enumerate((one, other)))
    evidence = compare(second, first, policy)
    verdict = judge(evidence, policy, wide=first.kategori in policy.kategori.wide)
    told = _OUTCOMES[verdict.outcome]
    why = f" ({verdict.why_not})" if verdict.why_not else ""
    yield f"nilai {_number(verdict.score)}: {told}{why}; aturan dedup {policy.version}"
    limits = policy.score
    yield f"batas: gabung {_number(limits.joined)}, saran {_number(limits.suggested)}"
    _, fitted, by_hand = policy.vectors
    pairs = [
        (weight * value, name)
        for names, weights, values in (
            (FITTED, fitted, features(evidence)), (BY_HAND, by_hand, surroundings(evidence)),
        )
        for name, weight, value in zip(names, weights, values, strict=True)
    ]  # fmt: skip
    for share, name in sorted(pairs, key=lambda pair: -abs(pair[0])):
        if abs(share) >= _LEAST:
            yield f"  {'+' if share > 0 else '-'}{_number(abs(share))} {_TOLD[name]}"


def _number(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")
