"""What the office decides by: config/dedup.toml, checked when the stage starts."""

import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import ConfigError

FILE = "dedup.toml"

Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Words = Annotated[frozenset[str], Field(min_length=1)]

_WRONG = {"missing": "tidak ada", "extra_forbidden": "tidak dikenal"}


class Role:
    """The parts a word can play in a text; bits of one number."""

    COMMON = 1
    UNIT = 2
    BEFORE_UNIT = 4
    STREET = 8
    LANDMARK = 16
    NUMBER = 32
    NO_NAME = 64
    CUE = STREET | LANDMARK | NUMBER


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TextRules(_Table):
    """How alike the words of two complaints must be."""

    joined: Share
    joined_exact: Share
    suggested: Share
    suggested_exact: Share
    min_words: Annotated[int, Field(strict=True, ge=1, le=50)]

    @model_validator(mode="after")
    def _in_order(self) -> "TextRules":
        if not self.suggested_exact <= self.suggested <= self.joined_exact <= self.joined:
            raise ValueError("harus suggested_exact <= suggested <= joined_exact <= joined")
        return self


class PlaceRules(_Table):
    """How far apart two pins are one place, and from where on they are not, in metres."""

    near_m: Annotated[float, Field(strict=True, ge=0)]
    far_m: Annotated[float, Field(strict=True, ge=0)]


class Weights(_Table):
    """What each kind of evidence weighs in the score."""

    text: Share
    place: Share
    time: Share

    @model_validator(mode="after")
    def _whole(self) -> "Weights":
        if abs(self.text + self.place + self.time - 1) > 1e-9:
            raise ValueError("jumlah text + place + time harus 1")
        return self


class KategoriRules(_Table):
    """Which kategori are each person's own matter."""

    personal: frozenset[str]


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
    number: Words
    not_a_name: Words


class Policy(_Table):
    """Everything dedup decides by."""

    window_days: Annotated[float, Field(strict=True, gt=0, le=366)]
    max_candidates: Annotated[int, Field(strict=True, ge=1, le=1000)]
    text: TextRules
    place: PlaceRules
    score: Weights
    kategori: KategoriRules
    words: WordLists
    places: PlaceWords

    @property
    def window(self) -> float:
        """The window in seconds."""
        return self.window_days * 86_400

    @cached_property
    def personal_starts(self) -> frozenset[str]:
        """The words with which a personal phrase begins: most texts hold none of them."""
        return frozenset(phrase.split()[0] for phrase in self.words.personal if phrase.strip())

    @cached_property
    def roles(self) -> Mapping[str, int]:
        """The parts each listed word plays, as one number: a text is looked up word by word."""
        lists = (
            (Role.COMMON | Role.NO_NAME, self.words.common),
            (Role.NO_NAME, self.words.topic),
            (Role.UNIT, self.words.unit),
            (Role.BEFORE_UNIT, self.words.before_unit),
            (Role.STREET | Role.NO_NAME, self.places.street),
            (Role.LANDMARK | Role.NO_NAME, self.places.landmark),
            (Role.NUMBER | Role.NO_NAME, self.places.number),
            (Role.NO_NAME, self.places.not_a_name),
        )
        roles: dict[str, int] = {}
        for role, words in lists:
            for word in words:
                roles[word] = roles.get(word, 0) | role
        return roles

    @classmethod
    def load(cls, config_dir: Path) -> "Policy":
        """Read the file; raise ConfigError naming it and the key that is wrong."""
        path = Path(config_dir) / FILE
        try:
            table = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise ConfigError(f"{path}: berkas tidak ada") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{path}: tidak dapat dibaca ({error})") from error
        try:
            return cls.model_validate(table)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            what = _WRONG.get(first["type"], f"nilai tidak sah ({first['msg']})")
            raise ConfigError(f"{path}: {key}: {what}") from error
