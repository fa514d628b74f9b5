"""Masks NIK, KK and other long numbers, phones, e-mail addresses and plates, keeping the kind."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from core.schema import Pii
from normalizer import identity

Span = tuple[int, int, str]

_RUN = re.compile(r"\+?\(?\d(?:[ .\-/()]{0,3}\d)+")
_GROUP = re.compile(r"\d+")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.I)
# A link that carries a phone or a NIK on purpose is masked like any text.
_TELLING_URL = re.compile(r"wa\.me|whatsapp|[?&/](?:phone|tel|telp|hp|nik|ktp)[=/]", re.I)
_EMAIL = re.compile(r"(?<![\w.+\-])[\w.+\-]++@[\w\-]++(?:\.[\w\-]++)+")
_CUE_KK = re.compile(r"\b(?:kk|kartu\s?keluarga)\b[^\d\n]{0,20}$", re.I)
_CUE_NIK = re.compile(r"\b(?:nik|ktp|e-?ktp)\b[^\d\n]{0,20}$", re.I)
_CUE_PHONE = re.compile(
    r"\b(?:wa|hp|tlp|telp|telepon|telpon|call|hub|hubungi|whatsapp|kontak|cp|sms|nomor|nomer)\b[^\d\n]{0,20}$",
    re.I,
)
_PRICE = re.compile(r"\brp\.?\s?(?P<amount>\d{1,3}(?:\.\d{3}){1,4}|\d{1,9})(?!\d)", re.I)
# Ends a text, or is followed by a time or another date: "08/12/2000 12345" may be a phone.
_DATE = re.compile(
    r"(?<!\d)(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|1[0-2])[-/.](?:19|20)\d\d"
    r"(?=\D{0,3}(?:[^\d .\-/()]|\d{1,2}[.:]\d\d(?!\d)|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|$))"
)
_PLATE = re.compile(
    r"(?<![\w.])(?P<area>[A-Z]{1,2})[ .\-]?(?P<number>\d{1,4})[ .\-]?(?P<series>[A-Z]{1,3})?(?!\w)",
    re.I,
)
_CUE_PLATE = re.compile(
    r"\b(?:plat|nopol|polisi|pol|motor|mobil|truk|truck|bus|angkot|kendaraan|sopir)\b[^\d\n]{0,15}$",
    re.I,
)
_CUE_HOUSE = re.compile(
    r"\b(?:blok|no|nomor|gang|gg|jl|jln|jalan|kelas|lantai|type|tipe)\.?\s*$", re.I
)
_AREA_CODES = (
    "A B D E F G H K L M N P R S T W Z AA AB AD AE AG BA BB BD BE BG BH BK BL BM BN BP DA DB DC DD"
    " DE DG DH DK DL DM DN DP DR DS DT DW EA EB ED KB KH KT KU PA PB PG PT"
)
# After a number these are words or units, not the series of a plate.
_UNITS = (
    "RT RW KM KG CM MM M L ML GR HA WIB WIT AN DI KE YG DAN DG DGN PER KK RB JT ORG JAM HP WA SD"
    " TH THN BLN HR X CC GB MB KWH W V PK PCS OK YA SAJ TP TDK BTG NO"
)
_AREAS = frozenset(_AREA_CODES.split())
_NO_SERIES = frozenset(_UNITS.split())


def mask(text: str) -> tuple[str, tuple[Pii, ...]]:
    """Return the text with personal numbers replaced by their kind, and how many of each."""
    spans = _without_overlap(
        [*_numbers(text), *_emails(text), *_plates(text), *identity.find(text)]
    )
    if not spans:
        return text, ()
    parts, end = [], 0
    for start, stop, kind in spans:
        parts += [text[end:start], f"[{kind}]"]
        end = stop
    counts = Counter(kind for _, _, kind in spans)
    return "".join([*parts, text[end:]]), tally(counts)


def tally(counts: Counter[str]) -> tuple[Pii, ...]:
    """List kinds and counts in one order."""
    return tuple(Pii(kind=kind, count=counts[kind]) for kind in sorted(counts))


def _without_overlap(spans: list[Span]) -> list[Span]:
    """Sort spans; overlapping ones become one, under the kind of the first."""
    merged: list[Span] = []
    # Of two that begin and end alike, the one that says more.
    for start, stop, kind in sorted(spans, key=lambda s: (s[0], -s[1], s[2] == "NOMOR")):
        if merged and start < merged[-1][1]:
            first, last, earlier = merged[-1]
            merged[-1] = (first, max(last, stop), earlier)
        else:
            merged.append((start, stop, kind))
    return merged


def _emails(text: str) -> Iterator[Span]:
    if "@" in text:
        for found in _EMAIL.finditer(text):
            yield *found.span(), "EMAIL"


def _numbers(text: str) -> Iterator[Span]:
    runs = [run for run in _RUN.finditer(text) if run.end() - run.start() >= 7]
    if not runs:
        return
    links = _Spans(
        found.span() for found in _URL.finditer(text) if not _TELLING_URL.search(found[0])
    )
    dates = {found.start(): found.end() for found in _DATE.finditer(text)}
    kept = _Kept(dates, frozenset(dates.values()), _prices(text))
    for run in runs:
        groups = [
            (found.start(), found.end())
            for found in _GROUP.finditer(text, run.start(), run.end())
            if not links.hold(found.start())
        ]
        if groups:
            yield from _Run(text, groups, kept).spans()


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where dates and prices begin and end: numbers that are nobody's."""

    dates: Mapping[int, int]
    date_ends: frozenset[int]
    prices: Mapping[int, int]


def _prices(text: str) -> dict[int, int]:
    """Map the first digit of every price to its end."""
    return {found.start("amount"): found.end() for found in _PRICE.finditer(text)}


class _Spans:
    """Spans in the order of the text, asked whether they hold a position."""

    def __init__(self, spans: Iterator[tuple[int, int]]) -> None:
        self._spans = list(spans)
        self._stops = [stop for _, stop in self._spans]

    def hold(self, at: int) -> bool:
        index = bisect_left(self._stops, at + 1)
        return index < len(self._spans) and self._spans[index][0] <= at


class _Run:
    """Groups of digits that stand close together, cut into numbers that begin and end a group."""

    def __init__(self, text: str, groups: Sequence[tuple[int, int]], kept: _Kept) -> None:
        self.text = text
        self.groups = groups
        self.kept = kept
        self.taken = [False] * len(groups)

    def spans(self) -> Iterator[Span]:
        """Yield NIK first, then phones, then any other long number in what is left."""
        yield from self._take(16, self._nik)
        self._leave_dates_and_prices()
        yield from self._phones()
        yield from self._take(16, lambda digits, start, stop: "NOMOR")
        for index, (start, stop) in enumerate(self.groups):
            if not self.taken[index] and stop - start > 16:
                yield start, stop, "NOMOR"

    def _take(self, size: int, kind_of: Callable[[str, int, int], str]) -> Iterator[Span]:
        """Yield every window of `size` digits that `kind_of` names; windows may overlap."""
        free = [not taken for taken in self.taken]
        for first, last in self._windows(size, free):
            start, stop = self.groups[first][0], self.groups[last][1]
            kind = kind_of(self._digits(first, last), start, stop)
            if kind:
                self.taken[first : last + 1] = [True] * (last + 1 - first)
                yield start, stop, kind

    def _windows(self, size: int, free: Sequence[bool]) -> Iterator[tuple[int, int]]:
        for first in range(len(self.groups)):
            total = 0
            for last in range(first, min(first + size, len(self.groups))):
                total += self.groups[last][1] - self.groups[last][0]
                if not free[last] or total > size:
                    break
                if total == size:
                    yield first, last

    def _digits(self, first: int, last: int) -> str:
        return "".join(self.text[a:b] for a, b in self.groups[first : last + 1])

    def _nik(self, digits: str, start: int, stop: int) -> str:
        before = self.text[max(0, start - 45) : start]
        if _CUE_KK.search(before):
            return "KK"
        if start in self.kept.dates and stop in self.kept.date_ends:
            return ""
        return "NIK" if is_nik(digits) or _CUE_NIK.search(before) else ""

    def _leave_dates_and_prices(self) -> None:
        for index, (start, _) in enumerate(self.groups):
            until = self.kept.dates.get(start) or self.kept.prices.get(start)
            if until and not self.taken[index]:
                self._leave(index, until)

    def _leave(self, index: int, until: int) -> None:
        while index < len(self.groups) and self.groups[index][1] <= until:
            self.taken[index] = True
            index += 1

    def _phones(self) -> Iterator[Span]:
        """Yield mobile numbers before others, so that none is cut by what stands before it."""
        for mobile in (True, False):
            first = 0
            while first < len(self.groups):
                last = self._phone_from(first, mobile)
                if last is None:
                    first += 1
                    continue
                self.taken[first : last + 1] = [True] * (last + 1 - first)
                yield self._start(first), self.groups[last][1], "TELP"
                first = last + 1

    def _start(self, first: int) -> int:
        """Include the "+" and "(" that open a phone number."""
        start = self.groups[first][0]
        lead = self.text[max(0, start - 2) : start]
        return start - (len(lead) - len(lead.rstrip("+(")))

    def _phone_from(self, first: int, mobile: bool) -> int | None:
        """Return the last group of the longest phone number that begins with this group."""
        start = self.groups[first][0]
        if self.taken[first] or self.text[start] not in "0123456789":
            return None
        plus = "+" in self.text[self._start(first) : start]
        cued = bool(_CUE_PHONE.search(self.text[max(0, start - 35) : start]))
        best, digits = None, ""
        for last in range(first, min(first + 16, len(self.groups))):
            digits += self._digits(last, last)
            if self.taken[last] or len(digits) > 16:
                break
            if is_mobile(digits) if mobile else is_phone(digits, plus, cued):
                best = last
        return best


def is_nik(digits: str) -> bool:
    """Tell whether 16 digits can be a NIK: a province and a date of birth (women: day + 40)."""
    day, month = int(digits[6:8]), int(digits[8:10])
    return digits[0] != "0" and (1 <= day <= 31 or 41 <= day <= 71) and 1 <= month <= 12


def is_mobile(digits: str) -> bool:
    """Tell whether digits have the shape of an Indonesian mobile number."""
    local = digits
    for prefix in ("6208", "628", "08"):
        if digits.startswith(prefix):
            local = "08" + digits[len(prefix) :]
            break
    return local.startswith("08") and 10 <= len(local) <= 14 and local[2] != "0"


def is_phone(digits: str, plus: bool, cued: bool) -> bool:
    """Tell whether digits are a phone number; a mobile's shape is enough, a landline must exist."""
    size = len(digits)
    if plus and 9 <= size <= 15:
        return True
    if is_mobile(digits):
        return True
    if cued and 8 <= size <= 13:
        return digits[0] in "0268"
    return size >= 9 and digits[0] == "0" and digits[1] != "0" and _landline(digits)


@lru_cache(maxsize=4096)
def _landline(digits: str) -> bool:
    if len(digits) > 12:
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, "ID"))
    except phonenumbers.NumberParseException:
        return False


def _plates(text: str) -> Iterator[Span]:
    for found in _PLATE.finditer(text):
        if found["area"].upper() in _AREAS and _is_plate(text, found):
            yield *found.span(), "PLAT"


def _is_plate(text: str, found: re.Match[str]) -> bool:
    area, number, series = found["area"], found["number"], found["series"] or ""
    before = text[max(0, found.start() - 30) : found.start()]
    if series.upper() in _NO_SERIES or _CUE_HOUSE.search(before):
        return False
    if _CUE_PLATE.search(before):
        return len(number) >= 2 or bool(series)
    if not series or len(number) < 3:
        return False
    return area.isupper() == series.isupper() and (area.isupper() or len(area) == 2)
