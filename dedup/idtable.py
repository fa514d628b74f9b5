"""Numbers ids in about 26 bytes each, because dedup remembers every id for ever."""

import hashlib
from array import array

_WIDTH = 16
_FIRST_SLOTS = 1024


def key_of(text: str) -> bytes:
    """Return the 16 bytes of a canonical uuid; any other text is hashed to as many."""
    if len(text) == 36 and text == text.lower():
        try:
            if len(key := bytes.fromhex(text.replace("-", ""))) == _WIDTH:
                return key
        except ValueError:
            pass
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_WIDTH).digest()


class IdTable:
    """Numbers ids in the order in which they come: an open-addressed table over flat arrays."""

    def __init__(self) -> None:
        self._ids = bytearray()
        self._slots = array("I", bytes(4 * _FIRST_SLOTS))

    def __len__(self) -> int:
        return len(self._ids) // _WIDTH

    def find(self, key: bytes) -> int:
        """Return the number of an id, or -1."""
        return self._slots[self._slot(key)] - 1

    def add(self, key: bytes) -> int:
        """Return the number of an id; a new id gets the next one."""
        slot = self._slot(key)
        if self._slots[slot]:
            return self._slots[slot] - 1
        self._ids += key
        self._slots[slot] = len(self)
        if 3 * len(self) > 2 * len(self._slots):
            self._grow()
        return len(self) - 1

    def key(self, number: int) -> bytes:
        """Return the id of a number."""
        return bytes(self._ids[number * _WIDTH : (number + 1) * _WIDTH])

    def _slot(self, key: bytes) -> int:
        """Return the slot that holds an id, or the empty one where it belongs."""
        slots, ids, mask = self._slots, self._ids, len(self._slots) - 1
        slot = int.from_bytes(key[:8], "little") & mask
        while end := slots[slot] * _WIDTH:
            if ids[end - _WIDTH : end] == key:
                return slot
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        ids, mask = self._ids, 2 * len(self._slots) - 1
        slots = array("I", bytes(4 * (mask + 1)))
        for number in range(len(self)):
            start = number * _WIDTH
            slot = int.from_bytes(ids[start : start + 8], "little") & mask
            while slots[slot]:
                slot = (slot + 1) & mask
            slots[slot] = number + 1
        self._slots = slots


class Names:
    """Gives a small number to each of a few words that come again and again; 0 is no word."""

    def __init__(self) -> None:
        self._words = [""]
        self._numbers = {"": 0}

    def number(self, word: str) -> int:
        """Return the number of a word."""
        known = self._numbers.get(word)
        if known is None:
            known = self._numbers[word] = len(self._words)
            self._words.append(word)
        return known

    def word(self, number: int) -> str:
        """Return the word of a number."""
        return self._words[number]
