"""The tenant's areas by name: its kabupaten or kota, the neighbour of the same name, landmarks."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.errors import ConfigError
from normalizer.files import Files
from normalizer.misspelt import Names

WILAYAH = "wilayah.csv.gz"
PLACES = "places.toml"

_HEAD = "kode,nama,level,tipe,lat,lng"
_KABKOTA = len("35.05")
_KECAMATAN = len("35.05.10")
WORDS = "kata_umum.csv"
_CUES = (
    "desa", "dusun", "kecamatan", "kabupaten", "kota", "jalan", "orang", "daerah", "letak", "arah",
    "ruas",
)  # fmt: skip
_JOINED = 7
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
    joined: Mapping[str, str]  # names without their blanks: "sumberagung", "tanjungmas"
    kabkota: Mapping[str, tuple[Place, ...]]  # by name without its type, the whole country
    landmarks: Mapping[str, Place]
    longest: int
    common: frozenset[str]  # names that need a cue: "desa", or at least "daerah"
    words: frozenset[str]  # names that are words too: "di" before them will do
    everyday: frozenset[str]  # words of complaints: never a place without "desa" or "kecamatan"
    national: frozenset[str]  # names of desa and kecamatan anywhere: rightly spelt, but elsewhere
    never: frozenset[str]  # words that are no place even after "desa": "desa sedang ..."
    short: Mapping[str, str]  # "kr" for "karang"
    cues: Mapping[str, str]
    heads: frozenset[str]  # the first words of all names
    spelt: Mapping[str, Names]  # for names that are misspelt
    beyond: Mapping[str, tuple[Place, ...]]  # kecamatan elsewhere in the province
    desa: tuple[Place, ...]  # those with a centroid, for pins

    def parent(self, kode: str) -> Place | None:
        """Return the area one level up."""
        return self.by_kode.get(kode.rpartition(".")[0])

    def at_home(self, place: Place) -> bool:
        """Tell whether a place lies in the tenant's own area."""
        return place.kode == self.home or place.kode.startswith(self.home + ".")

    @property
    def is_city(self) -> bool:
        """Whether the tenant is a kota: their codes begin at 71."""
        return self.home[3:4] == "7"

    def inside(self, place: Place) -> bool:
        """Tell whether a place is one of the tenant's or its namesake's."""
        return place.kode in self.by_kode


def load(
    files: Files, tenant_dir: str, home: str, vocabulary: frozenset[str] = frozenset()
) -> Gazetteer:
    """Build the gazetteer of one tenant from the national list and the tenant's own files."""
    lines = files.gzipped(WILAYAH).splitlines()
    places, kabkota, beyond = _read_places(files, lines, home)
    by_kode = {place.kode: place for place in (*kabkota, *places)}
    if home not in by_kode:
        raise ConfigError(f"{files.root / WILAYAH}: kode wilayah {home!r} tidak ada di daftar")
    table = files.toml(PLACES)
    names = files.table(PLACES, table, "nama")
    by_name = _by_name(places)
    others = [*files.mapping(PLACES, names, "lain").items(), *_own_names(files, tenant_dir)]
    for alias, official in others:
        if official in by_name:
            by_name.setdefault(alias, by_name[official])
    _add_bases(by_name)
    landmarks = dict(_landmarks(files, f"{tenant_dir}/landmarks.csv", by_kode))
    kabkota_names = _by_name(kabkota)
    short = files.mapping(PLACES, names, "singkatan")
    joined = {key: name for name in by_name if len(key := name.replace(" ", "")) >= _JOINED}
    heads = {name.split()[0] for name in (*by_name, *landmarks, *kabkota_names)}
    return Gazetteer(
        home=home,
        by_kode=by_kode,
        by_name=by_name,
        joined=joined,
        kabkota=kabkota_names,
        landmarks=landmarks,
        longest=max((name.count(" ") + 1 for name in (*by_name, *landmarks)), default=1),
        common=frozenset(files.strings(PLACES, names, "umum")),
        words=frozenset(row[0] for _, row in files.rows(WORDS, ("kata",))),
        everyday=vocabulary,
        national=frozenset(line.split(",", 2)[1].lower() for line in lines),
        never=frozenset(files.strings(PLACES, names, "bukan")),
        short=short,
        cues=_cues(files, files.table(PLACES, table, "penunjuk")),
        heads=frozenset(heads | set(joined) | set(short) | _parts(joined)),
        spelt={
            level: Names({n: p for n, p in by_name.items() if any(a.level == level for a in p)})
            for level in ("kecamatan", "desakel")
        },
        beyond=_by_name(beyond),
        desa=tuple(place for place in places if place.level == "desakel" and place.lat is not None),
    )


def _parts(joined: Mapping[str, str]) -> set[str]:
    """Return how a name in one word may begin when it is written in two: "sumber agung"."""
    return {name[:size] for name in joined for size in range(3, len(name) - 2)}


_SIDES = frozenset(
    {"kulon", "wetan", "lor", "kidul", "utara", "selatan", "barat", "timur", "tengah"}
)


def _add_bases(by_name: dict[str, tuple[Place, ...]]) -> None:
    """Let "Tlogosari" stand for Tlogosari Kulon and Tlogosari Wetan."""
    bases: dict[str, list[Place]] = defaultdict(list)
    for name, places in by_name.items():
        base, _, side = name.rpartition(" ")
        if base and side in _SIDES:
            bases[base] += [place for place in places if place.level == "desakel"]
    for base, found in bases.items():
        if len({place.kode for place in found}) > 1:
            by_name.setdefault(base, tuple(found))


def _own_names(files: Files, tenant_dir: str) -> Iterator[tuple[str, str]]:
    """Yield the other names an office has written beside its areas, several parted by "|"."""
    for _, row in files.rows(f"{tenant_dir}/wilayah.csv", ("kode", "nama", "nama_lain"), True):
        for alias in row[2].split("|"):
            if alias.strip():
                yield (
                    " ".join(_WORD.findall(alias.lower())),
                    " ".join(_WORD.findall(row[1].lower())),
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


def _read_places(
    files: Files, lines: Sequence[str], home: str
) -> tuple[list[Place], list[Place], list[Place]]:
    """Read the tenant's areas and its namesake's, every kabupaten, and the province's kecamatan."""
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
    mine_or_namesake = tuple(homes)
    beyond = [
        line
        for line in lines
        if line[_KECAMATAN : _KECAMATAN + 1] == ","
        and line[:2] == home[:2]
        and not line.startswith(mine_or_namesake)
    ]
    return places, kabkota, list(_parse(files, beyond))


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
