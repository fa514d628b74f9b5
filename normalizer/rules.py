"""Loads the rule files of config/ into frozen tables, and says in a sentence what is wrong."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from normalizer import gazetteer
from normalizer.files import Files, Table
from normalizer.gazetteer import Gazetteer
from normalizer.kategori import LAINNYA, Kategori
from normalizer.language import LanguageWords
from normalizer.lexicon import Lexicon, Phrase
from normalizer.routing import Routing
from normalizer.text import Spelling, skeletons

# Raise it when code changes what the same words mean, so that a replay makes new versions.
_CODE = "1"

CATEGORIES = "categories.toml"
KLASIFIKASI = "klasifikasi.toml"
FLAGS = "flags.toml"
URGENCY = "urgency.toml"
ELSEWHERE = "kewenangan.toml"
LESSONS = "pelajaran.toml"
LANGUAGE = "language.toml"
SLANG = "slang.csv"
JAVANESE = "javanese.csv"

_STRENGTH = {"kuat": 3.0, "sedang": 2.0, "lemah": 1.0}
_TOPIC = _STRENGTH | {"kurang": -2.0}
_URGENCY = ("emergency", "high", "danger", "low")
_WORD = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything `normalize` decides by, for one tenant."""

    version: str
    spelling: Spelling
    language: LanguageWords
    gazetteer: Gazetteer
    lexicon: Lexicon
    greetings: frozenset[str]
    kategori: Mapping[str, Kategori]
    routing: Routing
    phrases: tuple[Phrase, ...] = ()

    def taught(self, lessons: Mapping[str, Sequence[str]]) -> "Rules":
        """Return the rules with more words for their kategori."""
        more = [
            Phrase("kategori", kode, _STRENGTH["sedang"], (word,))
            for kode, words in lessons.items()
            for word in words
        ]
        return replace(self, lexicon=Lexicon.of([*self.phrases, *more]))

    @classmethod
    def load(cls, config_dir: Path, tenant: str, wilayah_kode: str) -> "Rules":
        """Read the rule files; raise ConfigError naming the file and place of a mistake."""
        files = Files(Path(config_dir))
        tenant_dir = f"tenants/{tenant}"
        formal, language = _languages(files)
        writing = _Writing(files, formal)
        categories, phrases = _categories(writing)
        phrases += _lessons(writing, f"{tenant_dir}/{LESSONS}", categories)
        phrases += _elsewhere(writing, categories)
        phrases += [*_klasifikasi(writing), *_flags(writing), *_urgency(writing)]
        everyday = _everyday(phrases, formal)
        routing, more = _routing(writing, tenant_dir, categories)
        phrases += more
        greetings = _greetings(files)
        known = frozenset(w for p in phrases for w in (*p.words, *p.near)) | greetings
        places = gazetteer.load(files, tenant_dir, wilayah_kode, everyday)
        return cls(
            version=files.version(_CODE, wilayah_kode),
            spelling=Spelling(formal, known, skeletons(known)),
            language=language,
            gazetteer=places,
            lexicon=Lexicon.of(phrases),
            greetings=greetings,
            kategori=categories,
            routing=routing,
            phrases=tuple(phrases),
        )


def _everyday(phrases: list[Phrase], formal: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the words complaints are made of: as names of places they need a cue."""
    told = {word for phrase in phrases for word in (*phrase.words, *phrase.near)}
    return frozenset(told | set(formal) | {w for words in formal.values() for w in words})


@dataclass(frozen=True, slots=True)
class _Writing:
    """Reads phrases as the rule files write them into the formal words of a text."""

    files: Files
    formal: Mapping[str, tuple[str, ...]]

    def phrases(
        self, name: str, table: Table, key: str, target: tuple[str, str, float]
    ) -> Iterator[Phrase]:
        field, label, weight = target
        for written in self.files.strings(name, table, key):
            sides = [self._words(side) for side in written.split("~")]
            if not all(sides) or len(sides) > 2:
                raise self.files.error(name, f"{label}.{key}", f"{written!r} tidak dapat dibaca")
            near = tuple(sides[1]) if len(sides) > 1 else ()
            yield Phrase(field, label, weight, tuple(sides[0]), near)

    def _words(self, side: str) -> list[str]:
        return [w for word in _WORD.findall(side.lower()) for w in self.formal.get(word, (word,))]


def _languages(files: Files) -> tuple[dict[str, tuple[str, ...]], LanguageWords]:
    formal: dict[str, tuple[str, ...]] = {}
    javanese = set()
    for line, (kata, arti, penanda) in files.rows(JAVANESE, ("kata", "arti", "penanda")):
        if not kata or not arti or penanda not in ("0", "1"):
            raise files.error(JAVANESE, f"baris {line}", "kata dan arti wajib, penanda 0 atau 1")
        formal[kata] = tuple(arti.split())
        if penanda == "1":
            javanese.add(kata)
    for line, (kata, baku) in files.rows(SLANG, ("kata", "baku")):
        if not kata or not baku:
            raise files.error(SLANG, f"baris {line}", "kata dan baku wajib diisi")
        formal[kata] = tuple(baku.split())
    table = files.toml(LANGUAGE)
    told = {word: "jv" for word in javanese}
    for name in _LANGUAGES:
        told |= dict.fromkeys(files.strings(LANGUAGE, table, name), name)
    return formal, LanguageWords(told)


_LANGUAGES = ("su", "mad", "en", "id")


def _categories(writing: _Writing) -> tuple[dict[str, Kategori], list[Phrase]]:
    files = writing.files
    categories: dict[str, Kategori] = {}
    phrases: list[Phrase] = []
    for row in files.tables(CATEGORIES, files.toml(CATEGORIES), "kategori"):
        kode = files.string(CATEGORIES, row, "kode")
        if kode in categories:
            raise files.error(CATEGORIES, f"kode {kode!r}", "ditulis dua kali")
        categories[kode] = Kategori(
            kode, files.string(CATEGORIES, row, "nama"), files.string(CATEGORIES, row, "opd")
        )
        for key, weight in _TOPIC.items():
            phrases += writing.phrases(CATEGORIES, row, key, ("kategori", kode, weight))
    if LAINNYA not in categories:
        raise files.error(CATEGORIES, "[[kategori]]", f"kode {LAINNYA!r} wajib ada")
    return categories, phrases


def _klasifikasi(writing: _Writing) -> Iterator[Phrase]:
    files = writing.files
    table = files.toml(KLASIFIKASI)
    for label in ("pengaduan", "aspirasi", "permintaan_informasi"):
        section = files.table(KLASIFIKASI, table, label)
        for key, weight in _STRENGTH.items():
            target = ("klasifikasi", label, weight)
            yield from writing.phrases(KLASIFIKASI, section, key, target)
    for section_name, keys in {
        "whistleblowing": ("korupsi", "pejabat"),
        "bukan_aduan": ("spam", "prank"),
    }.items():
        section = files.table(KLASIFIKASI, table, section_name)
        for key in keys:
            field = "whistleblowing" if section_name == "whistleblowing" else key
            yield from writing.phrases(KLASIFIKASI, section, key, (field, key, 1.0))


def _greetings(files: Files) -> frozenset[str]:
    section = files.table(KLASIFIKASI, files.toml(KLASIFIKASI), "bukan_aduan")
    return frozenset(files.strings(KLASIFIKASI, section, "sapaan"))


def _flags(writing: _Writing) -> Iterator[Phrase]:
    files = writing.files
    table = files.toml(FLAGS)
    yield from writing.phrases(FLAGS, table, "anonim", ("anonim", "anonim", 1.0))
    for field in ("rahasia", "berkadar"):
        section = files.table(FLAGS, table, field)
        for key in section:
            yield from writing.phrases(FLAGS, section, key, (field, key, 1.0))


def _lessons(writing: _Writing, name: str, categories: Mapping[str, Kategori]) -> Iterator[Phrase]:
    """Read what `kanal learn` wrote for this office, if it did."""
    files = writing.files
    for row in files.tables(name, files.toml(name, optional=True), "kategori"):
        kode = files.string(name, row, "kode")
        if kode not in categories:
            raise files.error(name, kode, "kategori ini tidak ada")
        yield from writing.phrases(name, row, "sedang", ("kategori", kode, _STRENGTH["sedang"]))


def _elsewhere(writing: _Writing, categories: Mapping[str, Kategori]) -> Iterator[Phrase]:
    """Read which words belong to an office outside the regency's own."""
    files = writing.files
    for row in files.tables(ELSEWHERE, files.toml(ELSEWHERE), "luar"):
        kode, office = (files.string(ELSEWHERE, row, key) for key in ("kategori", "kantor"))
        if kode not in categories:
            raise files.error(ELSEWHERE, kode, "kategori ini tidak ada")
        yield from writing.phrases(ELSEWHERE, row, "kata", ("luar", f"{kode}/{office}", 1.0))


def _urgency(writing: _Writing) -> Iterator[Phrase]:
    table = writing.files.toml(URGENCY)
    for label in _URGENCY:
        yield from writing.phrases(URGENCY, table, label, ("urgency", label, 1.0))


def _routing(
    writing: _Writing, tenant_dir: str, categories: Mapping[str, Kategori]
) -> tuple[Routing, list[Phrase]]:
    files = writing.files
    name = f"{tenant_dir}/routing.toml"
    table = files.toml(name, optional=True)
    own = {key: files.mapping(name, table, key) for key in _ROUTING}
    phrases: list[Phrase] = []
    for row in files.tables(name, table, "kata"):
        kode, opd = files.string(name, row, "kategori"), files.string(name, row, "opd")
        own.setdefault("kata", {})[kode] = opd
        phrases += writing.phrases(name, row, "kata", ("routing", f"{kode}/{opd}", 1.0))
        _known_opd(files, tenant_dir, name, [opd])
    for key in ("kategori", "darurat", "kata"):
        for kode in own.get(key, ()):
            if kode not in categories:
                raise files.error(name, f"[{key}] {kode}", "kategori ini tidak ada")
    _known_opd(files, tenant_dir, name, [opd for key in _ROUTING for opd in own[key].values()])
    defaults = {kode: kategori.opd for kode, kategori in categories.items()}
    return Routing(defaults | own["kategori"], *(own[key] for key in _ROUTING[1:])), phrases


_ROUTING = ("kategori", "darurat", "wilayah", "klasifikasi")


def _known_opd(files: Files, tenant_dir: str, name: str, named: list[str]) -> None:
    """Refuse an OPD that the office's own list does not hold; without a list all are taken."""
    listed = files.toml(f"{tenant_dir}/opd.toml", optional=True)
    known = files.table(f"{tenant_dir}/opd.toml", listed, "opd", optional=True)
    unknown = [opd for opd in named if known and opd not in known]
    if unknown:
        raise files.error(name, unknown[0], "OPD ini tidak ada di opd.toml")
