"""A drop folder: takes settled files over one by one and puts them away, losing none."""

import itertools
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from core.clock import Clock

SUFFIXES = (".json", ".vcon", ".csv", ".tsv", ".txt", ".vtt", ".srt")
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", "~")
_REASONS = ".alasan.txt"
# Leaves room for the time, a counter and the ending of the reasons within a name's 255 bytes.
_NAME_BYTES = 200


class Unreadable(ValueError):
    """A file nobody can read; the message tells the operator why."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A file in `.work`, and how it looked before it was read."""

    path: Path
    info: os.stat_result


@dataclass(frozen=True, slots=True)
class DropFolder:
    """A watched folder with its `.work`, `processed` and `failed`."""

    path: Path
    settle: float
    max_bytes: int
    clock: Clock
    zone: ZoneInfo

    def take(self) -> Iterator[Taken]:
        """Move settled files into `.work`, oldest first; what a crash left there comes before."""
        if self.path.is_symlink():
            raise NotADirectoryError  # a link is never followed
        work = self.path / ".work"
        work.mkdir(parents=True, exist_ok=True)
        yield from self._settled(work)
        refused: OSError | None = None
        for found in self._settled(self.path):
            target = work / found.path.name
            if os.path.lexists(target):
                continue  # its namesake is not done yet
            try:
                found.path.rename(target)
            except FileNotFoundError:
                continue  # its owner took it back
            except OSError as error:
                refused = error  # said once its neighbours are through
                continue
            yield Taken(target, found.info)
        if refused:
            raise refused

    def read(self, taken: Taken) -> bytes:
        """Read a taken file. Raises Unreadable."""
        if stat.S_ISLNK(taken.info.st_mode):
            raise Unreadable("tautan simbolis tidak dibaca")
        if not stat.S_ISREG(taken.info.st_mode):
            raise Unreadable("bukan berkas biasa")
        if taken.path.suffix.lower() not in SUFFIXES:
            raise Unreadable(
                "jenis berkas tidak dikenal; yang dibaca .json, .vcon, .csv, .tsv, .txt, .vtt, .srt"
            )
        if taken.info.st_size > self.max_bytes:
            raise Unreadable(f"lebih besar dari {self.max_bytes} byte")
        try:
            return taken.path.read_bytes()
        except PermissionError as error:
            raise Unreadable("tidak boleh dibaca (izin berkas)") from error

    def finish(self, taken: Taken, reasons: Sequence[str], bad: bytes | None) -> None:
        """Put a file away; `bad` holds its rows to be corrected, None with reasons all of it."""
        info = taken.path.lstat()
        if (info.st_size, info.st_mtime_ns) != (taken.info.st_size, taken.info.st_mtime_ns):
            return  # its writer had only paused: it stays in `.work` and is read again
        stamp = f"{self.clock().astimezone(self.zone):%Y%m%dT%H%M%S}-"
        if reasons:
            target = self._free("failed", taken.path.name, ("", stamp))
            sentences = "\n".join(reasons) + "\n"
            target.with_name(target.name + _REASONS).write_text(sentences, encoding="utf-8")
            if bad is None:
                taken.path.rename(target)
                return
            target.write_bytes(bad)
        taken.path.rename(self._free("processed", taken.path.name, (stamp,)))

    def _settled(self, folder: Path) -> list[Taken]:
        now = self.clock().timestamp()
        found = []
        for path in folder.iterdir():
            name = path.name.lower()
            if name.startswith(".") or name.endswith(_UNFINISHED):
                continue
            try:
                info = path.lstat()
            except FileNotFoundError:
                continue
            if stat.S_ISDIR(info.st_mode) and not name.endswith(SUFFIXES):
                continue
            # A date in the future tells nothing about stillness; `finish` looks once more.
            if abs(now - info.st_mtime) >= self.settle:
                found.append(Taken(path, info))
        return sorted(found, key=lambda one: (one.info.st_mtime_ns, one.path.name))

    def _free(self, folder: str, name: str, prefixes: tuple[str, ...]) -> Path:
        """Return a path nobody bears yet, so that nothing is ever overwritten."""
        (self.path / folder).mkdir(exist_ok=True)
        short = os.fsdecode(os.fsencode(name)[-_NAME_BYTES:])
        counted = (f"{prefixes[-1]}{n}-" for n in itertools.count(2))
        for prefix in itertools.chain(prefixes, counted):
            target = self.path / folder / f"{prefix}{short}"
            taken = (target, target.with_name(target.name + _REASONS))
            if not any(os.path.lexists(path) for path in taken):
                return target
        raise AssertionError  # counting never ends
