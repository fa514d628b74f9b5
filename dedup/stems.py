"""Cuts a word down to what its forms share: "kemacetan" and "macet", "berlubang" and "lubang".

Crude on purpose: it only has to treat two reports alike, never to find a root that is shown.
"""

import re

_LONG = 6
_BEFORE = re.compile(r"(?:ber|ter|per|meng|meny|mem|men|me|peng|peny|pem|pen|di|ke|se|pe)(?=.{4})")
_AFTER = re.compile(r"(?<=.{4})(?:kannya|annya|inya|nya|kan|lah|kah|an|i|ku|mu)$")


def stem(word: str) -> str:
    """Return what a lower-case word is compared by; short words and numbers are left alone."""
    if len(word) < _LONG or not word.isalpha():
        return word
    word = _AFTER.sub("", word)
    found = _BEFORE.match(word) if len(word) >= _LONG else None
    return word[found.end() :] if found else word
