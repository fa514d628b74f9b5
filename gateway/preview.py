"""Shows what is in a file before it is imported: columns, first rows without names, how many."""

import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from core import keys
from core.connector import BadRow, Importer
from core.errors import ConfigError, Unparseable
from core.reading import load
from core.schema import RawMessage
from core.settings import Settings
from gateway import wiring
from gateway.screen import printable
from gateway.wiring import Channel
from normalizer import Envelope, normalize

Row = RawMessage | BadRow
Say = Callable[[str], None]
Step = Callable[[int], None]
_LOOKED_AT, _SHOWN, _LETTERS = 50, 3, 90


class Describes(Protocol):
    """An importer that can say which of a file's columns it understands as what."""

    def describe(self, path: Path) -> Sequence[str]:
        """Say it in lines. Raises Unparseable."""
        ...


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Step]:
    """Show how far long work is, on a terminal only; call what is given with each step."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn())  # fmt: skip
    shown = sys.stderr.isatty()
    with Progress(*columns, console=console, disable=not shown, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda n: bar.advance(task, n)


class Preview:
    """Says what is in a file, without a name, a number or a word that is confidential."""

    def __init__(self, settings: Settings, channel: Channel, say: Say) -> None:
        self._channel, self._say = channel, say
        self._zone = settings.tenants[channel.tenant].zoneinfo
        self._rules = wiring.rules(settings)[channel.tenant]
        self._key = keys.installation_key(settings.data_dir)

    def show(self, path: Path, *, decide: bool) -> int | None:
        """Show a file's columns; if somebody is to decide on it, its first rows and how many.

        Raises ConfigError naming a file that cannot be read.
        """
        self._say(f"{printable(path)}:")
        try:
            rows = cast(Importer, self._channel.connector).read(path)
            first = list(itertools.islice(rows, _LOOKED_AT))
            for line in self._columns(path, first):
                self._say(f"  {printable(line)}")
            # Without somebody to look at them, citizens' words have no place in a job's log.
            if not decide:
                return None
            good = (row for row in first if isinstance(row, RawMessage))
            for raw in itertools.islice(good, _SHOWN):
                self._say(f"  | {self._told(raw)}")
            return self._count(itertools.chain(first, rows))
        except Unparseable as error:
            raise ConfigError(f"{printable(path)}: {error}") from error

    def _columns(self, path: Path, first: Sequence[Row]) -> Sequence[str]:
        if hasattr(self._channel.connector, "describe"):
            return cast(Describes, self._channel.connector).describe(path)
        raw = next((row for row in first if isinstance(row, RawMessage)), None)
        try:
            return [f"Isian: {', '.join(load(raw.body))}"] if raw else []
        except Unparseable:
            return []

    def _count(self, rows: Iterable[Row]) -> int:
        total, refused = 0, 0
        with progress("menghitung", None) as step:
            for row in rows:
                total += 1
                refused += isinstance(row, BadRow)
                step(1)
        self._say(f"  {total} baris, {refused} di antaranya ditolak.")
        return total

    def _told(self, raw: RawMessage) -> str:
        envelope = Envelope(raw.tenant, raw.channel, raw.account, raw.received_at, raw.history)
        try:
            message = next(iter(self._channel.connector.parse(raw)))
        except (Unparseable, StopIteration):
            return "(tidak terbaca)"
        seen = normalize(message, envelope, self._rules, self._key)
        at = f"{seen.occurred_at.astimezone(self._zone):%Y-%m-%d %H:%M}"
        if seen.rahasia or seen.klasifikasi == "whistleblowing":
            return f"{at}  (rahasia)"
        words = " ".join(f"{seen.title_masked} {seen.text_masked}".split())
        short = words if len(words) <= _LETTERS else words[:_LETTERS] + "..."
        return f"{at}  {seen.kategori}  {'(anonim) ' if seen.anonim else ''}{printable(short)}"
