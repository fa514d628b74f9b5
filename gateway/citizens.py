"""Simulated citizens: constructed complaints about the office's own places.

Told in several ways, in Indonesian and in Javanese, over several channels, some in pieces.
"""

import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from core.clock import Clock

Way = Literal["sms", "radio", "call112"]

# Each incident in several people's words; {d} = desa or kelurahan, {k} = kecamatan.
_INCIDENTS: tuple[tuple[str, ...], ...] = (
    (
        "Lapor pak, jalan berlubang di Desa {d} Kecamatan {k}, sudah banyak yang jatuh",
        "dalan nang {d} bolong kabeh pak, kec {k}, tulung didandani",
        "jln rusak parah ds {d} kec {k} mohon segera diperbaiki",
        "Mohon perbaikan jalan berlubang di {d}, {k}. Bahaya kalau malam.",
    ),
    (
        "Lampu jalan (PJU) mati di Desa {d} kec. {k}, gelap sekali",
        "lampu dalan mati pak nang {d} {k}, peteng ndedet",
        "PJU padam 3 hari ds {d} kec {k} tolong dicek",
    ),
    (
        "Pohon tumbang menutup jalan di Desa {d} Kecamatan {k}",
        "wit ambruk nutup dalan, {d} {k}, ora iso liwat",
        "ada pohon tumbang ds {d} kec {k} jalan macet total",
    ),
    (
        "Sampah menumpuk di pinggir jalan Desa {d} Kecamatan {k}, baunya menyengat",
        "uwuh numpuk nang {d} kec {k} mambu banget, mboten enten sing njupuk",
        "sampah tdk diangkut seminggu di ds {d} kec {k}",
    ),
    (
        "Banjir di Desa {d} Kecamatan {k}, selokan mampet, air masuk rumah",
        "banyu mlebu omah pak, got mampet nang {d} {k}",
        "saluran air tersumbat ds {d} kec {k} tiap hujan banjir",
    ),
    (
        "Air PDAM mati sejak kemarin di Desa {d} Kecamatan {k}",
        "banyu pdam mati wis rong dina nang {d} kec {k}",
    ),
    (
        "Kabel listrik menjuntai di depan balai desa {d} kec {k}, bahaya untuk anak-anak",
        "kabel gandul gandul cedak bale desa {d} {k}, wedi kesetrum",
    ),
)
_ALONE: tuple[str, ...] = (
    "suwun pak",
    "Selamat pagi, bagaimana cara mengurus KTP hilang di kecamatan {k}?",
    "Usul pak, mohon dibangunkan tempat bermain anak di Desa {d} Kecamatan {k}",
    "Nama saya Budi, NIK 3505010101900001, HP 081200001234, bansos belum cair di {d} {k}",
    "test",
    "😡😡😡 jalan {d} {k} kapan diperbaiki???",
)
_GARBAGE: tuple[str, ...] = ("asdf qwer zxcv", "\u200b\u202e????", "1708 1708 1708", "....")
_NAMES = ("Budi", "Siti", "Slamet", "Wati", "Joko", "Rini", "Agus", "Sri")


@dataclass(frozen=True, slots=True)
class Told:
    """One message of one citizen."""

    number: int
    way: Way
    text: str
    phone: str
    name: str
    at: datetime
    id: str


class Citizens:
    """Tells what citizens would: the same seed tells the same."""

    def __init__(self, seed: int, places: Sequence[tuple[str, str]], clock: Clock) -> None:
        self._random = random.Random(seed)
        self._places = places
        self._clock = clock
        self._open: list[tuple[tuple[str, ...], str, str]] = []

    def tell(self, count: int) -> Iterator[Told]:
        """Yield `count` messages in the order in which they are sent."""
        number, rest = 0, count
        while rest > 0:
            for told in self._next(number)[:rest]:
                yield told
                number += 1
                rest -= 1

    def _next(self, number: int) -> list[Told]:
        """One message, or the pieces one citizen sends it in."""
        dice = self._random.random()
        way: Way = "sms" if dice < 0.6 else "radio" if dice < 0.8 else "call112"
        text = self._text()
        parts = [text]
        if way == "sms" and self._random.random() < 0.1 and " " in text:
            middle = text.index(" ", len(text) // 3)
            parts = [text[:middle], text[middle + 1 :]]
        phone = f"+62812{self._random.randrange(10_000):08d}"
        name = self._random.choice(_NAMES)
        at = self._clock() - timedelta(seconds=self._random.randrange(1800))
        return [
            Told(number + n, way, part, phone, name, at, self._id()) for n, part in enumerate(parts)
        ]

    def _text(self) -> str:
        dice = self._random.random()
        if dice < 0.05:
            return self._random.choice(_GARBAGE)
        desa, kecamatan = self._random.choice(self._places)
        if dice < 0.2:
            return self._random.choice(_ALONE).format(d=desa, k=kecamatan)
        if self._open and dice < 0.55:
            words, desa, kecamatan = self._random.choice(self._open)
        else:
            words = self._random.choice(_INCIDENTS)
            self._open = [*self._open[-20:], (words, desa, kecamatan)]
        return self._random.choice(words).format(d=desa, k=kecamatan)

    def _id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))
