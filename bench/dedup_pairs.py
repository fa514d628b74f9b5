"""The labelled pairs of real reports: ours against exact text, MinHash LSH and TF-IDF cosine.

`joined` and `suggested` count as found. Pairs share reports, so the cross-validated weights are
fitted on other reports than those they are tried on.
"""

import csv
import math
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]

from core.schema import Complaint, Message
from dedup import Policy, fingerprint
from dedup.compare import Evidence, compare
from dedup.verdict import FITTED, features, judge, score
from normalizer import Envelope, Rules, normalize

_AT = datetime(2017, 12, 1, 3, 0, tzinfo=UTC)
_SALUTATION = re.compile(r"^\s*(?:kepada\s+)?(?:yth|yang terhormat)\b[^\n,:;]{0,120}[\n,:;]", re.I)
_CLOSING = re.compile(r"mohon (?:ditindaklanjuti|informasinya|dipertimbangkan)[^\n]*\Z", re.I)
_FOLDS, _ROUNDS, _STEPS, _RATE, _RIDGE = 10, 5, 3000, 0.05, 30.0
_POSITIVE = frozenset({"matter", "least", "street", "names", "rare", "copied"})


@dataclass(frozen=True, slots=True)
class Pair:
    """A labelled pair and what speaks for and against it."""

    one: str
    other: str
    label: str  # DUP, REL (related: debatable), NOT
    template: bool
    evidence: Evidence


def measure(data: Path, config: Path) -> None:
    """Print every figure on the pairs of a folder."""
    policy = Policy.load(config)
    reports = {row["nid"]: row for row in _rows(data / "lapor2017.csv")}
    complaints = _understood(reports, config)
    pairs = []
    for row in _rows(data / "dev_pairs.csv"):
        one, other = row["nid_a"], row["nid_b"]
        read = [fingerprint.read(complaints[nid], n, policy) for n, nid in enumerate((one, other))]
        template = row["stratum"] == "template_hard_neg"
        evidence = compare(read[1], read[0], policy)
        pairs.append(Pair(one, other, row["label"], template, evidence))
    _outcomes(pairs, policy)
    texts = {nid: _plain(row) for nid, row in reports.items()}
    cosine, same = _cosine(texts), _jaccard(texts)
    _curve("skor kita", pairs, [score(p.evidence, policy) for p in pairs])
    _curve("skor kita, bobot silang", pairs, _crossed(pairs))
    _curve("kosinus TF-IDF huruf 3-5", pairs, [cosine(p.one, p.other) for p in pairs])
    _curve("MinHash LSH (Jaccard 3 kata)", pairs, [same(p.one, p.other) for p in pairs])
    exact = [float(texts[p.one] == texts[p.other]) for p in pairs]
    _curve("teks persis sama", pairs, exact)
    _found_by_lsh(pairs, texts)
    weights = _fit(_matrix(pairs), _target(pairs), _trust(pairs))
    print(
        "bobot seluruh pasangan:",
        dict(zip(("base", *FITTED), weights.round(2).tolist(), strict=True)),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(sys.maxsize)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _understood(reports: dict[str, dict[str, str]], config: Path) -> dict[str, Complaint]:
    """Read the reports by the shipped rules; the office is Kota Semarang, of many of them."""
    with tempfile.TemporaryDirectory() as folder:
        for file in [*config.glob("*.*"), *config.glob("tenants/kab-blitar/*.toml")]:
            target = Path(folder) / str(file.relative_to(config)).replace("kab-blitar", "kota")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
        rules = Rules.load(Path(folder), "kota", "33.74")
    envelope = Envelope("kota", "sp4n", "", _AT)
    return {
        nid: normalize(
            Message(external_id=nid, title=row["judul"], text=row["isi"], occurred_at=_AT),
            envelope, rules, b"bench",
        )
        for nid, row in reports.items()
    }  # fmt: skip


def _outcomes(pairs: Sequence[Pair], policy: Policy) -> None:
    counts = Counter((p.label, judge(p.evidence, policy).outcome) for p in pairs)
    for label in ("DUP", "REL", "NOT"):
        told = {o: counts[label, o] for o in ("joined", "suggested", "opened")}
        print(f"{label}: {told}")
    joined = {label: counts[label, "joined"] for label in ("DUP", "REL", "NOT")}
    found = sum(counts["DUP", o] for o in ("joined", "suggested"))
    wrong = sum(counts["NOT", o] for o in ("joined", "suggested"))
    total = sum(p.label == "DUP" for p in pairs)
    print(
        f"precision joined {joined['DUP'] / max(1, sum(joined.values())):.3f} (REL salah), "
        f"F1 joined+suggested {2 * found / (found + wrong + total):.3f} (DUP lawan NOT)"
    )


def _curve(name: str, pairs: Sequence[Pair], values: Sequence[float]) -> None:
    """Print average precision and the best F1 of any threshold, DUP against NOT."""
    told = []
    for templates in (True, False):
        rows = [
            (value, p.label == "DUP")
            for p, value in zip(pairs, values, strict=True)
            if p.label != "REL" and (templates or not p.template)
        ]
        told.append(f"AP {_average_precision(rows):.3f} F1 {_best_f1(rows):.3f}")
    print(f"{name:30s} {told[0]} | tanpa pasangan templat {told[1]}")


def _average_precision(rows: Sequence[tuple[float, bool]]) -> float:
    """Take ties together, so that the order of the file decides nothing."""
    total = sum(right for _, right in rows)
    seen = hit = 0
    value = 0.0
    for level in sorted({v for v, _ in rows}, reverse=True):
        tied = [right for v, right in rows if v == level]
        seen, hit = seen + len(tied), hit + sum(tied)
        value += sum(tied) / total * hit / seen
    return value


def _best_f1(rows: Sequence[tuple[float, bool]]) -> float:
    total = sum(right for _, right in rows)
    best = 0.0
    for level in {v for v, _ in rows if v > 0}:
        taken = [right for v, right in rows if v >= level]
        best = max(best, 2 * sum(taken) / (len(taken) + total))
    return best


_Matrix = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def _matrix(pairs: Sequence[Pair]) -> _Matrix:
    return np.array([[float(v) for v in features(p.evidence)] for p in pairs])


def _target(pairs: Sequence[Pair]) -> _Matrix:
    return np.array([1.0 if p.label == "DUP" else -1.0 for p in pairs])


def _trust(pairs: Sequence[Pair]) -> _Matrix:
    return np.array([0.4 if p.label == "REL" else 1.0 for p in pairs])


def _fit(rows: _Matrix, target: _Matrix, trust: _Matrix) -> _Matrix:
    """Fit a logistic regression with a ridge; no weight may have the sign that makes no sense."""
    spread = rows.std(axis=0) + 1e-9
    scaled = np.hstack([np.ones((len(rows), 1)), rows / spread])
    sign = np.array([0, *(1 if name in _POSITIVE else -1 for name in FITTED)])
    ridge = np.array([0.0, *([_RIDGE] * len(FITTED))])
    weights = np.zeros(scaled.shape[1])
    for _ in range(_STEPS):
        margin = target * (scaled @ weights)
        slope = -(trust * target / (1 + np.exp(margin))) @ scaled + ridge * weights
        weights -= _RATE / len(rows) * slope
        weights = np.where(sign * weights < 0, 0.0, weights)
    scaled_back: _Matrix = weights / np.array([1.0, *spread])
    return scaled_back


def _crossed(pairs: Sequence[Pair]) -> list[float]:
    """Score each pair by weights fitted without any report that is linked to it."""
    rows, target, trust, groups = _matrix(pairs), _target(pairs), _trust(pairs), _groups(pairs)
    total = np.zeros(len(pairs))
    for turn in range(_ROUNDS):
        fold = np.random.default_rng(turn).integers(0, _FOLDS, groups.max() + 1)[groups]
        for held in range(_FOLDS):
            out = fold == held
            if out.any():
                weights = _fit(rows[~out], target[~out], trust[~out])
                total[out] += weights[0] + rows[out] @ weights[1:]
    return [float(v) for v in 1 / (1 + np.exp(-total / _ROUNDS))]


def _groups(pairs: Sequence[Pair]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Number the clusters of reports that pairs link to each other."""
    head: dict[str, str] = {}

    def find(nid: str) -> str:
        while head.setdefault(nid, nid) != nid:
            nid = head[nid]
        return nid

    for p in pairs:
        head[find(p.one)] = find(p.other)
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(find(p.one), len(numbers)) for p in pairs])


def _plain(row: dict[str, str]) -> str:
    body = _CLOSING.sub("", _SALUTATION.sub("", row["isi"], count=1))
    return " ".join(re.findall(r"\w+", f"{row['judul']} {body}".lower()))


def _cosine(texts: dict[str, str]) -> Callable[[str, str], float]:
    """TF-IDF over letters 3-5 within words, sublinear, seen in two reports or more."""
    counts = {nid: Counter(_letters(text)) for nid, text in texts.items()}
    seen = Counter(gram for found in counts.values() for gram in found)
    vectors = {}
    for nid, found in counts.items():
        vector = {
            g: (1 + math.log(n)) * (math.log((1 + len(texts)) / (1 + seen[g])) + 1)
            for g, n in found.items()
            if seen[g] > 1
        }
        length = math.sqrt(sum(v * v for v in vector.values())) or 1.0
        vectors[nid] = {g: v / length for g, v in vector.items()}
    return lambda a, b: sum(v * vectors[b].get(g, 0.0) for g, v in vectors[a].items())


def _letters(text: str) -> list[str]:
    words = [f" {word} " for word in text.split()]
    return [w[i : i + n] for w in words for n in (3, 4, 5) for i in range(max(1, len(w) - n + 1))]


def _jaccard(texts: dict[str, str]) -> Callable[[str, str], float]:
    hashes = {nid: _minhash(text) for nid, text in texts.items()}
    return lambda a, b: float(hashes[a].jaccard(hashes[b]))


def _minhash(text: str) -> MinHash:
    words = text.split()
    made = MinHash(num_perm=128)
    for at in range(max(1, len(words) - 2)):
        made.update(" ".join(words[at : at + 3]).encode())
    return made


def _found_by_lsh(pairs: Sequence[Pair], texts: dict[str, str]) -> None:
    """Print how many of the real pairs MinHash LSH would propose at all."""
    index = MinHashLSH(threshold=0.3, num_perm=128)
    hashes = {nid: _minhash(texts[nid]) for p in pairs for nid in (p.one, p.other)}
    for nid, made in hashes.items():
        index.insert(nid, made)
    same = [p for p in pairs if p.label == "DUP"]
    found = sum(p.other in index.query(hashes[p.one]) for p in same)
    print(f"MinHash LSH (ambang 0,3) mengusulkan {found} dari {len(same)} pasangan yang sama")
