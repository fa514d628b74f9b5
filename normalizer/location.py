"""Finds the area a complaint is about: from names with their cues, landmarks, or a pin."""

import math
from collections.abc import Sequence
from dataclasses import replace

from core.schema import Explanation, Rival, Wilayah
from normalizer.gazetteer import Gazetteer, Place
from normalizer.mentions import Mention, corner, mentions

PIN_KM = 5.0
# How much a mention weighs when a text names several places; the first of the heaviest decides.
_RANK = {"desa": 4.0, "kecamatan": 4.0, "landmark": 3.0, "dusun": 1.5, "ruas": 1.2, "letak": 1.0}
_NAMED = 2.0
_CONFIDENCE = {
    "desa": 0.9,
    "kecamatan": 0.9,
    "landmark": 0.75,
    "dusun": 0.6,
    "ruas": 0.5,
    "letak": 0.5,
}
_BARE = 0.7
# Streets, rivers and directions are called after places and do not lie in them.
_WEAK = frozenset({"jalan", "arah"})


def locate(
    words: Sequence[str],
    addressed: Sequence[str],
    gazetteer: Gazetteer,
    pin: tuple[float | None, float | None],
) -> tuple[Wilayah, Explanation]:
    """Return the area and why; with a pin the pin decides, unless the text names a desa nearby.

    `addressed` is the salutation: the office written to counts only where the text names nothing.
    """
    told = [m for m in mentions(addressed, gazetteer) if m.cue in _SURE] if addressed else []
    wilayah, rule, told_by = _by_words(list(mentions(words, gazetteer)), told, gazetteer)
    if wilayah.kode and (where := corner(words)):
        wilayah = wilayah.model_copy(update={"evidence": f"{wilayah.evidence}; {where}"})
    lat, lon = pin
    if lat is not None and lon is not None:
        wilayah, rule, told_by = _by_pin(wilayah, told_by, gazetteer, lat, lon) or (
            wilayah.model_copy(update={"lat": lat, "lon": lon}),
            f"{rule}; titik di luar jangkauan",
            told_by,
        )
    return wilayah, Explanation(field="wilayah", value=wilayah.kode, rule=rule, words=told_by)


_Found = tuple[Wilayah, str, tuple[str, ...]]


def _by_words(named: list[Mention], addressed: list[Mention], gazetteer: Gazetteer) -> _Found:
    usable = [m for m in named if m.cue not in _WEAK]
    if gazetteer.is_city:
        usable = [m for m in usable if m.cue != "ruas" or _agrees(m, usable)]
    kabkota = [m for m in usable if m.cue in ("kabupaten", "kota")]
    kecamatan = [m for m in usable if m not in kabkota and _level(m) == "kecamatan"]
    kecamatan.sort(key=lambda m: (not gazetteer.inside(m.places[0]), _weight(m)))
    wider = kecamatan or [m for m in addressed if _level(m) == "kecamatan"]
    below = [_narrow(m, wider, kabkota) for m in usable if _level(m) == "desakel"]
    below = [_at_home(m, gazetteer) for m in below] if not kabkota else below
    below.sort(key=_weight)
    outside = [m for m in kabkota if _far(m, gazetteer)]
    if outside and not any(m.cue in _SURE for m in (*below, *kecamatan)):
        return _found(gazetteer, outside[0].places[0], 0.8, "wilayah lain disebut", outside[:1])
    if below and len(below[0].places) == 1 and (found := _desa(below, kecamatan, gazetteer)):
        return found
    if kecamatan:
        between = _between(kecamatan, gazetteer)
        return between or _kecamatan(kecamatan[0], below, gazetteer)
    if below:
        return _open(below[0], gazetteer)
    rest = [*kabkota, *(m for m in usable if m.cue in ("nama", "landmark"))]
    return _otherwise(addressed, rest, [m for m in named if m.cue in _WEAK], gazetteer)


def _otherwise(
    addressed: list[Mention], rest: list[Mention], weak: list[Mention], gazetteer: Gazetteer
) -> _Found:
    """Say what can be said when no kecamatan and no desa is named."""
    if addressed:
        return _addressed(addressed, gazetteer)
    return _kabkota(rest[0], gazetteer) if rest else _nothing(weak)


def _agrees(mention: Mention, named: list[Mention]) -> bool:
    """Tell whether the text also names the kecamatan that this lies in."""
    codes = {p.kode for m in named if m.cue == "kecamatan" for p in m.places}
    return any(place.kode[:8] in codes for place in mention.places)


def _weight(mention: Mention) -> float:
    """Sort the heaviest first; of equals the one with one reading."""
    return -_RANK.get(mention.cue, _NAMED) - (0.25 if len(mention.places) == 1 else 0)


def _nothing(weak: list[Mention]) -> _Found:
    if not weak:
        return Wilayah(), "tidak ada nama wilayah", ()
    words = (weak[0].words,)
    rivals = _rivals(weak[0].places)
    return Wilayah(rivals=rivals), "hanya nama jalan, sungai atau arah", words


def _addressed(addressed: list[Mention], gazetteer: Gazetteer) -> _Found:
    """Take the kecamatan or desa whose office the text is addressed to."""
    sure = [m for m in addressed if len(m.places) == 1]
    if not sure:
        return _open(addressed[0], gazetteer)
    return _found(gazetteer, sure[0].places[0], 0.5, "kantor yang disapa", sure[:1])


_SURE = frozenset({"desa", "kecamatan", "landmark"})


def _level(mention: Mention) -> str:
    """Return the level of a mention whose readings agree; mixed readings count as desa."""
    levels = {place.level for place in mention.places}
    return levels.pop() if len(levels) == 1 else "desakel"


def _far(mention: Mention, gazetteer: Gazetteer) -> bool:
    """Tell whether a kabupaten or kota is neither the tenant's nor its namesake's."""
    kode = mention.places[0].kode
    return gazetteer.home != kode and not any(
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


def _at_home(mention: Mention, gazetteer: Gazetteer) -> Mention:
    """Prefer the office's own areas to its namesake's."""
    own = tuple(place for place in mention.places if gazetteer.at_home(place))
    return replace(mention, places=own) if own else mention


def _desa(below: list[Mention], kecamatan: list[Mention], gazetteer: Gazetteer) -> _Found | None:
    """Return the desa that is named, or None where the kecamatan knows better or two compete."""
    mention = below[0]
    place = mention.places[0]
    agreeing = [m for m in kecamatan if any(place.kode.startswith(p.kode) for p in m.places)]
    apart = not mention.cue and not _beside(mention, agreeing)
    if agreeing and mention.cue != "letak" and not apart:
        told_by = [mention, *agreeing[:1]]
        return _found(gazetteer, place, 0.95, "desa dan kecamatan disebut", told_by)
    if any(m.cue == "kecamatan" for m in kecamatan):
        return None
    rivals = _rivals_of(below)
    if mention.cue == "letak" or rivals:
        return _shared([mention, *rivals], gazetteer)
    confidence = _CONFIDENCE.get(mention.cue, _BARE)
    return _found(gazetteer, place, confidence, "nama desa/kelurahan", [mention])


# How far a bare name may stand from its kecamatan: "Tlogo RT 3 RW 5 kec Kanigoro".
_NEAR = 5


def _beside(mention: Mention, kecamatan: list[Mention]) -> bool:
    """Tell whether a name without a cue stands beside a kecamatan, as desa do in addresses."""
    return any(m.cue != "kecamatan" or -_NEAR <= m.at - mention.end <= _NEAR for m in kecamatan)


def _rivals_of(below: list[Mention]) -> list[Mention]:
    """Return the other desa a text names just as clearly as the first."""
    first = below[0]
    return [m for m in below[1:] if m.cue == first.cue and m.places[0].kode != first.places[0].kode]


def _shared(several: list[Mention], gazetteer: Gazetteer) -> _Found | None:
    """Stay at the kecamatan that several desa share; the first one decides if they share none."""
    places = [m.places[0] for m in several if len(m.places) == 1]
    parents = {place.kode[:8] for place in places}
    parent = gazetteer.by_kode.get(places[0].kode[:8])
    if len(parents) > 1 or parent is None:
        place, rule = places[0], f"yang pertama dari {len(parents)} kecamatan"
        confidence = 0.4
    else:
        place, rule, confidence = parent, "beberapa tempat di satu kecamatan", 0.6
    wilayah, rule, words = _found(gazetteer, place, confidence, rule, several[:3])
    return wilayah.model_copy(update={"rivals": _rivals(tuple(places))}), rule, words


def _between(kecamatan: list[Mention], gazetteer: Gazetteer) -> _Found | None:
    """Leave it open when several kecamatan are named alike: "jalan Ngaliyan - Mijen"."""
    first = kecamatan[0]
    alike = [m for m in kecamatan if m.cue == first.cue and m.cue != "kecamatan"]
    places = {m.places[0].kode: m.places[0] for m in alike}
    if len(places) < 2 or not all(gazetteer.at_home(place) for place in places.values()):
        return None
    home = gazetteer.by_kode[gazetteer.home]
    wilayah, rule, words = _found(gazetteer, home, 0.5, "beberapa kecamatan disebut", alike[:3])
    return wilayah.model_copy(update={"rivals": _rivals(tuple(places.values()))}), rule, words


def _kecamatan(mention: Mention, below: list[Mention], gazetteer: Gazetteer) -> _Found:
    place = mention.places[0]
    confidence = _CONFIDENCE.get(mention.cue, _BARE)
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
