"""Finds names people give, bank accounts, cards, and numbers spelt out in words."""

import re
from collections.abc import Iterator

Span = tuple[int, int, str]

_DIGITS = {
    "nol": "0", "kosong": "0", "satu": "1", "siji": "1", "dua": "2", "loro": "2", "tiga": "3",
    "telu": "3", "empat": "4", "papat": "4", "lima": "5", "limo": "5", "enam": "6", "enem": "6",
    "tujuh": "7", "pitu": "7", "delapan": "8", "lapan": "8", "wolu": "8", "sembilan": "9",
    "songo": "9",
}  # fmt: skip
_WORDS = "|".join(_DIGITS)
_SPELT = re.compile(
    rf"(?<!\w)(?:{_WORDS}|\d{{1,4}})(?:[ ,.\-/]{{1,3}}(?:{_WORDS}|\d{{1,4}})(?!\w)){{6,}}", re.I
)
_ONE = re.compile(rf"{_WORDS}|\d+", re.I)
_ANY = re.compile(rf"\b(?:{_WORDS})\b", re.I)
_FEWEST_WORDS, _FEWEST_DIGITS, _NIK = 3, 9, 16

_ACCOUNT = re.compile(
    r"\b(?:no\.?\s*rek\w*|norek|rek|rekening|bri|bca|bni|btn|bsi|mandiri|bank\s\w+|virtual\s?account"
    r"|va)\b[^\d\n]{0,25}(?P<number>\d(?:[ .\-]{0,3}\d){7,18})(?!\d)",
    re.I,
)
_CARD = re.compile(r"(?<![\d.])\d(?:[ \-]?\d){12,18}(?![\d.])")
_CARD_SIZES = range(13, 20)

_NAMED = re.compile(
    r"\b(?P<cue>nama\s+(?:saya|sy|lengkap|pelapor|aku|kulo|kula|ibu\s+kandung)(?:\s+adalah)?"
    r"|perkenalkan,?\s+saya|atas\s+nama|a\.\s?n\.?|a/n\.?|an\.|nama\s*(?=[:=]))\s*[:=]?\s*"
    r"(?P<name>[^\W\d_][\w'.]*(?:[ ]+[^\W\d_][\w'.]*){0,3})",
    re.I,
)
_HINTS = ("nama", "a.n", "a/n", "an.", "a. n", "perkenalkan")
# After "nama saya" these begin no name.
_NO_NAME = frozenset({
    "ada", "adalah", "agar", "alamat", "anak", "apa", "asal", "bapak", "beda", "bekerja",
    "beliau", "belum", "beralamat", "berbeda", "berdomisili", "bertanya", "bila", "bisa", "blm",
    "cv", "dalam", "dan", "dapat", "dari", "dengan", "desa", "di", "dia", "dicoret",
    "dirahasiakan", "disebut", "disebutkan", "disembunyikan", "dusun", "ga", "gak", "hanya",
    "harusnya", "hendak", "hilang", "hp", "ibu", "ingin", "ini", "istri", "itu", "jalan",
    "jangan", "jika", "juga", "kalau", "kami", "karena", "ke", "kecamatan", "kecewa", "keluar",
    "keluarga", "kelurahan", "kenapa", "kerja", "kita", "kk", "kok", "ktp", "lapor", "malah",
    "masih", "masuk", "masyarakat", "mau", "melapor", "melaporkan", "meminta", "memohon",
    "menanyakan", "mengapa", "mereka", "minta", "mohon", "muncul", "nik", "no", "nomor", "nya",
    "ora", "orang", "orangtua", "pada", "pemerintah", "perkumpulan", "perusahaan", "pt", "punya",
    "rahasiakan", "rakyat", "rt", "rumah", "rw", "salah", "sama", "sangat", "saya", "sdh",
    "sebab", "sebagai", "sebut", "seharusnya", "sejak", "selaku", "seluruh", "semua", "sendiri",
    "sering", "setiap", "siapa", "suami", "sudah", "supaya", "tdk", "tercantum", "tercatat",
    "terdaftar", "tersebut", "tidak", "tinggal", "tolong", "tuhan", "udah", "umur", "untuk",
    "usia", "usul", "warga", "yang", "yg",
})  # fmt: skip
_TITLES = frozenset({"pak", "bu", "bapak", "ibu", "sdr", "sdri", "mas", "mbak", "h.", "hj."})


def find(text: str) -> Iterator[Span]:
    """Yield what is found, in any order; spans may overlap."""
    lowered = text.lower()
    if any(hint in lowered for hint in _HINTS):
        yield from _names(text)
    if _ANY.search(text):
        yield from _spelt(text)
    if any(sign.isdigit() for sign in text):
        yield from _accounts(text)


def _names(text: str) -> Iterator[Span]:
    for found in _NAMED.finditer(text):
        start = found.start("name")
        end = start
        shouted = found["name"].isupper()
        for number, word in enumerate(re.finditer(r"\S+", found["name"])):
            bare = word[0].rstrip(".,").lower()
            capital = word[0][0].isupper()
            if bare in _TITLES:
                continue
            if bare in _NO_NAME or (number > 1 and not capital and not shouted):
                break
            end = start + word.end()
        if end > start:
            yield start, end, "NAMA"


def _spelt(text: str) -> Iterator[Span]:
    for found in _SPELT.finditer(text):
        parts = _ONE.findall(found[0])
        words = sum(part.lower() in _DIGITS for part in parts)
        digits = "".join(_DIGITS.get(part.lower(), part) for part in parts)
        if words >= _FEWEST_WORDS and len(digits) >= _FEWEST_DIGITS:
            kind = "NIK" if len(digits) == _NIK else "TELP" if digits[0] in "068" else "NOMOR"
            yield *found.span(), kind


def _accounts(text: str) -> Iterator[Span]:
    for found in _ACCOUNT.finditer(text):
        yield *found.span("number"), "REKENING"
    for found in _CARD.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        if len(digits) in _CARD_SIZES and is_luhn(digits):
            yield *found.span(), "KARTU"


def is_luhn(digits: str) -> bool:
    """Tell whether digits end in their Luhn check digit, as cards do."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and len(set(digits)) > 1


_HOME = re.compile(
    r"\b(?:alamat\w*|beralamat\w*|tinggal|berdomisili|rumahnya)\b[^\n]{0,40}?"
    r"(?P<home>\b(?:jl|jln|jalan|gg|gang|blok|dusun|dsn|rt)\b[^\n;]{0,80}?\d+\w*)",
    re.I,
)


def without_homes(text: str) -> str:
    """Hide where a person lives in a complaint about a person."""
    parts, end = [], 0
    for found in _HOME.finditer(text):
        parts += [text[end : found.start("home")], "[ALAMAT]"]
        end = found.end("home")
    return "".join([*parts, text[end:]])
