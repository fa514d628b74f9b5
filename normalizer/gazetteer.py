"""The tenant's areas by name: its kabupaten or kota, the neighbour of the same name, landmarks."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.errors import ConfigError
from normalizer.files import Files

WILAYAH = "wilayah.csv.gz"
PLACES = "places.toml"

_HEAD = "kode,nama,level,tipe,lat,lng"
_KABKOTA = len("35.05")
_CUES = ("desa", "dusun", "kecamatan", "kabupaten", "kota", "jalan", "orang")
_WORD = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, slots=True)
class Place:
    """One official area."""

    kode: str
    nama: str
    level: str  # provinsi, kabkota, kecamatan, desakel
    lat: float | None
    lon: float | None


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Names an office's citizens use for places, in lower case, with what each can mean."""

    home: str
    by_kode: Mapping[str, Place]
    by_name: Mapping[str, tuple[Place, ...]]
    joined: Mapping[str, tuple[Place, ...]]  # "sumberagung", also written in two words
    kabkota: Mapping[str, tuple[Place, ...]]  # by name without its type, the whole country
    landmarks: Mapping[str, Place]
    longest: int
    common: frozenset[str]
    cues: Mapping[str, str]
    desa: tuple[Place, ...]  # those with a centroid, for pins

    def parent(self, kode: str) -> Place | None:
        """Return the area one level up."""
        return self.by_kode.get(kode.rpartition(".")[0])

    def at_home(self, place: Place) -> bool:
        """Tell whether a place lies in the tenant's own area."""
        return place.kode == self.home or place.kode.startswith(self.home + ".")


def load(files: Files, tenant_dir: str, home: str) -> Gazetteer:
    """Build the gazetteer of one tenant from the national list and the tenant's landmarks."""
    places, kabkota = _read_places(files, home)
    by_kode = {place.kode: place for place in (*kabkota, *places)}
    if home not in by_kode:
        raise ConfigError(f"{files.root / WILAYAH}: kode wilayah {home!r} tidak ada di daftar")
    table = files.toml(PLACES)
    names = files.table(PLACES, table, "nama")
    by_name = _by_name(places)
    for alias, official in files.mapping(PLACES, names, "lain").items():
        if official in by_name:
            by_name.setdefault(alias, by_name[official])
    landmarks = dict(_landmarks(files, f"{tenant_dir}/landmarks.csv", by_kode))
    return Gazetteer(
        home=home,
        by_kode=by_kode,
        by_name=by_name,
        joined={
            name: found for name, found in by_name.items() if len(name) >= 8 and " " not in name
        },
        kabkota=_by_name(kabkota),
        landmarks=landmarks,
        longest=max((name.count(" ") + 1 for name in (*by_name, *landmarks)), default=1),
        common=frozenset(files.strings(PLACES, names, "umum")),
        cues=_cues(files, files.table(PLACES, table, "penunjuk")),
        desa=tuple(place for place in places if place.level == "desakel" and place.lat is not None),
    )


def read_areas(files: Files, home: str) -> list[Place]:
    """Return a kabupaten or kota and everything in it. Raises ConfigError if there is none."""
    lines = files.gzipped(WILAYAH).splitlines()
    found = list(
        _parse(files, [line for line in lines if line.startswith((f"{home},", f"{home}."))])
    )
    if not found or found[0].level != "kabkota":
        raise ConfigError(f"kode wilayah {home!r}: tidak ada kabupaten/kota dengan kode ini")
    return found


def name_of(place: Place) -> str:
    """Return a place's name as citizens write it: lower case, no "Kabupaten" before it."""
    words = _WORD.findall(place.nama.lower())
    if place.level == "kabkota" and len(words) > 1 and words[0] in ("kabupaten", "kota"):
        words = words[1:]
    return " ".join(words)


def _read_places(files: Files, home: str) -> tuple[list[Place], list[Place]]:
    """Read the tenant's areas and those of its namesake, and every kabupaten and kota."""
    lines = files.gzipped(WILAYAH).splitlines()
    if not lines or lines[0] != _HEAD:
        raise files.error(WILAYAH, "baris 1", f"kepala kolom harus {_HEAD}")
    kabkota = list(_parse(files, [line for line in lines if line[_KABKOTA : _KABKOTA + 1] == ","]))
    mine = next((place for place in kabkota if place.kode == home), None)
    homes = [home]
    if mine is not None:
        homes += [
            place.kode
            for place in kabkota
            if place.kode != home and place.kode[:3] == home[:3] and name_of(place) == name_of(mine)
        ]
    prefixes = tuple(f"{kode}." for kode in homes)
    below = [line for line in lines if line.startswith(prefixes)]
    province = [line for line in lines if line.startswith(f"{home[:2]},")]
    places = [place for place in _parse(files, [*province, *below]) if place.level != "kabkota"]
    return places, kabkota


def _parse(files: Files, lines: Sequence[str]) -> Iterator[Place]:
    for row in csv.reader(lines):
        try:
            kode, nama, level, _, lat, lon = row
            yield Place(kode, nama, level, float(lat) if lat else None, float(lon) if lon else None)
        except ValueError as error:
            raise files.error(WILAYAH, f"baris {','.join(row)!r}", str(error)) from error


def _by_name(places: Sequence[Place]) -> dict[str, tuple[Place, ...]]:
    names: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        if place.level != "provinsi":
            names[name_of(place)].append(place)
    return {name: tuple(found) for name, found in names.items() if name}


def _landmarks(
    files: Files, name: str, by_kode: Mapping[str, Place]
) -> Iterator[tuple[str, Place]]:
    for line, (nama, kode, _) in files.rows(name, ("nama", "wilayah_kode", "status"), True):
        if kode not in by_kode:
            raise files.error(name, f"baris {line}", f"wilayah_kode {kode!r} tidak dikenal")
        yield " ".join(_WORD.findall(nama.lower())), by_kode[kode]


def _cues(files: Files, table: Mapping[str, object]) -> dict[str, str]:
    unknown = sorted(set(table) - set(_CUES))
    if unknown:
        raise files.error(PLACES, f"[penunjuk] {unknown[0]}", "tidak dikenal")
    return {word: cue for cue in _CUES for word in files.strings(PLACES, table, cue)}
