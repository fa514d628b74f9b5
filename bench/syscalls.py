"""Fails one process at a chosen system call: killed there, or told that the disk has an error."""

import asyncio
import random
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figures, Terms
from bench.line_worker import LEAST_BATCHES, TOPIC, open_bus, open_sink, records, work
from core.bus import Batch
from tests.sink.sink_makers import KEY

WORKER = Path(__file__).parent / "line_worker.py"
_TOTAL = 60
_KILLED = ("fdatasync", "fsync", "pwrite64", "ftruncate", "unlink", "rename")
_FAILED = ("fdatasync", "fsync", "pwrite64", "pread64")
_AT_ONCE = 2
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Point:
    """Where a run is to meet its fault: at the n-th call of a kind, counted per thread."""

    call: str
    number: int
    fault: str


def kill_at_syscalls(terms: Terms) -> Figures:
    """Row 2: killed at 180 system calls of the log and of DuckDB."""
    return _over(terms, _KILLED, "signal=SIGKILL", terms.pick(6, 180))


def position_before_effect(terms: Terms) -> Figures:
    """Row 2a, a control: the position is committed before the effect, and rows are lost."""
    found, seeded = Figures(), random.Random(terms.seed)
    # Killed by itself, right between the two: a system call chosen by chance may fall elsewhere.
    for n in range(terms.pick(3, 40)):
        point = Point("batch", seeded.randrange(1, LEAST_BATCHES + 1), "between")
        folder = terms.folder / f"{n}"
        _add(found, point, _run(_worker(folder, "early", f"{point.number}"), folder, early=True))
    return found


def io_errors(terms: Terms) -> Figures:
    """Row 9: fsync, write and read answer EIO."""
    return _over(terms, _FAILED, "error=EIO", terms.pick(4, 60))


def _over(terms: Terms, calls: tuple[str, ...], fault: str, points: int) -> Figures:
    strace = shutil.which("strace")
    if strace is None:
        raise RuntimeError("strace is missing: apt-get install -y strace")
    found = Figures()
    chosen = _points(strace, terms, calls, fault, points)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        runs = [
            pool.submit(_run_under, strace, terms.folder / f"{n}", point)
            for n, point in enumerate(chosen)
        ]
        for point, run in zip(chosen, runs, strict=True):
            _add(found, point, run.result())
    found.more["points"] = len(chosen)
    return found


def _points(
    strace: str, terms: Terms, calls: tuple[str, ...], fault: str, points: int
) -> list[Point]:
    """Count the calls of an undisturbed run and choose among them by the seed."""
    trace, folder = terms.folder / "trace", terms.folder / "whole"
    command = [strace, "-f", "-qq", "-o", str(trace), "-e", f"trace={','.join(calls)}"]
    subprocess.run([*command, *_worker(folder)], check=True, capture_output=True, timeout=_SECONDS)
    most: dict[tuple[str, str], int] = {}
    for one in trace.read_text(errors="replace").splitlines():
        if call := re.match(r"(\d+) +(\w+)\(", one):
            most[call[2], call[1]] = most.get((call[2], call[1]), 0) + 1
    seeded = random.Random(terms.seed)
    per_call = {c: max((n for (of, _), n in most.items() if of == c), default=0) for c in calls}
    kinds = [call for call in calls if per_call[call]]
    return [
        Point(kind, seeded.randrange(1, per_call[kind] + 1), fault)
        for kind in (kinds[n % len(kinds)] for n in range(points))
    ]


def _worker(folder: Path, *more: str) -> list[str]:
    folder.mkdir(exist_ok=True)
    return [sys.executable, str(WORKER), str(folder), str(_TOTAL), *more]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run left."""

    acked: list[str]
    logged: list[str]
    rows: int
    once: int
    struck: bool
    seconds: float
    problems: tuple[str, ...]


def _run_under(strace: str, folder: Path, point: Point) -> Outcome:
    command = [
        strace, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={point.call}",
        "-e", f"inject={point.call}:{point.fault}:when={point.number}",
    ]  # fmt: skip
    return _run([*command, *_worker(folder)], folder)


def _run(command: list[str], folder: Path, *, early: bool = False) -> Outcome:
    """Run a worker until it ends or is struck, and look at what it left."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    lines = done.stdout.splitlines()
    acked = [word.split()[1] for word in lines if re.fullmatch(r"acked [0-9a-f]{32}", word)]
    struck = done.returncode != 0 or "refused" in lines or "again" in lines
    started = time.monotonic()
    logged, problems = asyncio.run(_finish(folder, early))
    seconds = time.monotonic() - started
    sink = open_sink(folder)
    with sink.store.connection() as con:
        sql = "SELECT count(*), count(DISTINCT position) FROM complaint_versions"
        rows, once = con.execute(sql).fetchone() or (0, 0)
    sink.close()
    shutil.rmtree(folder, ignore_errors=True)
    return Outcome(acked, logged, rows, once, struck, seconds, problems)


async def _finish(folder: Path, early: bool) -> tuple[list[str], tuple[str, ...]]:
    """Open what is left: rows and position must agree at once, and all must arrive in the end."""
    bus = open_bus(folder)
    problems = list((await bus.verify()).problems)
    left = [r.offset for r in await bus.read(TOPIC, {}, 1 << 20)]
    sink = open_sink(folder)
    stands = sink.positions().get(KEY, -1)
    with sink.store.connection() as con:
        (rows,) = con.execute("SELECT count(*) FROM complaint_versions").fetchone() or (0,)
    if not early and rows != sum(offset <= stands for offset in left):
        problems.append("rows and position disagree")
    sink.close()
    if early:
        await _catch_up(folder)
    found = [r.event_id for r in await bus.read(TOPIC, {}, 1 << 20)]
    await bus.close()
    if not early:
        await work(folder, _TOTAL, lambda _line: None)
    return found, tuple(problems)


async def _catch_up(folder: Path) -> None:
    """Sink what the log's own position says is left."""
    bus, sink = open_bus(folder), open_sink(folder)
    consumer = await bus.subscribe("sink", [TOPIC], member="one")
    while (batch := await consumer.take(100, 0.0)).records:
        sink.handle(Batch(batch.records, {}, batch.after))
        await consumer.commit(batch, ())
    sink.close()
    await bus.close()


def _add(found: Figures, point: Point, outcome: Outcome) -> None:
    sent = {r.event_id for r in records(_TOTAL)}
    expected = len(outcome.logged) if outcome.rows < _TOTAL else _TOTAL
    found.sent += _TOTAL
    found.accepted += len(outcome.acked)
    found.stored += outcome.rows
    found.unique += outcome.once
    found.lost += len(set(outcome.acked) - set(outcome.logged)) + max(expected - outcome.once, 0)
    found.invented += len(set(outcome.logged) - sent)
    found.kills += outcome.struck
    found.recoveries.append(outcome.seconds)
    found.check(len(set(outcome.logged)) == len(outcome.logged), "a record is on the log twice")
    for problem in outcome.problems:
        found.broken.append(f"{point.call} {point.number}: {problem}")
