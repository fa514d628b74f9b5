"""Scores the normalizer on labelled complaints that lie outside the repository.

    python -m bench.quality [--data ../shared/data] [--errors]

The baselines beside the figures are those of the issue: an SVM trained on another city's
complaints, and the exact match of place names.
"""

import argparse
import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bench.masking import hidden, leaks
from core.schema import Complaint, Message
from normalizer import Envelope, Rules, language, normalize, text

ROOT = Path(__file__).parents[1]
WHEN = datetime(2026, 11, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled complaint."""

    nid: str
    judul: str
    isi: str
    klasifikasi: str
    kategori: str
    also: str
    urgency: str
    kode: str


def read(data: Path) -> list[Row]:
    """Read the labels and the texts they belong to, without what the moderator added."""
    folder = data / "lapor2017_mit"
    texts = {row["nid"]: row for row in _csv(folder / "lapor2017.csv")}
    return [
        Row(
            row["nid"], texts[row["nid"]]["judul"], _bare(texts[row["nid"]]["isi"]),
            row["klasifikasi"], row["kategori"], row["kategori_alt"], row["urgency"],
            row["wilayah_kode"],
        )
        for row in _csv(folder / "dev_labels.csv")
    ]  # fmt: skip


def _csv(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _bare(text: str) -> str:
    """Drop the moderator's closing line, which gives the klasifikasi away."""
    head, _, last = text.rstrip().rpartition("\n")
    return head if last.strip().lower().startswith("mohon ") and head else text


def without_addressee(row: Row) -> Row:
    """Drop the moderator's first line, which names the office and so the topic."""
    first, _, rest = row.isi.partition("\n")
    return replace(row, isi=rest) if first.lower().startswith("yth") and rest.strip() else row


def understand(row: Row, rules: Rules) -> Complaint:
    """Normalize one row as a message of the desk."""
    message = Message(external_id=row.nid, title=row.judul, text=row.isi)
    return normalize(message, Envelope("t", "desk", "", WHEN), rules, b"bench")


def score_words(pairs: Sequence[tuple[Row, Complaint]]) -> Iterator[str]:
    """Yield lines for kategori, klasifikasi and urgency, and the pairs that are mixed up."""
    halves = {"semua": pairs, "paruh A": pairs[::2], "paruh B": pairs[1::2]}
    for name, part in halves.items():
        strict = sum(c.kategori == r.kategori for r, c in part)
        either = sum(c.kategori in (r.kategori, r.also) for r, c in part)
        seconds = sum(r.kategori in (c.kategori, *c.kategori_lain) for r, c in part)
        n = len(part)
        yield f"kategori {name:8} n={n:3} tepat {strict / n:.3f} (SVM .76) dengan kedua yang"
        yield f"    diterima {either / n:.3f} (SVM .83), di antara kategori+lain {seconds / n:.3f}"
    for field in ("klasifikasi", "urgency"):
        right = sum(getattr(c, field) == getattr(r, field) for r, c in pairs)
        most = Counter(getattr(r, field) for r, _ in pairs).most_common(1)[0][1]
        n = len(pairs)
        yield f"{field:11} n={n} tepat {right / n:.3f} (selalu yang terbanyak {most / n:.3f})"
    mixed = Counter((r.kategori, c.kategori) for r, c in pairs if r.kategori != c.kategori)
    for (told, got), count in mixed.most_common(12):
        yield f"  {told} dibaca {got}: {count}"


@dataclass(slots=True)
class Places:
    """Hits, misses and false hits at one level."""

    right: int = 0
    told: int = 0
    said: int = 0

    @property
    def line(self) -> str:
        """Precision and recall with their counts."""
        precision, recall = self.right / max(1, self.said), self.right / max(1, self.told)
        return (
            f"ketepatan {precision:.3f} ({self.right}/{self.said}), "
            f"ditemukan {recall:.3f} ({self.right}/{self.told})"
        )


LEVELS = {"kecamatan": 8, "desa": 13}


def at_level(kode: str, size: int) -> str:
    """Return a code cut at a level, or "" if it does not go that deep."""
    cut = kode[:size]
    return cut if len(cut) == size else ""


def score_places(rows: Sequence[Row], errors: bool) -> Iterator[str]:
    """Score each complaint as its own regency's, and all of them as Kota Semarang's."""
    by_home: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if len(row.kode) >= len("33.74"):
            by_home[row.kode[:5]].append(row)
    found = [
        (row, understand(row, rules).wilayah, exact(row, rules))
        for home, own in by_home.items()
        for rules in [Rules.load(ROOT / "config", "bench", home)]
        for row in own
    ]
    for level, size in LEVELS.items():
        score, plain = Places(), Places()
        for row, got, named in found:
            plain.told += bool(at_level(row.kode, size))
            plain.said += bool(named[level])
            plain.right += at_level(row.kode, size) in named[level]
            told, said = at_level(row.kode, size), at_level(got.kode, size)
            score.told += bool(told)
            score.said += bool(said)
            score.right += bool(told) and told == said
            if errors and told != said:
                yield f"  {level} {row.nid} {told or '-'} dibaca {said or '-'}: {got.evidence}"
        yield f"tempat {level:9} {score.line}"
        yield f"    nama persis saja: {plain.line}"
    yield from strangers_at_home(rows, errors)


def exact(row: Row, rules: Rules) -> dict[str, set[str]]:
    """Return every area of the regency whose name stands in the text: the baseline."""
    words = text.plain_words(f"{row.judul} {row.isi}")
    gazetteer = rules.gazetteer
    names = {" ".join(words[at : at + size]) for at in range(len(words)) for size in (1, 2, 3)}
    places = [p for name in names for p in gazetteer.by_name.get(name, ()) if gazetteer.at_home(p)]
    return {
        level: {p.kode[:size] for p in places if at_level(p.kode, size)}
        for level, size in LEVELS.items()
    }


def strangers_at_home(rows: Sequence[Row], errors: bool) -> Iterator[str]:
    """Count what is placed in Kota Semarang of complaints about anywhere else."""
    strangers = [row for row in rows if not row.kode.startswith("33.74")]
    rules = Rules.load(ROOT / "config", "bench", "33.74")
    found = [(row, understand(row, rules).wilayah) for row in strangers]
    inside = [(r, got) for r, got in found if got.kecamatan and got.kode.startswith("33.74")]
    yield f"tempat di Kota Semarang yang tidak ada: {len(inside)} dari {len(strangers)} aduan lain"
    if errors:
        yield from (f"  {row.nid} {row.kode}: {got.kode} {got.evidence}" for row, got in inside)


SPOKEN = {"indonesian": "id", "javanese": "jv", "sundanese": "su", "madurese": "mad"}


def score_language(data: Path, rules: Rules) -> Iterator[str]:
    """Score the language of reviews in four languages, which are no complaints."""
    for name, spoken in SPOKEN.items():
        rows = list(_csv(data / "nusax_ccbysa" / f"senti_{name}_valid.csv"))
        told = Counter(
            language.detect(text.plain_words(row["text"]), rules.language).value for row in rows
        )
        yield f"bahasa {spoken:3} n={len(rows)} tepat {told[spoken] / len(rows):.3f}"


def score_masking(count: int) -> Iterator[str]:
    """Score masking on generated texts: no licensed text holds real numbers."""
    for name, seen in (("bocor", leaks(count, 2)), ("disamarkan tanpa perlu", hidden(count, 2))):
        yield f"penyamaran, {name}: {seen.wrong} dari {seen.texts} teks buatan"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--errors", action="store_true", help="sebut tiap tempat yang keliru")
    given = parser.parse_args()
    rows = read(given.data)
    rules = Rules.load(ROOT / "config", "kab-blitar", "35.05")
    for line in score_words([(row, understand(without_addressee(row), rules)) for row in rows]):
        print(line)
    for lines in (
        score_places(rows, given.errors), score_language(given.data, rules), score_masking(10_000)
    ):  # fmt: skip
        for line in lines:
            print(line)


if __name__ == "__main__":
    main()
