"""Counts what masking lets through and what it hides for nothing, over generated texts.

python -m bench.masking [--count 100000] [--seed 1]
"""

import argparse
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from normalizer.privacy import mask
from normalizer.text import clean

_SEPARATORS = " .-/()"
_BEFORE = (
    "Pak, nomor saya", "hub", "NIK", "No. KK", "lampu mati, WA", "(", "tolong cek", "ktp:", "jalan",
    "dari", "mohon dibantu", "0", "nomor saya ya pak", "RT 03 RW 05",
)  # fmt: skip
_JOINTS = (" ", ", ", ": ", "\n")
_AFTER = (
    "ya",
    ", suwun",
    ")",
    "a.n. warga",
    "jalan rusak di RT 3",
    "",
    "!!",
    "tolong",
    "sejak 2024",
)
_DIGITS = "nol satu dua tiga empat lima enam tujuh delapan sembilan".split()  # noqa: SIM905
_MOBILE = (
    "811",
    "812",
    "813",
    "821",
    "822",
    "851",
    "852",
    "856",
    "857",
    "858",
    "877",
    "878",
    "895",
)


def spread(rng: random.Random, digits: str) -> str:
    """Put up to three separators between digits, as people do; most put none or one kind."""
    style = rng.random()
    if style < 0.3:
        return digits
    if style < 0.7:
        mark, size = rng.choice(_SEPARATORS[:4]), rng.choice((3, 4))
        return mark.join(digits[at : at + size] for at in range(0, len(digits), size))
    gaps = ("".join(rng.choices(_SEPARATORS, k=rng.randint(0, 3))) for _ in digits)
    return "".join(gap + digit for gap, digit in zip(gaps, digits, strict=True)).lstrip(" .-/)(")


def nik(rng: random.Random) -> str:
    """Write a NIK."""
    day = rng.randint(1, 31) + rng.choice((0, 40))
    area = f"{rng.randint(11, 97)}{rng.randint(1, 79):02}{rng.randint(1, 40):02}"
    return spread(rng, f"{area}{day:02}{rng.randint(1, 12):02}{rng.randint(0, 99):02}"
                       f"{rng.randint(1, 9999):04}")  # fmt: skip


def phone(rng: random.Random) -> str:
    """Write a mobile number."""
    local = rng.choice(_MOBILE) + "".join(rng.choices("0123456789", k=rng.randint(7, 9)))
    return spread(rng, rng.choice(("0", "62", "+62")) + local).replace("+ ", "+")


def spoken(rng: random.Random) -> str:
    """Write a mobile number in words."""
    digits = "0812" + "".join(rng.choices("0123456789", k=8))
    return " ".join(_DIGITS[int(digit)] for digit in digits)


def mail(rng: random.Random) -> str:
    """Write an e-mail address."""
    return f"warga{rng.randint(1, 999)}.contoh@contoh{rng.randint(1, 9)}.example"


def plain(rng: random.Random) -> str:
    """Write a number that is nobody's."""
    return rng.choice(_PLAIN)(rng)


_PLAIN: tuple[Callable[[random.Random], str], ...] = (
    lambda rng: str(rng.randint(1, 9_999_999)),
    lambda rng: f"RT {rng.randint(1, 30):02} RW {rng.randint(1, 20):02}",
    lambda rng: f"RT.{rng.randint(1, 30)}/RW.{rng.randint(1, 20)}",
    lambda rng: f"Jl. Merdeka No {rng.randint(1, 300)}{rng.choice(('', 'A', ' B'))}",
    lambda rng: f"Rp {rng.randint(1, 10**10):,}".replace(",", "."),
    lambda rng: f"Rp{rng.randint(1, 900)}.000",
    lambda rng: f"{rng.randint(1, 28):02}-{rng.randint(1, 12):02}-{rng.randint(2019, 2026)}",
    lambda rng: f"jam {rng.randint(0, 23):02}.{rng.randint(0, 59):02} WIB",
    lambda rng: f"blok {rng.choice('ABCD')}{rng.randint(1, 40)} no {rng.randint(1, 99)}",
    lambda rng: f"{rng.randint(2, 900)} {rng.choice(('kg', 'm', 'KK', 'orang', 'hari', 'meter'))}",
    lambda rng: f"tahun {rng.randint(1990, 2026)}",
)


@dataclass(slots=True)
class Count:
    """How many texts, and how many went wrong."""

    texts: int = 0
    wrong: int = 0
    examples: list[str] = field(default_factory=list)


def leaks(count: int, seed: int) -> Count:
    """Count texts in which digits of a person's number survive."""
    rng, seen = random.Random(seed), Count()
    for _ in range(count):
        before, after = rng.choice(_BEFORE), rng.choice(_AFTER)
        kind = rng.choice((nik, phone, spoken, mail))
        number = kind(rng)
        masked, _ = mask(clean(f"{before}{rng.choice(_JOINTS)}{number} {after}"))
        seen.texts += 1
        if _survives(number, masked):
            seen.wrong += 1
            seen.examples.append(f"{kind.__name__}: {masked!r}")
    return seen


def _survives(number: str, masked: str) -> bool:
    """Tell whether five digits or number words of it in a row, or half an address, are left."""
    if "@" in number:
        return any(half in masked for half in number.split("@"))
    if number[0].isalpha():
        words = number.split()
        return any(" ".join(words[at : at + 5]) in masked for at in range(len(words) - 4))
    left, told = re.sub(r"[ .\-/()]", "", masked), re.sub(r"\D", "", number)
    return any(told[at : at + 5] in left for at in range(len(told) - 4))


def hidden(count: int, seed: int) -> Count:
    """Count plain numbers, prices and house numbers that are masked."""
    rng, seen = random.Random(seed), Count()
    for _ in range(count):
        text = f"lampu mati sejak {plain(rng)}, warga melapor"
        seen.texts += 1
        if mask(text)[1]:
            seen.wrong += 1
            seen.examples.append(text)
    return seen


def main() -> None:
    """Print both counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for name, seen in (
        ("bocor", leaks(given.count, given.seed)),
        ("disamarkan tanpa perlu", hidden(given.count, given.seed)),
    ):
        print(f"{name}: {seen.wrong} dari {seen.texts} teks buatan")
        for example in seen.examples[:8]:
            print(f"  {example}")


if __name__ == "__main__":
    main()
