"""Constructed city-days: incidents told by several people each, near-places, templates, noise.

A seed gives the same day on every machine. The texts are of our own making, in the wording people
use on the phone, in chats and in Javanese; slips and short forms are put in by chance.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.schema import Message, Sender

START = datetime(2026, 11, 2, 23, 0, tzinfo=UTC)
CHANNELS = ("sms", "whatsapp", "telegram", "call112", "radio", "twitter", "desk", "facebook")
DESA = (
    ("Minggirsari", "Kanigoro"), ("Tlogo", "Kanigoro"), ("Gogodeso", "Kanigoro"),
    ("Papungan", "Kanigoro"), ("Sawentar", "Kanigoro"), ("Kuningan", "Kanigoro"),
    ("Slorok", "Garum"), ("Sidodadi", "Garum"), ("Karangrejo", "Garum"), ("Bendosewu", "Talun"),
    ("Jeblog", "Talun"), ("Pasirharjo", "Talun"), ("Plosoarang", "Sanankulon"),
    ("Kalipucung", "Sanankulon"), ("Bendowulung", "Sanankulon"), ("Penataran", "Nglegok"),
    ("Kemloko", "Nglegok"), ("Modangan", "Nglegok"), ("Selokajang", "Srengat"),
    ("Kerjen", "Srengat"),
)  # fmt: skip
STREETS = (
    "Melati", "Kenanga", "Cempaka", "Imam Bonjol", "Diponegoro", "Kartini", "Sudanco Supriyadi",
    "Anggrek", "Mawar", "Flamboyan", "Teratai", "Bogowonto", "Serayu", "Brantas", "Semeru", "Kelud",
)  # fmt: skip
SPOTS = (
    "balai desa", "pasar", "SDN 1", "SDN 2", "masjid Al Ikhlas", "masjid Nurul Huda", "puskesmas",
    "lapangan", "makam", "toko Barokah", "pertigaan", "mushola Baitul Makmur", "SMPN 1",
    "TPQ Anwar",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of incident: what people say of it, how long they go on saying it, how many do."""

    says: tuple[str, ...]
    hours: float
    most: int


KINDS = (
    Kind((
        "pohon tumbang menutup jalan", "ada pohon besar roboh, jalan ga bisa dilewati",
        "wit gedhe ambruk ning dalan, ora iso liwat",
        "pohon trembesi tumbang menimpa kabel listrik",
        "lapor, pohon tumbang kena angin, kendaraan tidak bisa lewat",
        "barusan pohon roboh melintang di jalan",
    ), 3, 14),
    Kind((
        "jalan berlubang dalam, banyak yang jatuh", "dalane bolong jero, mbebayani",
        "mohon perbaikan jalan rusak, lubangnya besar",
        "jalan rusak parah berlubang dekat tikungan",
        "aspal mengelupas jalan berlubang, tadi malam ada motor jatuh",
        "jalan bolong ga ditambal-tambal",
    ), 20, 7),
    Kind((
        "lampu PJU mati, gelap sekali", "penerangan jalan padam sudah 3 malam",
        "lampu jalan mati total mohon diganti", "lampune dalan mati peteng ndedet",
        "PJU padam rawan kecelakaan", "tiang lampu jalan tidak menyala dari kemarin",
    ), 20, 6),
    Kind((
        "sampah menumpuk bau sekali tidak diangkut",
        "tumpukan sampah di pinggir jalan belum diambil",
        "sampah numpuk, lalat di mana-mana", "sampahe numpuk mambu banget",
        "mohon sampah diangkut, sudah berhari-hari menumpuk", "ada yang buang sampah liar menumpuk",
    ), 18, 6),
    Kind((
        "banjir masuk rumah warga, selokan mampet", "air meluap ke jalan, saluran tersumbat",
        "banjir setinggi lutut karena got mampet", "banyu mlebu omah, kaline meluap",
        "jalan tergenang banjir, kendaraan mogok", "drainase meluap air masuk rumah",
    ), 5, 10),
    Kind((
        "air PDAM mati sejak pagi", "PDAM tidak mengalir dari subuh", "banyu PDAM mati ket isuk",
        "air ledeng mati, warga tidak bisa mandi", "pipa PDAM bocor besar air mati",
    ), 8, 7),
)  # fmt: skip
TEMPLATES = (
    "Saya belum menerima bantuan sosial padahal sudah terdaftar, atas nama {name} alamat desa "
    "{desa} RT {rt}. Mohon dicek.",
    "Yth Dinas Sosial, mohon bantuannya BLT saya belum cair sampai hari ini. {name}, {desa}.",
    "Mohon info kartu KIS saya tidak aktif, nama {name}, desa {desa}, terima kasih",
)
SINGLES = (
    "kapan jadwal SIM keliling di kecamatan {kec}?", "anjing liar berkeliaran di {desa}",
    "parkir liar di depan toko di jalan {jalan} {desa}", "suara musik keras tiap malam di {desa}",
    "truk pasir ugal-ugalan lewat {desa} jalan {jalan}",
    "petugas loket kelurahan {desa} tidak ramah",
    "ada sarang tawon di atap {spot} {desa}", "rambu lalu lintas roboh di {desa} jalan {jalan}",
)  # fmt: skip
ENDINGS = ("", "", " mohon segera ditangani", " tolong pak", " suwun", " terima kasih")
NAMES = ("Budi", "Siti", "Slamet", "Wati", "Joko", "Rini", "Agus", "Dewi", "Paijo", "Sri", "Tono")
SHORT = {
    "tidak": "gak", "yang": "yg", "sudah": "udh", "jalan": "jln", "dengan": "dgn", "mohon": "mhn",
    "banyak": "byk", "belum": "blm", "sekali": "bgt", "sampai": "smpe", "dari": "dr",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """One message of the day, and the incident it is about (templates and singles: its own)."""

    message: Message
    channel: str
    incident: str
    template: str


@dataclass(frozen=True, slots=True)
class _Place:
    desa: str
    kecamatan: str
    street: str
    spot: str
    rt: int


def city_day(seed: int, incidents: int = 24) -> list[Report]:
    """Return the reports of one day in the order in which they were sent."""
    rnd = random.Random(seed)
    people = iter(range(10**6))
    found: list[Report] = []
    used: set[tuple[int, str, str, str]] = set()
    for number in range(incidents):
        which = rnd.randrange(len(KINDS))
        first = _place(rnd, which, used)
        found += _incident(rnd, KINDS[which], first, f"i{number}", people)
        if number % 3 == 0:
            # The same problem nearby: in the next desa, or in another street of this one.
            other = _place(rnd, which, used, desa=first.desa if number % 2 else "")
            found += _incident(rnd, KINDS[which], other, f"n{number}", people)
    for number, text in enumerate(TEMPLATES):
        found += _template(rnd, text, f"t{number}", people)
    for number, (name, kecamatan) in enumerate(rnd.sample(DESA, len(DESA))):
        # One of a kind in a desa, so that nobody can mean the same.
        text = rnd.choice(SINGLES).format(
            desa=name, kec=kecamatan, jalan=rnd.choice(STREETS), spot=rnd.choice(SPOTS)
        )
        found.append(_report(rnd, text, rnd.uniform(0, 24), f"s{number}", next(people)))
    return sorted(found, key=lambda report: report.message.occurred_at or START)


def _place(
    rnd: random.Random, which: int, used: set[tuple[int, str, str, str]], desa: str = ""
) -> _Place:
    while True:
        name, kecamatan = rnd.choice([d for d in DESA if not desa or d[0] == desa])
        street, spot = rnd.choice(STREETS), rnd.choice(SPOTS)
        taken = {(s, p) for w, d, s, p in used if w == which and d == name}
        if all(street != s and spot != p for s, p in taken):
            used.add((which, name, street, spot))
            return _Place(name, kecamatan, street, spot, rnd.randint(1, 12))


def _incident(
    rnd: random.Random, kind: Kind, place: _Place, name: str, people: Iterator[int]
) -> list[Report]:
    start = rnd.uniform(0, 24 - kind.hours / 2)
    count = rnd.choice([1, 2, 3, 5, kind.most])
    hours = [start + rnd.uniform(0, kind.hours) for _ in range(count)]
    return [_report(rnd, _told(rnd, kind, place), hour, name, next(people)) for hour in hours]


def _told(rnd: random.Random, kind: Kind, place: _Place) -> str:
    """Say what happened and where: most name what everybody knows there, some name more."""
    street = f"jalan {place.street}"
    spot = f"{rnd.choice(['dekat', 'depan', 'sebelah'])} {place.spot}"
    likely, seldom = (street, spot) if place.rt % 2 else (spot, street)
    parts = [likely] if rnd.random() < 0.85 else [seldom]
    if rnd.random() < 0.3:
        parts = sorted({*parts, seldom}, key=(street, spot).index)
    if rnd.random() < 0.25:
        parts.append(f"RT {place.rt}")
    parts.append(rnd.choice([f"desa {place.desa}", place.desa, f"ds {place.desa}"]))
    if rnd.random() < 0.3:
        parts.append(f"kec {place.kecamatan}")
    where = " ".join(parts)
    says = rnd.choice(kind.says)
    text = f"{says} di {where}" if rnd.random() < 0.7 else f"di {where} {says}"
    ending = rnd.choice(
        ["", "", " mohon segera ditangani", " tolong pak", " suwun", " terima kasih"]
    )
    return _slip(rnd, text + ending)


def _slip(rnd: random.Random, text: str) -> str:
    """Write as people do: short forms, a letter lost or swapped, all in capitals or none."""
    words = [SHORT.get(w, w) if rnd.random() < 0.3 else w for w in text.split()]
    for at, word in enumerate(words):
        if len(word) > 5 and rnd.random() < 0.04:
            cut = rnd.randrange(1, len(word) - 1)
            words[at] = word[:cut] + word[cut + 1 :]
    text = " ".join(words)
    style = rnd.random()
    return text.lower() if style < 0.4 else text.upper() if style < 0.45 else text.capitalize()


def _template(rnd: random.Random, text: str, name: str, people: Iterator[int]) -> Sequence[Report]:
    return [
        _report(
            rnd,
            text.format(name=rnd.choice(NAMES), desa=rnd.choice(DESA)[0], rt=rnd.randint(1, 9)),
            rnd.uniform(0, 24), f"{name}-{n}", next(people), template=name,
        )
        for n in range(20)
    ]  # fmt: skip


def _report(
    rnd: random.Random, text: str, hour: float, incident: str, person: int, template: str = ""
) -> Report:
    channel = rnd.choice(CHANNELS)
    at = START + timedelta(hours=hour)
    sender = Sender(platform="tel", id=f"0812-0000-{person:04d}")
    message = Message(external_id=f"p{person}", text=text, occurred_at=at, sender=sender)
    return Report(message, channel, incident, template)
