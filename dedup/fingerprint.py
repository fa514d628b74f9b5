"""Reads a complaint into what comparisons need: its telling words, its places, whose matter it is.

Everything follows from the complaint alone, so a fold of the register gives the same again.
"""

import hashlib
import re
import sys
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.schema import Complaint
from dedup.policy import Policy
from dedup.words import Words, read_words

_LONGEST = 8_000
_SALUTATION = re.compile(r"^\s*(?:kepada\s+)?(?:yth|yang terhormat)\b[^\n,:;]{0,120}[\n,:;]", re.I)
_IDENTITY = ("[NIK]", "[KK]", "[NOMOR]")
# A NIK, a KK or a BPJS card, in the text as sent: which one it is never leaves as more than a hash.
_CARD = re.compile(r"(?<!\d)(?:\d[ .\-]?){12,15}\d(?!\d)")
_DIGITS = re.compile(r"\d\d")
_KECAMATAN, _DESA = len("35.05.10"), len("35.05.10.2001")
_UNSURE = 0.5
_AHEAD = 3600.0


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One complaint in the near index.

    `version_at` tells which of two versions is the later; `personal` that its words, whatever its
    kategori, are about the reporter's own affair.
    """

    complaint: int
    at: float
    known_at: float
    version_at: float
    simulated: bool
    kategori: str
    kecamatan: str
    desa: str
    pin: tuple[float, float] | None
    reporter: str
    personal: bool
    cards: frozenset[bytes]
    words: Words

    @property
    def block(self) -> str:
        """What two complaints must share to be compared at all."""
        return f"{self.kecamatan}|{self.kategori}|{self.simulated:d}"

    def hashes(self) -> list[int]:
        """Hash its telling words, the lowest first; the block is part of each hash."""
        block = zlib.crc32(self.block.encode())
        return sorted({zlib.crc32(word.encode(), block) for word in self.words.telling})


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
        kecamatan=sys.intern(_level(wilayah.kode, _KECAMATAN)),
        desa=sys.intern(_level(wilayah.kode, _DESA)) if sure else "",
        pin=_pin(complaint),
        reporter=complaint.reporter_ref,
        personal=_personal(complaint, words.ordered, policy),
        cards=_cards(f"{complaint.title}\n{complaint.text}"),
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


def _pin(complaint: Complaint) -> tuple[float, float] | None:
    """Return the reporter's own pin; a centroid says no more than the area's name."""
    w = complaint.wilayah
    if w.evidence != "pin" or w.lat is None or w.lon is None:
        return None
    return w.lat, w.lon


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
        return frozenset()
    found = ("".join(filter(str.isdigit, run)) for run in _CARD.findall(text))
    return frozenset(
        hashlib.blake2b(digits.encode(), digest_size=8).digest()
        for digits in found
        if len(digits) == 16 or (len(digits) == 13 and digits.startswith("000"))
    )
