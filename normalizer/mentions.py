"""Finds the names of places in a row of words, with the cue before each and what it can mean."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from normalizer.gazetteer import Gazetteer, Place
from normalizer.misspelt import closest

# Words that may stand between a cue and its name: "desa di Tlogo", "kec. kota Garum".
_BETWEEN = frozenset({"di", "kota", "wilayah", "daerah"})
_SPLIT = frozenset({"desa", "kecamatan"})
_FUZZY = 5
_LOOSE = 8
_NUMBER = frozenset({"no", "nomor", "km"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A name found in the text, the cue before it, and the areas it can mean."""

    name: str
    cue: str  # desa, dusun, kecamatan, kabupaten, kota, jalan, letak, arah, landmark, nama
    places: tuple[Place, ...]
    lead: str = ""  # the cue as written
    at: int = 0  # where it stands, and where what follows it begins
    end: int = 0

    @property
    def words(self) -> str:
        """The words as evidence."""
        return f"{self.lead} {self.name}".strip()


def mentions(words: Sequence[str], gazetteer: Gazetteer) -> Iterator[Mention]:
    """Yield the mentions in the order of the text."""
    at = 0
    while at < len(words):
        size = 1
        lead = _lead(words, at, gazetteer)
        if words[at] in gazetteer.heads or gazetteer.cues.get(lead) in _SPLIT:
            size, mention = _mention_at(words, at, lead, gazetteer)
            if mention is not None:
                yield replace(mention, at=at, end=at + size)
        at += size


def _mention_at(
    words: Sequence[str], at: int, lead: str, gazetteer: Gazetteer
) -> tuple[int, Mention | None]:
    """Return how many words to move on, and what was named here."""
    cue = gazetteer.cues.get(lead, "")
    for size in range(min(gazetteer.longest, len(words) - at), 0, -1):
        part = words[at : at + size]
        name = " ".join(part)
        if size > 1 and name in gazetteer.landmarks:
            return size, Mention(name, "landmark", (gazetteer.landmarks[name],))
        name = _official(part, cue, gazetteer)
        if name and name not in gazetteer.never:
            mention = _named(name, _street(cue, words, at + size), lead, gazetteer)
            mention = mention or _with_kecamatan(
                name, cue, words[at + size : at + size + 2], gazetteer
            )
            return (size if mention else 1), mention
    return _misspelt(words, at, lead, gazetteer)


def _official(part: Sequence[str], cue: str, gazetteer: Gazetteer) -> str:
    """Return the official name these words write, whole or parted or shortened, or ""."""
    name = " ".join(part)
    if name in gazetteer.by_name or name in gazetteer.kabkota:
        return name
    if len(part) > 1 and part[0] in gazetteer.short:
        name = " ".join([gazetteer.short[part[0]], *part[1:]])
        if name in gazetteer.by_name:
            return name
    joined = name.replace(" ", "")
    official = gazetteer.joined.get(joined, "")
    if official and (len(part) == 1 or cue in _SPLIT or len(joined) > _LOOSE):
        return official
    return ""


def _street(cue: str, words: Sequence[str], after: int) -> str:
    """Take a bare name before "raya" or a house number for a street's."""
    if cue not in ("", "ruas") or after >= len(words):
        return cue
    numbered = words[after] in _NUMBER and words[after + 1 : after + 2]
    if words[after] == "raya" or (numbered and words[after + 1].isdigit()):
        return "jalan"
    return cue


def _misspelt(
    words: Sequence[str], at: int, lead: str, gazetteer: Gazetteer
) -> tuple[int, Mention | None]:
    """Look for the name that was meant after a cue: "kel. Palmera", "kec Soekorejo"."""
    cue = gazetteer.cues.get(lead, "")
    if cue not in _SPLIT or at == 0 or words[at - 1] != lead:
        return 1, None
    level = "kecamatan" if cue == "kecamatan" else "desakel"
    names = gazetteer.spelt[level]
    for size in (2, 1):
        part = words[at : at + size]
        if len(part) < size or any(_plain(word, gazetteer) for word in part):
            continue
        written = "".join(part)
        known = " ".join(part) in gazetteer.national or written in gazetteer.national
        found = closest(written, names) if len(written) >= _FUZZY and not known else ""
        if found:
            places = tuple(p for p in gazetteer.by_name[found] if p.level == level)
            return size, Mention(" ".join(part), cue, places, lead)
    return 1, _beyond(words[at], cue, lead, gazetteer)


def _plain(word: str, gazetteer: Gazetteer) -> bool:
    """Tell whether a word is certainly no misspelt name."""
    return word in gazetteer.everyday or word in gazetteer.never or word.isdigit()


def _beyond(name: str, cue: str, lead: str, gazetteer: Gazetteer) -> Mention | None:
    """Know a kecamatan of a neighbour when its name is one in the province and no word."""
    places = gazetteer.beyond.get(name, ())
    word = name in gazetteer.everyday or name in gazetteer.words or name in gazetteer.cues
    if cue != "kecamatan" or len(places) != 1 or word or name in gazetteer.common:
        return None
    return Mention(name, cue, places, lead)


def _named(name: str, cue: str, lead: str, gazetteer: Gazetteer) -> Mention | None:
    places = gazetteer.by_name.get(name, ())
    home = gazetteer.by_kode[gazetteer.home]
    if cue in ("kabupaten", "kota"):
        places = tuple(p for p in gazetteer.kabkota.get(name, ()) if p.nama.lower().startswith(cue))
    elif cue == "kecamatan":
        places = tuple(p for p in places if p.level == "kecamatan")
    elif cue in ("desa", "dusun"):
        places = tuple(p for p in places if p.level == "desakel") or places
    elif cue == "orang":
        return None
    elif home in gazetteer.kabkota.get(name, ()):
        return Mention(name, "nama", (home,))
    elif not _meant(name, lead, cue, gazetteer):
        return None
    else:
        places = _prominent(places, gazetteer)
    return Mention(name, cue, places, lead) if places else None


def _meant(name: str, lead: str, cue: str, gazetteer: Gazetteer) -> bool:
    """Tell whether a name that is also a word is meant as a place: by what stands before it."""
    if name in gazetteer.everyday:
        return False
    elsewhere = name in gazetteer.kabkota and not any(
        p.level == "kecamatan" and gazetteer.at_home(p) for p in gazetteer.by_name.get(name, ())
    )
    if name in gazetteer.common or elsewhere:
        return cue == "daerah"
    cued = cue not in ("", "ruas") or lead in _SOFT
    return name not in gazetteer.words or cued


_SOFT = frozenset({"di", "nang", "ndek", "neng", "ing", "dari"})


def _with_kecamatan(
    name: str, cue: str, after: Sequence[str], gazetteer: Gazetteer
) -> Mention | None:
    """Take a common word for a desa when its kecamatan follows: "Semen Gandusari"."""
    if cue or not after:
        return None
    kecamatan = after[-1] if gazetteer.cues.get(after[0]) == "kecamatan" else after[0]
    codes = {p.kode for p in gazetteer.by_name.get(kecamatan, ()) if p.level == "kecamatan"}
    places = tuple(p for p in gazetteer.by_name.get(name, ()) if p.kode[:8] in codes)
    places = tuple(p for p in places if p.level == "desakel")
    return Mention(name, "", places) if places else None


def _lead(words: Sequence[str], at: int, gazetteer: Gazetteer) -> str:
    """Return the word before a name that tells how it is meant, or ""."""
    before = words[at - 1] if at else ""
    cue = gazetteer.cues.get(before, "")
    if cue == "kecamatan" and at > 1 and gazetteer.cues.get(words[at - 2]) == "desa":
        return words[at - 2]  # "Kel/Kec. Tandes"
    if cue not in _SPLIT and at > 1 and before in _BETWEEN:
        earlier = words[at - 2]
        if gazetteer.cues.get(earlier, "") in _SPLIT:
            return earlier
    return before if cue or before in _SOFT else ""


def _prominent(places: tuple[Place, ...], gazetteer: Gazetteer) -> tuple[Place, ...]:
    """Let a kecamatan of the tenant's own stand for its name when all there is are desa beside."""
    own = [p for p in places if p.level == "kecamatan" and gazetteer.at_home(p)]
    return (own[0],) if len(own) == 1 else places


_RT = re.compile(r"(?:rt|rw)")


def corner(words: Sequence[str]) -> str:
    """Return the first RT and RW of a text, as evidence: "rt 3 rw 5"."""
    found: dict[str, str] = {}
    for at, word in enumerate(words[:-1]):
        if _RT.fullmatch(word) and words[at + 1].isdigit() and word not in found:
            found[word] = words[at + 1].lstrip("0") or "0"
    return " ".join(f"{kind} {found[kind]}" for kind in ("rt", "rw") if kind in found)
