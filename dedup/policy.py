"""What the office decides by: config/dedup.toml, checked when the stage starts."""

import csv
import sys
import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import ConfigError
from dedup.vocabulary import Role, Vocabulary

FILE = "dedup.toml"
KNOWN = "bobot_kata.csv"

Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Positive = Annotated[float, Field(strict=True, gt=0, le=100_000)]
Metres = Annotated[float, Field(strict=True, ge=0)]
Words = Annotated[frozenset[str], Field(min_length=1)]

_WRONG = {"missing": "tidak ada", "extra_forbidden": "tidak dikenal"}


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Thresholds(_Table):
    """From which score on two complaints are joined, and from which they are suggested."""

    joined: Share
    suggested: Share
    # What a text of fewer telling words can at most lead to is a suggestion.
    min_words: Annotated[int, Field(strict=True, ge=1, le=50)]

    @model_validator(mode="after")
    def _in_order(self) -> "Thresholds":
        if not self.suggested <= self.joined:
            raise ValueError("harus suggested <= joined")
        return self


class PlaceRules(_Table):
    """How far apart two pins are one place, and from where on they are not, in metres."""

    near_m: Metres
    far_m: Metres


Weight = Annotated[float, Field(strict=True, ge=-20, le=20)]


class Fitted(_Table):
    """What each piece of evidence in the words adds; fitted on labelled pairs (bench/dedup.py)."""

    matter: Weight
    least: Weight
    street: Weight
    other_street: Weight
    other_area: Weight
    own_affair: Weight
    off_topic: Weight
    names: Weight
    numbers: Weight
    swapped: Weight
    rare: Weight
    copied: Weight


class ByHand(_Table):
    """What each piece of evidence around the words adds; no labelled pair has it."""

    desa: Weight
    spot: Weight
    other_spot: Weight
    near: Weight
    sender: Weight
    link: Weight
    media: Weight
    card: Weight
    fresh: Weight
    stale: Weight


class Weights(_Table):
    """What is added up, from `base` on, to the sum whose logistic is the score."""

    base: Weight
    words: Fitted
    around: ByHand


class TimeRules(_Table):
    """How long a problem lives: the gap at which half of the evidence is left, per kategori."""

    half_hours: Positive
    window_days: Positive
    kategori_half_hours: Mapping[str, Positive]
    kategori_window_days: Mapping[str, Positive]


class KategoriRules(_Table):
    """Which kategori are each person's own matter, which spread wide, and which are kin."""

    personal: frozenset[str]
    wide: frozenset[str]
    kin: tuple[frozenset[str], ...]


class WordLists(_Table):
    """Words by the part they play in a comparison; `personal` are phrases."""

    personal: frozenset[str]
    topic: Words
    common: Words
    unit: Words
    before_unit: Words


class PlaceWords(_Table):
    """Words that tell of a place, and words that never are its name."""

    street: Words
    landmark: Words
    area: Words
    number: Words
    not_a_name: Words


class BurstRules(_Table):
    """From when on many complaints are a warning: in how long, how many, how unlikely."""

    window_hours: Positive
    history_days: Positive
    min_complaints: Annotated[int, Field(strict=True, ge=2, le=1000)]
    min_reporters: Annotated[int, Field(strict=True, ge=2, le=1000)]
    chance: Annotated[float, Field(strict=True, gt=0, lt=0.5)]


class Policy(_Table):
    """Everything dedup decides by."""

    version: Annotated[str, Field(min_length=1)]
    max_candidates: Annotated[int, Field(strict=True, ge=1, le=1000)]
    max_compared: Annotated[int, Field(strict=True, ge=1, le=1000)]
    pieces_minutes: Annotated[float, Field(strict=True, ge=0, le=1440)]
    pieces_messages: Annotated[int, Field(strict=True, ge=1, le=1000)]
    pieces_characters: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    score: Thresholds
    place: PlaceRules
    weights: Weights
    time: TimeRules
    kategori: KategoriRules
    words: WordLists
    places: PlaceWords
    burst: BurstRules
    known: Mapping[str, tuple[str, float]] = Field(default_factory=dict, repr=False)

    @cached_property
    def window(self) -> float:
        """The longest window of any kategori, in seconds."""
        days = (self.time.window_days, *self.time.kategori_window_days.values())
        return max(days) * 86_400

    @cached_property
    def vectors(self) -> tuple[float, tuple[float, ...], tuple[float, ...]]:
        """The weights in the order of their tables, as the score multiplies them."""
        w = self.weights
        return w.base, tuple(v for _, v in w.words), tuple(v for _, v in w.around)

    def window_of(self, kategori: str) -> float:
        """How long a complaint of this kategori is compared with others, in seconds."""
        days = self.time.kategori_window_days.get(kategori, self.time.window_days)
        return days * 86_400

    def half_of(self, kategori: str) -> float:
        """The gap at which half of the evidence is left, in seconds."""
        hours = self.time.kategori_half_hours.get(kategori, self.time.half_hours)
        return hours * 3_600

    @cached_property
    def kin_of(self) -> Mapping[str, frozenset[str]]:
        """Each kategori with those that one and the same problem may well be given."""
        kin: dict[str, frozenset[str]] = {}
        for group in self.kategori.kin:
            for kategori in group:
                kin[kategori] = kin.get(kategori, frozenset()) | group
        return kin

    @cached_property
    def personal_starts(self) -> frozenset[str]:
        """The words with which a personal phrase begins: most texts hold none of them."""
        return frozenset(phrase.split()[0] for phrase in self.words.personal if phrase.strip())

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What each word is to a comparison: a text is looked up word by word."""
        lists = (
            (Role.COMMON | Role.NO_NAME, self.words.common),
            (Role.NO_NAME | Role.TOPIC, self.words.topic),
            (Role.UNIT, self.words.unit),
            (Role.BEFORE_UNIT, self.words.before_unit),
            (Role.STREET | Role.NO_NAME, self.places.street),
            (Role.LANDMARK | Role.NO_NAME, self.places.landmark),
            (Role.AREA | Role.NO_NAME, self.places.area),
            (Role.NUMBER | Role.NO_NAME, self.places.number),
            (Role.NO_NAME, self.places.not_a_name),
        )
        return Vocabulary(lists, self.known)

    @classmethod
    def load(cls, config_dir: Path) -> "Policy":
        """Read the files; raise ConfigError naming the file and the key that is wrong."""
        path = Path(config_dir) / FILE
        try:
            table = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise ConfigError(f"{path}: berkas tidak ada") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{path}: tidak dapat dibaca ({error})") from error
        try:
            policy = cls.model_validate(table)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            what = _WRONG.get(first["type"], f"nilai tidak sah ({first['msg']})")
            raise ConfigError(f"{path}: {key}: {what}") from error
        return policy.model_copy(update={"known": read_known(Path(config_dir))})


def read_known(config_dir: Path) -> Mapping[str, tuple[str, float]]:
    """Read the weights of common words; an unlisted word is a rare one, mostly a name."""
    path = config_dir / KNOWN
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return {
                sys.intern(row["kata"]): (row["jenis"], float(row["bobot"]))
                for row in csv.DictReader(file)
            }
    except FileNotFoundError:
        raise ConfigError(f"{path}: berkas tidak ada") from None
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path}: tidak dapat dibaca") from error
