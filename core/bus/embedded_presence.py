"""Who of a group is alive: a lock and a heartbeat per member, in a file of their own.

A heartbeat is eight bytes that no one waits for, so idle processes cost no fsync. The lock is the
kernel's and goes with its process at once; the heartbeat also tells of a process that is held.
"""

import contextlib
import fcntl
import os
import struct
import threading
from collections.abc import Callable
from pathlib import Path

_BEAT = struct.Struct("d")
# struct flock of Linux: type, whence, start, length, pid.
_LOCK = struct.Struct("hhqqi4x")
# A member that neither took nor committed for this long hangs, whatever its heart does.
_HANGS_AFTER = 300.0

Monotonic = Callable[[], float]


class Presence:
    """One process's view of the presence file; its own members live in `_mine`.

    The time is that of the machine since its start, which all its processes share and nobody sets.
    """

    def __init__(self, path: Path, lease: float, monotonic: Monotonic) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._lease = lease
        self._monotonic = monotonic
        self._mine: dict[int, float] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._heart: threading.Thread | None = None

    def now(self) -> float:
        """Return the time by which leases run."""
        return self._monotonic()

    def enter(self, member: int) -> None:
        """Be present as this member from now on."""
        with self._lock:
            self._set_lock(member, fcntl.F_WRLCK)
            try:
                self._beat(member)
            except OSError:
                self._set_lock(member, fcntl.F_UNLCK)
                raise
            self._mine[member] = self.now()
            if self._heart is None:
                self._heart = threading.Thread(target=self._pulse, name="bus-heart", daemon=True)
                self._heart.start()

    def touch(self, member: int) -> None:
        """Note that a member works; its heart goes on beating."""
        with self._lock:
            if member in self._mine:
                self._mine[member] = self.now()

    def leave(self, member: int) -> None:
        """Be this member no more (if this process was)."""
        with self._lock:
            if self._mine.pop(member, None) is not None:
                self._set_lock(member, fcntl.F_UNLCK)

    def alive(self, member: int) -> bool:
        """Say whether a member's process lives and its lease has not run out."""
        if member not in self._mine and not self._is_locked(member):
            return False
        found = os.pread(self._file, _BEAT.size, _BEAT.size * member)
        if len(found) < _BEAT.size:
            return False
        beat = float(_BEAT.unpack(found)[0])
        # A beat of the future is from before the machine was started again.
        return 0 <= self.now() - beat < self._lease

    def close(self) -> None:
        """Leave as every member; the kernel lets go of the locks."""
        self._stop.set()
        if self._heart is not None:
            self._heart.join()
        os.close(self._file)

    def _pulse(self) -> None:
        while not self._stop.wait(self._lease / 5):
            # A disk without room is told of by what must be stored, not here.
            with contextlib.suppress(OSError):
                self.beat()

    def beat(self) -> None:
        """Give a sign of life for every member of this process that does not hang."""
        with self._lock:
            for member, active in self._mine.items():
                if self.now() - active < _HANGS_AFTER:
                    self._beat(member)

    def _beat(self, member: int) -> None:
        os.pwrite(self._file, _BEAT.pack(self.now()), _BEAT.size * member)

    def _range(self, kind: int, member: int) -> bytes:
        return _LOCK.pack(kind, os.SEEK_SET, _BEAT.size * member, _BEAT.size, 0)

    def _set_lock(self, member: int, kind: int) -> None:
        fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, self._range(kind, member))

    def _is_locked(self, member: int) -> bool:
        found = fcntl.fcntl(self._file, fcntl.F_OFD_GETLK, self._range(fcntl.F_WRLCK, member))
        return int(_LOCK.unpack(found)[0]) != fcntl.F_UNLCK
