"""Reads a complaint into what comparisons need: its telling words, its places, whose matter it is.

Everything follows from the complaint alone, so a fold of the register gives the same again.
"""

import hashlib
import re
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from core.schema import Complaint
from dedup.policy import Policy
from dedup.stems import stem
from dedup.words import Words, read_words, with_keys

_LONGEST = 8_000
_SALUTATION = re.compile(r"^\s*(?:kepada\s+)?(?:yth|yang terhormat)\b[^\n,:;]{0,120}[\n,:;]", re.I)
_IDENTITY = ("[NIK]", "[KK]", "[NOMOR]")
# A NIK, a KK or a BPJS card, in the text as sent: which one it is never leaves as more than a hash.
_CARD = re.compile(r"(?<!\d)(?:\d[ .\-]?){12,15}\d(?!\d)")
_DIGITS = re.compile(r"\d\d")
_KECAMATAN, _DESA = len("35.05.10"), len("35.05.10.2001")
_UNSURE = 0.5
_AHEAD = 3600.0
_NOTHING: frozenset[bytes] = frozenset()
_NO_NAMES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One complaint in the near index.

    `version_at` tells which of two versions is the later; `personal` that its words, whatever its
    kategori, are about the reporter's own affair; `home` are the stems of its area's own names.
    """

    complaint: int
    at: float
    known_at: float
    version_at: float
    simulated: bool
    kategori: str
    others: frozenset[str]
    kecamatan: str
    desa: str
    home: frozenset[str]
    village: frozenset[str]
    pin: tuple[float, float] | None
    reporter: str
    personal: bool
    cards: frozenset[bytes]
    links: frozenset[bytes]
    media: frozenset[bytes]
    words: Words


@dataclass(frozen=True, slots=True)
class Kept:
    """A fingerprint as the index keeps it: what a glance needs, and the rest packed small.

    A million of them are held at once, and a set takes six times what a tuple does.
    """

    complaint: int
    at: float
    known_at: float
    version_at: float
    kategori: str
    kecamatan: str
    desa: str
    pin: tuple[float, float] | None
    reporter: str
    marks: frozenset[bytes]  # cards and pictures
    telling: tuple[str, ...]
    keys: "array[int]"
    rest: "_Rest"

    def thaw(self, policy: Policy | None = None) -> Fingerprint:
        """Return the fingerprint without the order of its words; with a policy, with its keys."""
        simulated, others, home, village, personal, cards, links, media, names, places, *last = (
            self.rest
        )
        streets, spots, areas, cued, numbers = map(frozenset, places)
        words = Words(
            (), frozenset(self.telling), frozenset(names), streets, spots, areas, cued, numbers,
            *last,
        )  # fmt: skip
        if policy is not None:
            words = with_keys(words, policy)
        return Fingerprint(
            self.complaint, self.at, self.known_at, self.version_at, simulated, self.kategori,
            others, self.kecamatan, self.desa, home, village, self.pin, self.reporter, personal,
            cards, links, media, words,
        )  # fmt: skip


_Rest = tuple[Any, ...]


def keep(near: Fingerprint, keys: "array[int]") -> Kept:
    """Pack a fingerprint for the index."""
    w = near.words
    places = (w.streets, w.spots, w.areas, w.cued, w.numbers)
    packed = tuple(tuple(found) for found in places) if any(places) else _NOWHERE
    return Kept(
        near.complaint, near.at, near.known_at, near.version_at, near.kategori, near.kecamatan,
        near.desa, near.pin, near.reporter, near.cards | near.media or _NOTHING,
        tuple(w.telling), keys,
        (
            near.simulated, near.others, near.home, near.village, near.personal, near.cards,
            near.links, near.media, tuple(w.names), packed, w.solid, w.weight, w.mass,
        ),
    )  # fmt: skip


_NOWHERE: tuple[tuple[str, ...], ...] = ((), (), (), (), ())


def comparable(complaint: Complaint) -> bool:
    """Tell whether a complaint may be compared: nothing confidential, unread or no complaint."""
    hidden = complaint.rahasia or complaint.klasifikasi == "whistleblowing"
    return not (hidden or complaint.stub or complaint.klasifikasi == "bukan_aduan")


def read(complaint: Complaint, number: int, policy: Policy) -> Fingerprint:
    """Read a complaint; `number` is its number in the register."""
    text = f"{complaint.title_masked}\n{_SALUTATION.sub('', _body(complaint), count=1)}"
    words = read_words(text[:_LONGEST], policy)
    wilayah = complaint.wilayah
    # A doubtful desa (the name of a street) is no evidence that two places are one, or are two.
    sure = not 0 < wilayah.confidence < _UNSURE
    at = complaint.occurred_at.timestamp()
    return Fingerprint(
        complaint=number,
        at=at,
        # A phone whose clock runs years ahead must not empty the window, nor stay in it for ever.
        known_at=min(at, complaint.received_at.timestamp() + _AHEAD),
        version_at=(complaint.edited_at or complaint.received_at).timestamp(),
        simulated=complaint.simulated,
        kategori=sys.intern(complaint.kategori),
        others=frozenset(complaint.kategori_lain),
        kecamatan=sys.intern(_level(wilayah.kode, _KECAMATAN)),
        desa=sys.intern(_level(wilayah.kode, _DESA)) if sure else "",
        home=_stems(f"{wilayah.kecamatan} {wilayah.kelurahan_desa}".lower()),
        village=_stems(wilayah.kelurahan_desa.lower()) if sure else _NO_NAMES,
        pin=_pin(complaint),
        reporter=complaint.reporter_ref,
        personal=_personal(complaint, words.ordered, policy),
        cards=_cards(f"{complaint.title}\n{complaint.text}"),
        links=_hashes(_links(complaint)),
        media=_hashes(a.sha256 for a in complaint.attachments if a.sha256),
        words=words,
    )


def corrected(near: Fingerprint, value: Mapping[str, object]) -> Fingerprint:
    """Apply what an operator corrected: kategori and wilayah move a complaint to another block."""
    kategori, wilayah = value.get("kategori"), value.get("wilayah")
    if isinstance(kategori, str) and kategori:
        near = replace(near, kategori=kategori)
    kode = wilayah.get("kode") if isinstance(wilayah, Mapping) else value.get("wilayah_kode")
    if isinstance(kode, str):
        near = replace(near, kecamatan=_level(kode, _KECAMATAN), desa=_level(kode, _DESA), pin=None)
    return near


def _body(complaint: Complaint) -> str:
    return complaint.text_clean or complaint.text_masked or complaint.text


def _level(kode: str, length: int) -> str:
    return kode[:length] if len(kode) >= length else ""


@lru_cache(maxsize=10_000)
def _stems(names: str) -> frozenset[str]:
    return frozenset(sys.intern(stem(name)) for name in names.split())


def _pin(complaint: Complaint) -> tuple[float, float] | None:
    """Return the reporter's own pin; a centroid says no more than the area's name."""
    w = complaint.wilayah
    if w.evidence != "pin" or w.lat is None or w.lon is None:
        return None
    return w.lat, w.lon


def _links(complaint: Complaint) -> Iterator[str]:
    """Yield what the complaint hangs on: the post it comments, the message it answers."""
    if complaint.thread:
        yield f"thread:{complaint.channel}:{complaint.thread}"
    if complaint.sp4n_tracking_id:
        yield f"sp4n:{complaint.sp4n_tracking_id}"


def _hashes(texts: Iterator[str]) -> frozenset[bytes]:
    found = [hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts]
    return frozenset(found) if found else _NOTHING


def _personal(complaint: Complaint, ordered: Sequence[str], policy: Policy) -> bool:
    # The same question to one office is asked by many; each wants an answer.
    if complaint.klasifikasi == "permintaan_informasi":
        return True
    if any(mask in _body(complaint) for mask in _IDENTITY):
        return True
    if policy.personal_starts.isdisjoint(ordered):
        return False
    text = f" {' '.join(ordered)} "
    return any(f" {phrase} " in text for phrase in policy.words.personal)


def _cards(text: str) -> frozenset[bytes]:
    if not _DIGITS.search(text):
        return _NOTHING
    found = ("".join(filter(str.isdigit, run)) for run in _CARD.findall(text))
    return frozenset(
        hashlib.blake2b(digits.encode(), digest_size=8).digest()
        for digits in found
        if len(digits) == 16 or (len(digits) == 13 and digits.startswith("000"))
    )
