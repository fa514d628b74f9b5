"""Throughput and ack latency of the bus beside a bare loop on the same table (see --help).

A contender is measured in turns with its yardstick, so that both meet the same disk and the same
neighbours; the ratio is that of their medians. Another engine is one more entry of CONTENDERS.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import apsw

sys.path.insert(0, str(Path(__file__).parents[1]))

from core.bus import Bus, Limits, Outgoing
from core.bus.embedded import EmbeddedBus

TOPIC, PARTITIONS = "raw", 12
VALUE = os.urandom(1024)
# What shares one fsync is bounded in bytes, for the bare loop as for the bus.
MOST_TOGETHER = 8000
# The writer copies its write-ahead log into the file this often; so does the bare loop.
CHECKPOINT_PAGES = 4000
# Records a second for which there must be enough made ahead.
FASTEST = 150_000


@dataclass(frozen=True)
class Cell:
    """One line of the table: so many publishers, each with so many records at a time."""

    publishers: int
    batch: int

    @property
    def together(self) -> int:
        """How many records can share one fsync."""
        return min(self.publishers * self.batch, MOST_TOGETHER)


@dataclass
class Turn:
    """What one turn of one contender did."""

    seconds: float
    records: int
    acks: list[float] = field(default_factory=list)


Measure = Callable[[Cell, float], Turn]


def event_id() -> str:
    return os.urandom(16).hex()


def batches(count: int, size: int) -> list[list[Outgoing]]:
    """Make batches ahead of time, so that making them is not measured."""
    return [
        [Outgoing(TOPIC, n % PARTITIONS, event_id(), VALUE) for n in range(size)]
        for _ in range(count)
    ]


# -- the bus ------------------------------------------------------------------------------------


async def publish(bus: Bus, cell: Cell, seconds: float) -> Turn:
    """Let publishers publish for a while, each waiting for its ack."""
    turn = Turn(0.0, 0)
    enough = int(FASTEST * seconds / cell.publishers / cell.batch) + 2
    ready = [batches(enough, cell.batch) for _ in range(cell.publishers)]
    started = time.perf_counter()

    async def publisher(mine: list[list[Outgoing]]) -> None:
        for records in mine:
            asked = time.perf_counter()
            if asked - started >= seconds:
                return
            await bus.publish(records)
            turn.acks.append(time.perf_counter() - asked)
            turn.records += len(records)

    await asyncio.gather(*(publisher(mine) for mine in ready))
    turn.seconds = time.perf_counter() - started
    return turn


@contextmanager
def embedded(folder: Path, rows: int) -> Iterator[Measure]:
    """The embedded engine, on a log that holds so many records already."""
    with asyncio.Runner() as runner:
        bus = EmbeddedBus(folder / "log.sqlite", Limits(wait=60.0))
        runner.run(fill(bus, rows))
        yield lambda cell, seconds: runner.run(publish(bus, cell, seconds))
        runner.run(bus.close())


async def fill(bus: Bus, rows: int) -> None:
    for done in range(0, rows, 1000):
        await bus.publish(batches(1, 1000)[0])
        print(f"\rmengisi log: {done + 1000}/{rows}", end="", file=sys.stderr, flush=True)
    if rows:
        print(file=sys.stderr)


# -- the yardstick ------------------------------------------------------------------------------


@contextmanager
def bare(folder: Path, rows: int) -> Iterator[Measure]:
    """A loop over apsw: the same table and unique index, the same batch, nothing else."""
    with asyncio.Runner() as runner:
        bus = EmbeddedBus(folder / "log.sqlite", Limits(wait=60.0))
        runner.run(fill(bus, rows))
        runner.run(bus.close())
    db = apsw.Connection(str(folder / "log.sqlite"))
    for name, value in {"journal_mode": "wal", "synchronous": "full", "wal_autocheckpoint": 0,
                        "cache_size": -65536, "secure_delete": True}.items():  # fmt: skip
        db.pragma(name, value)
    db.execute("DROP INDEX log_part")
    db.execute("DROP INDEX log_key")
    yield lambda cell, seconds: _insert(db, cell, seconds)
    db.close()


def _insert(db: apsw.Connection, cell: Cell, seconds: float) -> Turn:
    pages = 0

    def note(_db: apsw.Connection, _name: str, count: int) -> int:
        nonlocal pages
        pages = count
        return apsw.SQLITE_OK

    db.set_wal_hook(note)
    turn = Turn(0.0, 0)
    seq = int(db.execute("SELECT coalesce(max(seq), 0) FROM log").get)
    while turn.seconds < seconds:
        rows = [
            (n, 1, n % PARTITIONS, 0, 0, os.urandom(16), "", "", VALUE)
            for n in range(seq + 1, seq + 1 + cell.together)
        ]
        seq += cell.together
        asked = time.perf_counter()
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT OR IGNORE INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        db.execute("COMMIT")
        turn.acks.append(time.perf_counter() - asked)
        if pages > CHECKPOINT_PAGES:
            db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            pages = 0
        turn.seconds += time.perf_counter() - asked
        turn.records += len(rows)
    return turn


# -- the table ----------------------------------------------------------------------------------

Contender = Callable[[Path, int], AbstractContextManager[Measure]]
CONTENDERS: dict[str, tuple[Contender, Contender]] = {"embedded": (embedded, bare)}
"""engine -> (how to open it, its yardstick); each has a folder and a log of so many rows."""
ON_A_BROKER = ("kafka", "outbox")


def chosen(names: list[str] | None) -> list[str]:
    """Return the engines to measure: those asked for, else all that can run here."""
    if names and not set(names) & set(ON_A_BROKER):
        return names
    from bench.bus_kafka import CONTENDERS as MORE
    from tests.kafka.broker import Unavailable, fetch

    try:
        fetch()
    except Unavailable as error:
        if names:
            sys.exit(str(error))
        print(f"tanpa Kafka: {error}", file=sys.stderr)
        return sorted(CONTENDERS)
    CONTENDERS.update(MORE)
    return names or sorted(CONTENDERS)


def compare(
    name: str, folder: Path, rows: int, cells: list[Cell], args: argparse.Namespace
) -> float:
    """Print one line per cell; return the worst ratio."""
    engine, yardstick = CONTENDERS[name]
    worst = 0.0
    for part in (name, "bare"):
        (folder / name / part).mkdir(parents=True)
    with (
        engine(folder / name / name, rows) as ours,
        yardstick(folder / name / "bare", rows) as theirs,
    ):
        for cell in cells:
            turns: tuple[list[Turn], list[Turn]] = ([], [])
            for _ in range(args.rounds):
                turns[0].append(theirs(cell, args.seconds))
                turns[1].append(ours(cell, args.seconds))
            worst = max(worst, line(name, cell, rows, *turns))
    return worst


def line(name: str, cell: Cell, rows: int, theirs: list[Turn], ours: list[Turn]) -> float:
    """Print what one cell showed; return how many times faster the bare loop was."""
    rates = [statistics.median(t.records / t.seconds for t in turns) for turns in (theirs, ours)]
    acks = sorted(ack for turn in ours for ack in turn.acks)
    p50, p99 = acks[len(acks) // 2], acks[int(len(acks) * 0.99)]
    ratio = rates[0] / rates[1]
    print(
        f"{name:10} {rows:>9} {cell.publishers:>5} {cell.batch:>6} {rates[0]:>10.0f} "
        f"{rates[1]:>10.0f} {ratio:>6.2f} {p50 * 1000:>8.2f} {p99 * 1000:>8.2f}",
        flush=True,
    )
    return ratio


def main() -> None:
    """Measure and print; exit 1 if a bound that was asked for is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=[*CONTENDERS, *ON_A_BROKER], action="append")
    parser.add_argument("--rows", type=int, default=0, help="records in the log beforehand")
    parser.add_argument("--publishers", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--seconds", type=float, default=1.0, help="of one turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; default: ./data")
    parser.add_argument("--at-most", type=float, default=0.0, help="fail above this ratio")
    args = parser.parse_args()
    cells = [Cell(p, b) for p in args.publishers for b in args.batch if p * b <= 10_000]
    place = args.folder or Path(__file__).parents[1] / "data"
    place.mkdir(parents=True, exist_ok=True)
    print("engine          rows  publ  batch     bare/s      bus/s  ratio   p50 ms   p99 ms")
    with tempfile.TemporaryDirectory(prefix="bench-bus-", dir=place) as folder:
        names = chosen(args.engine)
        worst = max(compare(name, Path(folder), args.rows, cells, args) for name in names)
    if args.at_most and worst > args.at_most:
        sys.exit(f"perbandingan terburuk {worst:.2f} melebihi {args.at_most}")


if __name__ == "__main__":
    main()
