"""Tells a damaged live file from a busy or full disk, and puts it aside to be built anew."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from core.errors import GatewayError
from core.log import get_logger

_KINDS = (duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException)
_SAID = ("corrupt", "checksum", "not a valid duckdb", "replaying wal", "could not read enough")
# What a disk says that is full or fails: the file may be whole.
_OF_THE_DISK = ("no space left", "input/output error", "could not write", "could not set lock")


class Damaged(GatewayError):
    """Berkas data rusak dan sudah disisihkan; dibangun ulang dari register saat mulai lagi."""


def is_damage(error: BaseException, *, opening: bool = True) -> bool:
    """Say whether an error is about the file's content.

    Of an open file only what names damage counts: DuckDB calls mistakes of its own internal too.
    """
    said = str(error).lower()
    if any(words in said for words in _OF_THE_DISK):
        return False
    return (opening and isinstance(error, _KINDS)) or any(words in said for words in _SAID)


def put_aside(path: Path) -> Path:
    """Move a damaged file out of the way; the register rebuilds what it held."""
    live = path.parent
    aside = live.with_name(f"{live.name}.rusak-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    aside.mkdir(mode=0o700)
    for one in (path, path.with_name(path.name + ".wal")):
        if one.exists():
            one.replace(aside / one.name)
    get_logger().error("store_damaged")
    return aside
