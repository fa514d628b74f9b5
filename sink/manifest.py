"""The pointer to what is published: `published/CURRENT`, one JSON object, replaced atomically."""

import os
import re
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from core.bus import Positions
from core.record import Moment, Record

Flavour = Literal["operator", "analyst"]
FLAVOURS: tuple[Flavour, ...] = ("operator", "analyst")

CURRENT = "CURRENT"
_VERSIONED = re.compile(r"^(?:operator|analyst)-(\d+)\.duckdb(?:\.tmp)?$")


class Manifest(Record):
    """What is published now: one file per flavour, and how much of the bus it holds."""

    version: int
    flavours: dict[Flavour, str]
    snapshot: int
    tail: str | None = None
    positions: dict[str, int]
    pub_seq: int
    made_at: Moment


def load(folder: Path) -> Manifest | None:
    """Read the pointer; None when nothing (or nothing readable) is published."""
    try:
        return Manifest.model_validate_json((folder / CURRENT).read_bytes())
    except (OSError, ValidationError):
        return None


def store(folder: Path, manifest: Manifest) -> None:
    """Replace the pointer: a crash leaves the old one or the new one, never a part."""
    new = folder / f"{CURRENT}.tmp"
    new.write_bytes(manifest.to_bytes())
    new.chmod(0o640)
    sync(new)
    new.replace(folder / CURRENT)
    sync(folder)


def next_version(folder: Path) -> int:
    """Return a number no file here ever bore, even if the crash came before the pointer moved."""
    manifest = load(folder)
    found = [int(m[1]) for p in folder.iterdir() if (m := _VERSIONED.match(p.name))]
    return max([manifest.version if manifest else 0, *found]) + 1


def name_of(flavour: Flavour, version: int) -> str:
    """Name a snapshot file."""
    return f"{flavour}-{version}.duckdb"


def written(positions: Positions) -> dict[str, int]:
    """Write positions as JSON can hold them."""
    return {f"{topic}/{part}": last for (topic, part), last in sorted(positions.items())}


def sync(path: Path) -> None:
    """Force a file or a folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
