"""Counts in how many public reports each word occurs: writes config/bobot_kata.csv.

    .venv/bin/python bench/dedup_words.py REPORTS.csv

Only words of at least five reports are kept, so that no person's name is, and only their weight.
"""

import csv
import gzip
import math
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path

from dedup.stems import stem

CONFIG = Path(__file__).parents[1] / "config"
_SALUTATION = re.compile(r"^\s*(?:kepada\s+)?(?:yth|yang terhormat)\b[^\n,:;]{0,120}[\n,:;]", re.I)
_CLOSING = re.compile(r"mohon (?:ditindaklanjuti|informasinya|dipertimbangkan)[^\n]*\Z", re.I)
_WORD = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LEAST = 5
_CAPITAL, _CUED, _SELDOM = 0.75, 0.1, 40
_WIDE = {"provinsi", "kabkota"}


def main(path: Path) -> None:
    """Read the reports and write the weights."""
    csv.field_size_limit(sys.maxsize)
    counts: Counter[str] = Counter()
    written: Counter[tuple[str, str]] = Counter()
    rules = tomllib.loads((CONFIG / "dedup.toml").read_text("utf-8"))
    cues = {w for key in ("street", "landmark", "area") for w in rules["places"][key]} | {"raya"}
    common = {stem(w) for w in (*rules["words"]["topic"], *rules["words"]["common"], *cues)}
    formal = _formal()
    total = 0
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            text = _CLOSING.sub("", _SALUTATION.sub("", row["isi"], count=1))
            as_sent = _WORD.findall(_CAMEL.sub(" ", f"{row['judul']}\n{text}"))
            words = [word.lower() for word in as_sent]
            for before, word in zip(["", *words], as_sent, strict=False):
                if not word.isupper():
                    root = stem(word.lower())
                    written[root, "nama"] += word.istitle()
                    written[root, "tempat"] += before in cues
                    written[root, ""] += 1
            counts.update({stem(part) for word in words for part in formal.get(word, (word,))})
            total += 1
    wide = _wide()
    names = {w for w in counts if w not in common and _is_name(w, written)} - wide
    with (CONFIG / "bobot_kata.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("kata", "jenis", "bobot"))
        for word in sorted({w for w, n in counts.items() if n >= _LEAST} - names | wide):
            kind = "wilayah" if word in wide else ""
            weight = math.log((total + 1) / (counts[word] + 1))
            out.writerow((word, kind, f"{weight:.2f}"))


def _formal() -> dict[str, tuple[str, ...]]:
    formal: dict[str, tuple[str, ...]] = {}
    for name in ("slang.csv", "javanese.csv"):
        with (CONFIG / name).open(newline="", encoding="utf-8") as file:
            rows = [r for r in csv.reader(file) if len(r) >= 2]
        formal |= {r[0]: tuple(r[1].split()) for r in rows[1:]}
    return formal


def _wide() -> set[str]:
    """Return the one-word names of provinces and regencies: they tell two matters apart seldom."""
    with gzip.open(CONFIG / "wilayah.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["level"] in _WIDE]
    names = (r["nama"].lower().removeprefix("kabupaten ").removeprefix("kota ") for r in rows)
    return {stem(name) for name in names if name.isalpha()}


def _is_name(word: str, written: Counter[tuple[str, str]]) -> bool:
    """Tell whether a word has a capital and is seldom, or often follows "jalan" or "desa"."""
    total = written[word, ""]
    if written[word, "nama"] <= _CAPITAL * total:
        return False
    return total <= _SELDOM or written[word, "tempat"] > _CUED * total


if __name__ == "__main__":
    main(Path(sys.argv[1]))
