"""What tells a damaged log from a whole one: a checksum in each page, and a mark of its end.

The pages bear the checksums of SQLite's own checksum VFS (cksumvfs, in apsw's wheel). It sees no
damage of the write-ahead log: SQLite ends a log at the first frame that is not right, whether the
power failed while it was written or it was damaged long after. The mark tells the two apart.
"""

import contextlib
import functools
import os
import struct
import zlib
from pathlib import Path

import apsw
import apsw.sqlite_extra

from core.errors import CannotStore, ConfigError

VFS = "cksmvfs"
RESERVED = 8

_IOERR_DATA = apsw.SQLITE_IOERR_DATA
_MARK = struct.Struct(">QI")


@functools.cache
def checksums() -> str:
    """Make the checksum VFS known to this process's SQLite and return its name."""
    usual = apsw.vfs_names()[0]
    try:
        with apsw.Connection(":memory:") as db:
            apsw.sqlite_extra.load(db, "cksumvfs")
        db.close()
    except (apsw.Error, LookupError, apsw.sqlite_extra.NotAvailable) as error:
        raise ConfigError(
            "apsw ini tanpa cksumvfs, penjaga isi log. Pasang ulang apsw dari wheel resminya."
        ) from error
    apsw.set_default_vfs(usual)
    return VFS


def is_damage(error: BaseException) -> bool:
    """Say whether an error means that the file is not what was written to it."""
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return True
    return getattr(error, "extendedresult", None) == _IOERR_DATA


def damaged(path: Path, found: str) -> ConfigError:
    """Tell the operator that the log must not be used."""
    return ConfigError(
        f"Log {path.name} rusak ({found}). Hentikan gateway, simpan salinan berkasnya, lalu "
        "pulihkan dari cadangan: docs/reliability.md, bagian 'A damaged log'."
    )


def cannot_store(error: BaseException) -> CannotStore:
    """Name an error of the log; its own words are not repeated."""
    refused = CannotStore(f"log tidak dapat menyimpan: {type(error).__name__}")
    refused.__cause__ = error
    return refused


def refusal(path: Path, error: BaseException) -> ConfigError | CannotStore:
    """Turn an error of the files into the one of ours that says what to do."""
    if is_damage(error):
        words = "isi sebuah halaman berubah" if isinstance(error, apsw.IOError) else str(error)
        return damaged(path, words)
    return cannot_store(error)


class Mark:
    """Says how far a log had come, in a file of its own; written after each durable commit.

    It is not synced: a power cut may leave an older one, never one that is ahead of the log.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def read(self) -> int:
        """Return the offset, or -1 where the mark is missing or damaged itself."""
        found = os.pread(self._file, _MARK.size, 0)
        if len(found) < _MARK.size:
            return -1
        offset, check = _MARK.unpack(found)
        return int(offset) if check == zlib.crc32(found[:8]) else -1

    def write(self, offset: int) -> None:
        """Note that everything up to this offset is on the disk; a full disk leaves it older."""
        told = offset.to_bytes(8, "big")
        with contextlib.suppress(OSError):
            os.pwrite(self._file, _MARK.pack(offset, zlib.crc32(told)), 0)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def behind(path: Path, last: int, mark: int) -> ConfigError:
    """Tell the operator that records which were on the disk are gone."""
    return damaged(path, f"berakhir di posisi {last}, padahal {mark} sudah pernah tersimpan")
