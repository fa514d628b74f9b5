"""Mends a text and reads it as words: as written (for places) and in their formal form."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

# Zero-width and direction marks, variation selectors, the keycap sign: all can hide a number.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\u20e3]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_DASH = re.compile("[\u2010-\u2015\u2212\u30fc]")
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\n{3,}")
_DIGIT = re.compile(r"[^\W\D0-9]")
_MASK = re.compile(r"\[[A-Z]{2,9}\]")
_TOKEN = re.compile(r"https?://\S+|[^\W\d_]+|\d+")
_LETTERS = re.compile(r"[^\W\d_]+")
_STRETCHED = re.compile(r"(\w)\1{2,}")
_SALUTATION = re.compile(r"^\s*(?:kepada\s+)?(?:yth|yang terhormat)\b[^\n,:;]{0,120}[\n,:;]", re.I)
_ENDINGS = ("nya", "lah", "kah", "pun", "ku", "mu", "ne", "e")

# What is understood is the head and the tail of a very long text; masking reads all of it.
_READ_CHARS = 24_000
_MEMO = 50_000


# Cyrillic and Greek letters that look Latin, which hide a word or a place from the lists.
_LOOKALIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u03bf\u03b1"
    "\u0410\u0415\u041e\u0420\u0421\u0423\u0425\u0406\u0412\u041d\u041a\u041c\u0422",
    "aeopcyxijshdoaAEOPCYXIBHKMT",
)
_HASHTAG = re.compile(r"#\w+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def clean(text: str) -> str:
    """Mend what a keyboard or an export broke, leaving the wording alone."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
        text = _DASH.sub("-", _INVISIBLE.sub("", text)).translate(_LOOKALIKE)
        text = _DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), text)
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _LINES.sub("\n\n", _BLANKS.sub(" ", text)).strip()


@dataclass(frozen=True, slots=True)
class Spelling:
    """Turns a word into its formal form: slang and Javanese by list, endings when that helps."""

    formal: Mapping[str, tuple[str, ...]]
    known: frozenset[str]
    bones: Mapping[str, str] = field(default_factory=dict)  # "jmbtn" for "jembatan"
    _memo: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    def of(self, word: str) -> tuple[str, ...]:
        """Return the formal word or words for one lower-case word."""
        found = self._memo.get(word)
        if found is None:
            if len(self._memo) >= _MEMO:
                self._memo.clear()
            found = self._memo[word] = self._look_up(word)
        return found

    def _look_up(self, word: str) -> tuple[str, ...]:
        if len(word) <= 40:
            for candidate in _candidates(word):
                if candidate in self.formal:
                    return self.formal[candidate]
                if candidate in self.known:
                    return (candidate,)
            if _few_vowels(word):
                return (self.bones.get(bones(word), word),)
        return (word,)


_VOWEL = re.compile("[aeiou]")
_BONES = 4


def bones(word: str) -> str:
    """Return a word without its vowels, as hasty writers write it."""
    return word[:1] + _VOWEL.sub("", word[1:])


def skeletons(words: Iterable[str]) -> dict[str, str]:
    """Map consonants to the one known word that has them."""
    found: dict[str, set[str]] = {}
    for word in words:
        if len(bare := bones(word)) >= _BONES and word.isalpha():
            found.setdefault(bare, set()).add(word)
    return {bare: min(row) for bare, row in found.items() if len(row) == 1}


def _few_vowels(word: str) -> bool:
    return len(word) >= _BONES and len(_VOWEL.findall(word)) * 4 <= len(word)


def _candidates(word: str) -> Iterator[str]:
    """Yield a word, the word without "rusaaak", and each without an ending like -nya."""
    for whole in (word, _STRETCHED.sub(r"\1", word)):
        yield whole
        for ending in _ENDINGS:
            if whole.endswith(ending) and len(whole) - len(ending) >= 3:
                yield whole.removesuffix(ending)


@dataclass(frozen=True, slots=True)
class Words:
    """A text as words: `plain` as written in lower case, `formal` for the lists of phrases."""

    plain: tuple[str, ...]
    formal: tuple[str, ...]


def read(text: str, spelling: Spelling) -> Words:
    """Split a masked text into words; masks and links are no words."""
    if len(text) > _READ_CHARS:
        text = f"{text[: _READ_CHARS * 3 // 4]}\n{text[-_READ_CHARS // 4 :]}"
    plain = plain_words(text)
    return Words(plain, _formal(plain, spelling))


def plain_words(text: str) -> tuple[str, ...]:
    """Split a text into lower-case words and numbers; "#JalanRusak" is two words."""
    if "#" in text:
        text = _HASHTAG.sub(lambda found: _CAMEL.sub(" ", found[0]), text)
    return tuple(token for token in _TOKEN.findall(_MASK.sub(" ", text).lower()) if _is_word(token))


def salutation(text: str) -> str:
    """Return a leading "Yth. <office>," or "": where it says which kecamatan is written to."""
    found = _SALUTATION.match(text)
    return found[0] if found else ""


def without_salutation(text: str) -> str:
    """Drop a leading "Yth. <office>,": it says whom the text addresses, not what it is about."""
    rest = _SALUTATION.sub("", text, count=1)
    return rest if rest.strip() else text


def formalise(text: str, spelling: Spelling) -> str:
    """Write slang in full, in one line; every word not on a list stays as it was written."""

    def formal(found: re.Match[str]) -> str:
        word = found[0]
        listed = spelling.formal.get(word.lower())
        return " ".join(listed) if listed else word

    return " ".join(_LETTERS.sub(formal, text).split())


def _is_word(token: str) -> bool:
    return not (token.startswith("http") and "://" in token)


def _formal(plain: Sequence[str], spelling: Spelling) -> tuple[str, ...]:
    of = spelling.of
    return tuple(formal for word in plain for formal in of(word))
