"""`kanal import`: files an operator brings, shown first, then published as any message is."""

import asyncio
import csv
import itertools
import secrets
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TextIO, cast

from core.bus import Bus, Tally
from core.clock import Clock, system_clock
from core.connector import BadRow, Importer
from core.errors import CannotStore, ConfigError, GatewayError, Unparseable
from core.schema import RawMessage
from core.settings import Settings
from core.sheets import harmless
from gateway import wiring
from gateway.earlier import Earlier, identity
from gateway.intake import raw_record
from gateway.options import office
from gateway.preview import Preview, Say, Step, progress
from gateway.screen import printable
from gateway.wiring import Channel

_BATCH = 500
# So many refusals are named on the screen; the report names them all.
_NAMED = 20


class Declined(GatewayError):
    """Dibatalkan; tidak ada yang diimpor."""


class Templates(Protocol):
    """An importer that hands out empty forms for what it imports."""

    def templates(self) -> Mapping[str, bytes]:
        """Return the forms by their file names."""
        ...


@dataclass(slots=True)
class Counts:
    """What became of the rows; `halted` says why it went no further."""

    baru: int = 0
    berubah: int = 0
    tetap: int = 0
    ditolak: int = 0
    halted: str = ""

    @property
    def line(self) -> str:
        """The last line of the command; scripts read it."""
        return f"baru={self.baru} berubah={self.berubah} tetap={self.tetap} ditolak={self.ditolak}"


def import_files(
    settings: Settings,
    channel: str,
    files: Sequence[Path],
    *,
    confirmed: bool,
    say: Say,
    tenant: str = "",
) -> Counts:
    """Show what is in the files, ask unless that is done already, and take them in.

    Raises ConfigError for what was asked wrongly (without a terminal nobody can be asked), and
    Declined.
    """
    chosen = _choose(settings, tenant, channel)
    for path in files:
        _refuse_no_file(path)
    preview = Preview(settings, chosen, say)
    totals = [preview.show(path, decide=not confirmed) for path in files]
    if not confirmed:
        _ask()
    return asyncio.run(_import(settings, chosen, list(zip(files, totals, strict=True))))


def write_templates(settings: Settings, channel: str, folder: Path, tenant: str = "") -> list[Path]:
    """Write the channel's empty forms into a folder; nothing that is there is overwritten."""
    chosen = _choose(settings, tenant, channel)
    if not hasattr(chosen.connector, "templates"):
        raise ConfigError(f"kanal {channel} tidak punya formulir kosong")
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in cast(Templates, chosen.connector).templates().items():
            with (folder / name).open("xb") as file:
                file.write(content)
            written.append(folder / name)
    except OSError as error:
        raise ConfigError(f"{error.filename}: tidak dapat ditulis ({error.strerror})") from error
    return written


def _choose(settings: Settings, tenant: str, channel: str) -> Channel:
    tenant = office(settings, tenant)
    known = {
        name: found
        for (of, name), found in wiring.channels(settings).items()
        if of == tenant and hasattr(found.connector, "read")
    }
    if channel not in known:
        raise ConfigError(
            f"kanal {channel!r} tidak mengimpor berkas; yang dapat: {', '.join(known)}"
        )
    found = known[channel]
    if found.state == "mati":
        raise ConfigError(
            f"kanal {channel} tidak dijalankan; tambahkan [channels.{channel}] di tenant.toml"
        )
    if found.state == "gagal":
        raise ConfigError(found.sentence)
    return found


def _refuse_no_file(path: Path) -> None:
    try:
        with path.open("rb"):
            return
    except OSError as error:
        raise ConfigError(f"{printable(path)}: tidak dapat dibaca ({error.strerror})") from error


def _ask() -> None:
    if not sys.stdin.isatty():
        raise ConfigError("tidak ada terminal untuk bertanya; tambahkan --yes untuk mengimpor")
    try:
        answer = input("Impor sekarang? [y/T] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "ya", "yes"):
        raise Declined


# -- taking in --------------------------------------------------------------------------------


async def _import(
    settings: Settings, channel: Channel, files: Sequence[tuple[Path, int | None]]
) -> Counts:
    bus, node = wiring.bus(settings), secrets.token_hex(8)
    key = (channel.tenant, channel.spec.name)
    try:
        with closing(Earlier(bus, settings.data_dir, key, node)) as before:
            taking = Taking(bus, channel, node)
            for path, total in files:
                report = Report(settings.data_dir, path)
                with closing(report), progress("mengimpor", total) as step:
                    await taking.take(path, report, step)
                if taking.counts.halted:
                    break
            with progress("membandingkan", None):
                await taking.settle(before)
            return taking.counts
    finally:
        await bus.close()


class Taking:
    """The rows of one command on their way to the log."""

    def __init__(self, bus: Bus, channel: Channel, node: str) -> None:
        self.counts = Counts()
        self._bus, self._channel, self._node = bus, channel, node
        self._position = itertools.count(1)
        # How many states the log did not have, of each complaint that had one.
        self._fresh: Counter[bytes] = Counter()

    async def take(self, path: Path, report: "Report", step: Step) -> None:
        """Publish a file batch by batch; what is published stays when it goes no further."""
        rows = cast(Importer, self._channel.connector).read(path)
        try:
            while batch := list(itertools.islice(rows, _BATCH)):
                bad = [row for row in batch if isinstance(row, BadRow)]
                await self._keep([r for r in batch if isinstance(r, RawMessage)], len(bad))
                self.counts.ditolak += len(bad)
                for row in bad:
                    report.add(row)
                step(len(batch))
        except (Unparseable, CannotStore) as error:
            again = "yang sudah masuk tetap; ulangi perintah yang sama setelah sebabnya diatasi"
            self.counts.halted = f"{printable(path)}: {error} ({again})"

    async def settle(self, before: Earlier) -> None:
        """Tell what was new from what has changed, once all is published."""
        known = await before.among(set(self._fresh))
        self.counts.baru = len(self._fresh) - len(known)
        self.counts.berubah = self._fresh.total() - self.counts.baru

    async def _keep(self, raws: Sequence[RawMessage], refused: int) -> None:
        key = (self._channel.tenant, self._channel.spec.name)
        records = [raw_record(raw, f"{self._node}:{next(self._position)}") for raw in raws]
        tallies = [Tally(*key, "rows_refused", refused)] if refused else []
        published = await self._bus.publish(records, tallies)
        for raw, new in zip(raws, published.new, strict=True):
            self.counts.tetap += not new
            if new:
                self._fresh[identity(*key, raw.account, raw.external_id)] += 1


class Report:
    """Names every refused row: on the screen the first ones, all of them in a file of ours."""

    def __init__(self, data: Path, path: Path, clock: Clock = system_clock) -> None:
        # Beside nobody's source, which may lie on a stick or in a folder that others read.
        name = f"{clock():%Y%m%dT%H%M%S}-{secrets.token_hex(2)}-{path.name[-120:]}.ditolak.csv"
        self._target, self._source = data / "impor" / printable(name), printable(path)
        self._file: TextIO | None = None
        self._count = 0

    def add(self, row: BadRow) -> None:
        """Name a row by its file, its place and its field."""
        self._count += 1
        if self._count <= _NAMED:
            print(f"ditolak: {printable(row.where)}, {printable(row.reason)}", file=sys.stderr)
        if self._file is None:
            self._target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = self._target.open("x", encoding="utf-8", newline="")
            self._write("berkas", "letak", "kolom", "sebab")
        field, _, why = row.reason.rpartition(": ")
        self._write(self._source, row.where, field, why)

    def close(self) -> None:
        """Say how many more there are, and where they are named."""
        if self._count > _NAMED:
            print(f"... dan {self._count - _NAMED} baris lagi", file=sys.stderr)
        if self._file is not None:
            self._file.close()
            print(f"semua yang ditolak: {self._target}", file=sys.stderr)

    def _write(self, *cells: str) -> None:
        csv.writer(cast(TextIO, self._file)).writerow([harmless(cell) for cell in cells])
