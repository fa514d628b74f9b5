"""What the public may choose from: an office's topics and areas, from its own rules."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.public import Office
from normalizer import Rules


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be chosen: topics, and the areas of each kecamatan, as (code, name)."""

    kategori: Sequence[tuple[str, str]]
    areas: Sequence[tuple[str, Sequence[tuple[str, str]]]]


class OfficeChoices:
    """The choices of each office, read once, when they are first asked for."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self._read: dict[str, Choices] = {}
        self._reading = asyncio.Lock()

    async def of(self, office: Office) -> Choices:
        """Return an office's choices."""
        async with self._reading:
            if office.name not in self._read:
                self._read[office.name] = await asyncio.to_thread(self._load, office)
        return self._read[office.name]

    def _load(self, office: Office) -> Choices:
        return _choices(Rules.load(self._config, office.name, office.tenant.wilayah_kode))


def _choices(rules: Rules) -> Choices:
    gazetteer = rules.gazetteer
    home = sorted((p for p in gazetteer.by_kode.values() if gazetteer.at_home(p)),
                  key=lambda p: p.nama)  # fmt: skip
    areas: list[tuple[str, list[tuple[str, str]]]] = []
    for kecamatan in (p for p in home if p.level == "kecamatan"):
        rows = [(kecamatan.kode, f"Kecamatan {kecamatan.nama} (desa tidak tahu)")]
        rows += [
            (p.kode, f"{_kind(p.kode)} {p.nama}")
            for p in home
            if p.level == "desakel" and p.kode.startswith(f"{kecamatan.kode}.")
        ]
        areas.append((f"Kecamatan {kecamatan.nama}", rows))
    kategori = [(k.kode, k.nama) for k in rules.kategori.values()]
    return Choices(kategori, areas)


def _kind(kode: str) -> str:
    """Tell a kelurahan, whose number begins with 1, from a desa."""
    return "Kelurahan" if kode.rpartition(".")[2].startswith("1") else "Desa"
