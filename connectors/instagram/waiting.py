"""Keeps the events whose details are still to be fetched, each a file until that is done."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from core.clock import Clock
from core.errors import RetryLater

# What nobody could fetch for so long (a token that was never renewed) is let go.
_KEEP = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A folder of events by their event id."""

    folder: Path
    clock: Clock

    def put(self, event_id: str, body: bytes) -> None:
        """Remember an event. Raises OSError if the disk will not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        half = self.folder / f".{event_id}"
        half.write_bytes(body)
        half.replace(self.folder / event_id)

    def take(self) -> list[tuple[Path, bytes]]:
        """Return what waits, oldest first, and forget what has waited too long."""
        try:
            return list(self._fresh())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RetryLater("folder data Instagram tidak dapat dibaca") from error

    def _fresh(self) -> Iterator[tuple[Path, bytes]]:
        found = [(os.stat(p).st_mtime_ns, p) for p in self.folder.iterdir() if p.name[0] != "."]
        oldest = (self.clock() - _KEEP).timestamp()
        for at, path in sorted(found):
            if at / 1e9 < oldest:
                path.unlink(missing_ok=True)
            else:
                yield path, path.read_bytes()
