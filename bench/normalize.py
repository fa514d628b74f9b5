"""Messages per second on one core, the share of each step, and memory over many messages.

    python -m bench.normalize [--count 30000] [--memory 0]

The texts are made here; their mix of lengths is a guess, and its mean is printed.
"""

import argparse
import os
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from core.schema import Message
from normalizer import Envelope, Rules, language, location, normalize, privacy, text

ROOT = Path(__file__).parents[1]
WHEN = datetime(2026, 11, 2, tzinfo=UTC)
_PARTS = (
    "lampu jalan mati sudah seminggu", "dalan ngarep omah bolong kabeh", "sampah menumpuk di TPS",
    "mohon ditindaklanjuti", "di desa Tlogo kec Kanigoro", "hub 0812-0000-1234", "RT 03 RW 05",
    "warga resah karena suara bising tiap malam", "kapan diperbaiki?", "matur nuwun",
    "saluran air tersumbat sehingga air masuk rumah", "depan pasar Wlingi", "tlg bpk bupati",
    "petugasnya tidak ramah dan pelayanan lambat sekali", "Jl. Merdeka No 12", "harga Rp 150.000",
    "sudah lapor tapi belum ada tanggapan sampai sekarang", "air PDAM keruh", "pupuk langka",
)  # fmt: skip


def texts(count: int, seed: int = 1) -> list[str]:
    """Make texts: most short, some long."""
    rng = random.Random(seed)
    sizes = rng.choices((2, 4, 7, 14), weights=(4, 4, 2, 1), k=count)
    return [", ".join(rng.choices(_PARTS, k=size)) + f" {at}" for at, size in enumerate(sizes)]


def resident_mb() -> float:
    """Return the memory this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def rate(work: Callable[[str], object], given: list[str]) -> float:
    """Return how many texts a second `work` does, in processor time of this one core."""
    began = time.process_time()
    for one in given:
        work(one)
    return len(given) / (time.process_time() - began)


def understand(rules: Rules) -> Callable[[str], object]:
    """Return the whole normalizer as a function of a text."""
    envelope = Envelope("t", "sms", "", WHEN)
    return lambda one: normalize(Message(external_id="1", text=one), envelope, rules, b"bench")


def steps(rules: Rules) -> dict[str, Callable[[str], object]]:
    """Name the steps that read the text itself."""
    spelling, gazetteer = rules.spelling, rules.gazetteer
    return {
        "bersihkan": text.clean,
        "samarkan": privacy.mask,
        "baca kata": lambda one: text.read(one, spelling),
        "kata aturan": lambda one: rules.lexicon.find(text.plain_words(one)),
        "bahasa": lambda one: language.detect(text.plain_words(one), rules.language),
        "tempat": lambda one: location.locate(text.plain_words(one), (), gazetteer, (None, None)),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30_000)
    parser.add_argument("--memory", type=int, default=0, help="so many more messages")
    given = parser.parse_args()
    rules = Rules.load(ROOT / "config", "kab-blitar", "35.05")
    many = texts(given.count)
    whole = understand(rules)
    rate(whole, many[:1000])
    print(f"rata-rata {sum(map(len, many)) / len(many):.0f} huruf")
    print(f"seluruh pengolah: {rate(whole, many):,.0f} pesan/s per inti")
    for name, work in steps(rules).items():
        print(f"  {name:12} {rate(work, many):>9,.0f} pesan/s")
    held = resident_mb()
    for start in range(0, given.memory, 100_000):
        rate(whole, texts(min(100_000, given.memory - start), seed=start + 2))
        print(
            f"memori sesudah {start + 100_000:>9,} pesan: {resident_mb():.0f} MB (awal {held:.0f})"
        )


if __name__ == "__main__":
    main()
