"""Flipped bits, lost sectors and cut tails in every kind of file: noticed, and made good again."""

import asyncio
import contextlib
import random
import shutil
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import duckdb

from bench.figures import Figures, Terms
from bench.line_worker import TOPIC, open_bus, open_sink, records, work
from core.clock import system_clock
from core.errors import GatewayError
from sink.reader import Reader

_WORKER = Path(__file__).parent / "line_worker.py"
_TOTAL = 90
_LOG, _LIVE, _PUBLISHED = "log", "live", "published"
_BAD = ("WRONG", "LOST", "NOT REBUILT", "by_hand")
_ROWS = "SELECT * EXCLUDE (pub_seq, arrived_seq) FROM complaint_versions ORDER BY position"


def damaged_files(terms: Terms) -> Figures:
    """Row 10: what is damaged is noticed, nothing wrong is served, and it can be built anew."""
    found, fates = Figures(), Counter[str]()
    base = terms.folder / "base"
    _make(base)
    truth = _Truth(base)
    seeded = random.Random(terms.seed)
    files = _files(base)
    for n in range(terms.pick(16, 200)):
        copy = terms.folder / f"{n}"
        shutil.copytree(base, copy)
        kind, name = files[n % len(files)]
        _damage(copy / name, seeded)
        fate = {_LOG: _log_fate, _LIVE: _live_fate, _PUBLISHED: _published_fate}[kind](copy, truth)
        fates[f"{kind}:{fate}"] += 1
        shutil.rmtree(copy)
    found.sent = sum(fates.values())
    found.more |= dict(sorted(fates.items()))
    for fate in sorted(fates):
        found.check(not any(bad in fate for bad in _BAD), f"{fate} {fates[fate]}")
    return found


def _make(base: Path) -> None:
    """Leave the files of a process that was killed, write-ahead logs and all."""
    base.mkdir()
    subprocess.run([sys.executable, str(_WORKER), str(base), str(_TOTAL), "halfway"], check=False)
    for path in base.rglob("*"):
        # Made by whoever opens the log next.
        if path.name.endswith("-shm"):
            path.unlink()


def _files(base: Path) -> list[tuple[str, str]]:
    found = [(_LOG, f"log.sqlite{tail}") for tail in ("", "-wal")]
    found += [(_LIVE, f"live/kanal.duckdb{tail}") for tail in ("", ".wal")]
    found += [(_PUBLISHED, f"published/{p.name}") for p in _newest(base)]
    return [(kind, name) for kind, name in found if (base / name).exists()]


def _newest(base: Path) -> list[Path]:
    reader = Reader(base, "operator")
    name = reader.manifest().flavours["operator"]
    reader.close()
    return [base / "published" / name]


def _damage(path: Path, seeded: random.Random) -> None:
    content = bytearray(path.read_bytes())
    at, how = seeded.randrange(len(content)), seeded.random()
    if how < 0.6:
        content[at] ^= 1 << seeded.randrange(8)
    elif how < 0.8:
        start = at - at % 512
        content[start : start + 512] = bytes(len(content[start : start + 512]))
    else:
        del content[at:]
    path.write_bytes(content)


class _Truth:
    """What the undamaged files hold, and what a store built from all of the log holds."""

    def __init__(self, base: Path) -> None:
        copy = base.with_name("truth")
        shutil.copytree(base, copy)
        self.log = asyncio.run(_read_log(copy))
        self.published = _published(copy)
        self.live = _live(copy)
        asyncio.run(work(copy, _TOTAL, lambda _line: None))
        self.whole = _live(copy)
        shutil.rmtree(copy)


def _log_fate(folder: Path, truth: _Truth) -> str:
    try:
        read = asyncio.run(_read_log(folder))
    except GatewayError:
        return "noticed"
    if read == truth.log:
        return "harmless"
    # Fewer records than were acknowledged, or others; nobody was told.
    return "LOST" if set(read) < set(truth.log) else "WRONG"


async def _read_log(folder: Path) -> list[tuple[int, str, bytes]]:
    """Open, check and read the log as the first start and `kanal bus verify` do."""
    bus = open_bus(folder)
    try:
        if problems := (await bus.verify()).problems:
            raise GatewayError(problems[0])
        sink = open_sink(folder)
        positions = sink.positions()
        sink.close()
        # The store may know of records that the log no longer has.
        await bus.subscribe("sink", [TOPIC], positions)
        return [(r.offset, r.event_id, r.value) for r in await bus.read(TOPIC, {}, 1 << 20)]
    finally:
        await bus.close()


def _live(folder: Path) -> list[tuple[object, ...]]:
    sink = open_sink(folder)
    try:
        with sink.store.connection() as con:
            return con.execute(_ROWS).fetchall()
    finally:
        sink.close()


def _live_fate(folder: Path, truth: _Truth) -> str:
    try:
        read = _live(folder)
    except (GatewayError, duckdb.Error, OSError):
        return f"noticed,{_rebuilt(folder, truth)}"
    if read == truth.live:
        return "harmless"
    # A shorter write-ahead log is an older state: the log of the bus brings the rest.
    return _rebuilt(folder, truth) if len(read) < len(truth.live) else "WRONG"


def _rebuilt(folder: Path, truth: _Truth) -> str:
    """Start the sink as the supervisor would; if it stays down, without the damaged file."""
    for way in ("rebuilt", "rebuilt_by_hand"):
        for _start in range(3):
            with contextlib.suppress(GatewayError, duckdb.Error, OSError):
                if _finish(folder) and _live(folder) == truth.whole:
                    return way
        shutil.rmtree(folder / "live", ignore_errors=True)
    return "NOT REBUILT"


def _finish(folder: Path) -> bool:
    """Let a process of its own do the rest; say whether it could."""
    done = subprocess.run(
        [sys.executable, str(_WORKER), str(folder), str(_TOTAL)],
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode == 0


def _published(folder: Path) -> list[tuple[object, ...]]:
    reader = Reader(folder, "operator")
    try:
        rows = reader.query(_ROWS).to_pylist()
    finally:
        reader.close()
    return [tuple(row.values()) for row in rows]


def _published_fate(folder: Path, truth: _Truth) -> str:
    try:
        return "harmless" if _published(folder) == truth.published else "WRONG"
    except (GatewayError, duckdb.Error, OSError):
        pass
    if not _finish(folder):
        return "noticed,NOT REBUILT"
    sink = open_sink(folder)
    sink.maybe_publish(system_clock() + timedelta(minutes=2))
    sink.close()
    try:
        whole = len(_published(folder)) == len(records(_TOTAL))
    except (GatewayError, duckdb.Error, OSError):
        whole = False
    return "noticed,rebuilt" if whole else "noticed,NOT REBUILT"
