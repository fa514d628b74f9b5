"""Finds the area a complaint is about: from names with their cues, landmarks, or a pin."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.schema import Explanation, Rival, Wilayah
from normalizer.gazetteer import Gazetteer, Place

PIN_KM = 5.0
# How much a mention weighs when a text names several places; the first of the heaviest decides.
_RANK = {"desa": 4, "kecamatan": 4, "landmark": 3, "": 2, "dusun": 1.5, "jalan": 0.5}
_CONFIDENCE = {
    "desa": 0.9,
    "kecamatan": 0.9,
    "landmark": 0.75,
    "": 0.7,
    "dusun": 0.6,
    "jalan": 0.4,
}
# Words that may stand between a cue and its name: "desa di Tlogo", "kec. kota Garum".
_BETWEEN = frozenset({"di", "kec", "wilayah", "daerah"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A name found in the text, the cue before it, and the areas it can mean."""

    name: str
    cue: str  # the kind of cue: desa, dusun, kecamatan, kabupaten, kota, jalan, landmark, nama
    places: tuple[Place, ...]
    lead: str = ""  # the cue as written

    @property
    def words(self) -> str:
        """The words as evidence."""
        return f"{self.lead} {self.name}".strip()


def locate(
    words: Sequence[str], gazetteer: Gazetteer, lat: float | None, lon: float | None
) -> tuple[Wilayah, Explanation]:
    """Return the area and why; with a pin the pin decides, unless the text names a desa nearby."""
    wilayah, rule, told_by = _by_words(list(_mentions(words, gazetteer)), gazetteer)
    if lat is not None and lon is not None:
        wilayah, rule, told_by = _by_pin(wilayah, told_by, gazetteer, lat, lon) or (
            wilayah.model_copy(update={"lat": lat, "lon": lon}),
            f"{rule}; titik di luar jangkauan",
            told_by,
        )
    return wilayah, Explanation(field="wilayah", value=wilayah.kode, rule=rule, words=told_by)


def _mentions(words: Sequence[str], gazetteer: Gazetteer) -> Iterator[Mention]:
    at = 0
    while at < len(words):
        size, mention = _mention_at(words, at, gazetteer)
        if mention is not None:
            yield mention
        at += size


def _mention_at(words: Sequence[str], at: int, gazetteer: Gazetteer) -> tuple[int, Mention | None]:
    """Return how many words to move on, and what was named here."""
    lead = _lead(words, at, gazetteer)
    cue = gazetteer.cues.get(lead, "")
    if cue in _SPLIT and at + 1 < len(words):
        joined = words[at] + words[at + 1]
        if joined in gazetteer.joined:
            return 2, _named(joined, cue, lead, gazetteer)
    for size in range(min(gazetteer.longest, len(words) - at), 0, -1):
        name = " ".join(words[at : at + size]) if size > 1 else words[at]
        if size > 1 and name in gazetteer.landmarks:
            return size, Mention(name, "landmark", (gazetteer.landmarks[name],))
        if name in gazetteer.by_name or name in gazetteer.kabkota:
            mention = _named(name, cue, lead, gazetteer)
            mention = mention or _with_kecamatan(
                name, cue, words[at + size : at + size + 2], gazetteer
            )
            return (size if mention else 1), mention
    return 1, None


# After these a name in two words is read as one: "desa sumber agung".
_SPLIT = frozenset({"desa", "kecamatan"})


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
    elif name in gazetteer.common:
        return None
    else:
        places = _prominent(places, gazetteer)
    return Mention(name, cue, places, lead) if places else None


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
    """Return the cue word that stands before a name, or ""."""
    if at and words[at - 1] in gazetteer.cues:
        return words[at - 1]
    if at > 1 and words[at - 1] in _BETWEEN and words[at - 2] in gazetteer.cues:
        return words[at - 2]
    return ""


def _prominent(places: tuple[Place, ...], gazetteer: Gazetteer) -> tuple[Place, ...]:
    """Let a kecamatan of the tenant's own stand for its name when all there is are desa beside."""
    own = [p for p in places if p.level == "kecamatan" and gazetteer.at_home(p)]
    return (own[0],) if len(own) == 1 else places


_Found = tuple[Wilayah, str, tuple[str, ...]]


def _by_words(mentions: list[Mention], gazetteer: Gazetteer) -> _Found:
    kabkota = [m for m in mentions if m.cue in ("kabupaten", "kota")]
    kecamatan = [m for m in mentions if m not in kabkota and _level(m) == "kecamatan"]
    below = [_narrow(m, kecamatan, kabkota) for m in mentions if _level(m) == "desakel"]
    below.sort(key=lambda m: -_RANK.get(m.cue, 0) - (0.25 if len(m.places) == 1 else 0))
    outside = [
        m for m in kabkota if m.places[0].kode not in gazetteer.by_kode or _far(m, gazetteer)
    ]
    if outside and not any(m.cue in _SURE for m in (*below, *kecamatan)):
        return _found(gazetteer, outside[0].places[0], 0.8, "wilayah lain disebut", outside[:1])
    if below and len(below[0].places) == 1:
        return _desa(below[0], kecamatan, gazetteer)
    if kecamatan:
        return _kecamatan(kecamatan[0], below, gazetteer)
    if below:
        return _open(below[0], gazetteer)
    named = [*kabkota, *(m for m in mentions if m.cue in ("nama", "landmark"))]
    if named:
        return _kabkota(named[0], gazetteer)
    return Wilayah(), "tidak ada nama wilayah", ()


_SURE = frozenset({"desa", "kecamatan", "landmark"})


def _level(mention: Mention) -> str:
    """Return the level of a mention whose readings agree; mixed readings count as desa."""
    levels = {place.level for place in mention.places}
    return levels.pop() if len(levels) == 1 else "desakel"


def _far(mention: Mention, gazetteer: Gazetteer) -> bool:
    """Tell whether a kabupaten or kota is neither the tenant's nor its namesake's."""
    kode = mention.places[0].kode
    return gazetteer.home not in (kode, kode[:2]) and not any(
        place.kode.startswith(f"{kode}.") for place in gazetteer.desa
    )


def _narrow(mention: Mention, kecamatan: list[Mention], kabkota: list[Mention]) -> Mention:
    """Keep the readings that lie in an area the text also names, if any does."""
    for wider in (kecamatan, kabkota):
        codes = tuple(f"{place.kode}." for named in wider for place in named.places)
        inside = tuple(p for p in mention.places if codes and f"{p.kode}.".startswith(codes))
        if inside:
            mention = replace(mention, places=inside)
    return mention


def _desa(mention: Mention, kecamatan: list[Mention], gazetteer: Gazetteer) -> _Found:
    place = mention.places[0]
    agreeing = [m for m in kecamatan if any(place.kode.startswith(p.kode) for p in m.places)]
    cued = [m for m in kecamatan if m.cue == "kecamatan"]
    if cued and not agreeing:
        return _kecamatan(cued[0], [mention], gazetteer)
    if agreeing:
        return _found(
            gazetteer, place, 0.95, "desa dan kecamatan disebut", [mention, *agreeing[:1]]
        )
    confidence = _CONFIDENCE.get(mention.cue, 0.5)
    return _found(gazetteer, place, confidence, "nama desa/kelurahan", [mention])


def _kecamatan(mention: Mention, below: list[Mention], gazetteer: Gazetteer) -> _Found:
    place = mention.places[0]
    confidence = _CONFIDENCE.get(mention.cue, 0.5)
    wilayah, rule, words = _found(gazetteer, place, confidence, "nama kecamatan", [mention])
    rivals = tuple(p for m in below[:1] for p in m.places) + mention.places[1:]
    return wilayah.model_copy(update={"rivals": _rivals(rivals)}), rule, words


def _open(mention: Mention, gazetteer: Gazetteer) -> _Found:
    """Leave a name open that several areas share: the code stays at what they have in common."""
    common = {place.kode[:8] for place in mention.places}
    kode = common.pop() if len(common) == 1 else gazetteer.home
    place = gazetteer.by_kode.get(kode) or gazetteer.by_kode[gazetteer.home]
    wilayah, _, words = _found(gazetteer, place, 0.3, "", [mention])
    rule = f"nama dipakai {len(mention.places)} wilayah"
    return wilayah.model_copy(update={"rivals": _rivals(mention.places)}), rule, words


def _kabkota(mention: Mention, gazetteer: Gazetteer) -> _Found:
    place = mention.places[0]
    if mention.cue != "nama":
        return _found(gazetteer, place, 0.8, "kabupaten/kota disebut", [mention])
    others = [p for p in gazetteer.kabkota.get(mention.name, ()) if p != place]
    wilayah, rule, words = _found(gazetteer, place, 0.4, "hanya nama kabupaten/kota", [mention])
    return wilayah.model_copy(update={"rivals": _rivals(tuple(others))}), rule, words


def _rivals(places: tuple[Place, ...]) -> tuple[Rival, ...]:
    return tuple(Rival(kode=place.kode, nama=place.nama) for place in places[:10])


def _found(
    gazetteer: Gazetteer, place: Place, confidence: float, rule: str, mentions: Sequence[Mention]
) -> _Found:
    words = tuple(mention.words for mention in mentions)
    return _wilayah(gazetteer, place, confidence, "; ".join(words)), rule, words


def _wilayah(gazetteer: Gazetteer, place: Place, confidence: float, evidence: str) -> Wilayah:
    names = {"kabkota": "", "kecamatan": "", "desakel": ""}
    level: Place | None = place
    while level is not None and level.level in names:
        names[level.level] = level.nama
        level = gazetteer.parent(level.kode)
    return Wilayah(
        kode=place.kode,
        kabupaten_kota=names["kabkota"],
        kecamatan=names["kecamatan"],
        kelurahan_desa=names["desakel"],
        lat=place.lat,
        lon=place.lon,
        confidence=confidence,
        evidence=evidence,
    )


def _by_pin(
    named: Wilayah, words: tuple[str, ...], gazetteer: Gazetteer, lat: float, lon: float
) -> _Found | None:
    """Take the desa the text names if it is near the pin, else the nearest one to the pin."""
    text_desa = gazetteer.by_kode.get(named.kode)
    if text_desa and named.kelurahan_desa and distance_km(text_desa, lat, lon) <= PIN_KM:
        place, rule = text_desa, "titik dan nama desa cocok"
    else:
        nearest = min(
            gazetteer.desa, key=lambda desa: (distance_km(desa, lat, lon), desa.kode), default=None
        )
        if nearest is None or distance_km(nearest, lat, lon) > PIN_KM:
            return None
        place, rule, words = nearest, "titik: desa terdekat", ("pin",)
    wilayah = _wilayah(gazetteer, place, 0.9, "pin")
    return wilayah.model_copy(update={"lat": lat, "lon": lon}), rule, words


def distance_km(place: Place, lat: float, lon: float) -> float:
    """Measure on a plane: exact enough within one regency."""
    if place.lat is None or place.lon is None:
        return math.inf
    dy = (place.lat - lat) * 110.6
    dx = (place.lon - lon) * 111.3 * math.cos(math.radians(lat))
    return math.hypot(dx, dy)
