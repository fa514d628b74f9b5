"""A disk under SQLite that remembers what was never synced, and that can be told to fail.

It is a VFS of apsw that passes everything on to real files. `cut` says what a power cut at this
moment would have left: what was synced, and of the rest what a disk may keep, in 512-byte sectors.
"""

import functools
import itertools
import os
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from core.bus import embedded_damage as damage

SECTOR = 512
_UNDER = "unix"
_numbers = itertools.count()

Fault = Callable[[str, str], BaseException | None]
"""(open, read, write, sync or truncate; file name) -> the error it is to end with."""


@dataclass
class _Image:
    """A file as the platter has it, and what was written since the last sync."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """(offset, data), or (new size, None) for a truncation."""


class Disk:
    """One simulated disk; give `vfs` to Host(vfs=...). `on_op` is called before every change.

    With `checksums` the checksum VFS stands above it, as above a real one. A process has one
    checksum VFS: no log may have been opened in it before, and one such disk lives at a time.
    """

    def __init__(self, fault: Fault | None = None, *, checksums: bool = False) -> None:
        self.ops = 0
        self.fault = fault
        self.on_op: Callable[[int], None] = lambda _number: None
        self._images: dict[str, _Image] = {}
        self._lock = threading.RLock()
        self._vfs: _Vfs | None = None if checksums else _Vfs(f"disk-{os.getpid()}-{next(_numbers)}")
        (self._vfs or _under_the_checksums()).disk = self
        self.vfs = self._vfs.name if self._vfs else damage.VFS

    def close(self) -> None:
        """Take the VFS away; every connection through it must be closed."""
        if self._vfs is not None:
            self._vfs.unregister()
            self._vfs = None

    def cut(self, seeded: random.Random) -> dict[str, bytes]:
        """Return every file as a power cut now could have left it."""
        with self._lock:
            return {path: _left(image, seeded) for path, image in self._images.items()}

    # -- called by the VFS --------------------------------------------------------------------

    def opened(self, path: str) -> None:
        with self._lock:
            if path not in self._images:
                found = Path(path).read_bytes() if os.path.exists(path) else b""
                self._images[path] = _Image(bytearray(found))

    def check(self, operation: str, path: str) -> None:
        error = self.fault(operation, os.path.basename(path)) if self.fault else None
        if error is not None:
            raise error

    def changed(self, path: str, offset: int, data: bytes | None) -> None:
        with self._lock:
            self.ops += 1
            self.on_op(self.ops)
            self._images[path].pending.append((offset, data))

    def synced(self, path: str) -> None:
        with self._lock:
            self.ops += 1
            self.on_op(self.ops)
            image = self._images[path]
            for offset, data in image.pending:
                _apply(image.durable, offset, data)
            image.pending.clear()

    def deleted(self, path: str) -> None:
        with self._lock:
            self._images.pop(path, None)


@functools.cache
def _under_the_checksums() -> "_Vfs":
    """Put a VFS of ours under the checksum VFS, which takes the one that is usual when loaded."""
    vfs = _Vfs("disk-with-checksums")
    apsw.set_default_vfs(vfs.name)
    damage.checksums()
    apsw.set_default_vfs(_UNDER)
    return vfs


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
    else:
        content.extend(bytes(max(0, offset + len(data) - len(content))))
        content[offset : offset + len(data)] = data


def _left(image: _Image, seeded: random.Random) -> bytes:
    """Keep, drop or tear each write that was never synced, independently of the others."""
    content = bytearray(image.durable)
    for offset, data in image.pending:
        fate = seeded.random()
        if fate < 0.4:
            continue
        if data is None or fate < 0.7:
            _apply(content, offset, data)
            continue
        for start in range(0, len(data), SECTOR):
            if seeded.random() < 0.5:
                _apply(content, offset + start, data[start : start + SECTOR])
    return bytes(content)


class _Vfs(apsw.VFS):
    disk: Disk

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name, _UNDER)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return _File(self.disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self.disk.deleted(filename)


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        disk.check("open", self._path)
        disk.opened(self._path)
        super().__init__(_UNDER, name, flags)

    def xRead(self, amount: int, offset: int) -> bytes:
        self._disk.check("read", self._path)
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.check("write", self._path)
        self._disk.changed(self._path, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        self._disk.check("truncate", self._path)
        self._disk.changed(self._path, newsize, None)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        self._disk.check("sync", self._path)
        super().xSync(flags)
        self._disk.synced(self._path)


def io_error(code: int = apsw.SQLITE_IOERR_FSYNC) -> apsw.IOError:
    """Make the error with which a disk answers that fails."""
    error = apsw.IOError("simulated")
    error.extendedresult = code  # type: ignore[attr-defined]
    error.result = apsw.SQLITE_IOERR  # type: ignore[attr-defined]
    return error
