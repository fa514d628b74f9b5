"""Memory and open files of every process over minutes of ordinary work."""

import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Figures, Terms
from bench.sleepers import sending
from bench.watch import audit
from tests.acceptance.running import Running

_RATE = 3.0
_EVERY = 2.0
_MOST_MB_A_MINUTE = 1.0
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20

Sample = tuple[float, float, int]
"""(seconds, resident MB, open files)."""


def soak(terms: Terms) -> Figures:
    """Row 18: after it has warmed up, no process grows."""
    found = Figures()
    warm, work = terms.pick(5, 60), terms.pick(15, 180)
    house = Running(terms.folder / "rumah")
    house.start()
    try:
        house.ready()
        with sending(house, _RATE) as load:
            time.sleep(warm)
            samples = _watch(house, work)
        found.sent = load.sent
        audit(house, load.accepted, found)
    finally:
        house.stop()
    for name, taken in samples.items():
        _judge(name, taken, found, strict=terms.scale == "full")
    return found


def _watch(house: Running, seconds: float) -> dict[str, list[Sample]]:
    pids = house.children() | {"supervisor": house.pid}
    samples: dict[str, list[Sample]] = {name: [] for name in pids}
    started = time.monotonic()
    while (now := time.monotonic() - started) < seconds:
        for name, pid in pids.items():
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            files = len(os.listdir(f"/proc/{pid}/fd"))
            samples[name].append((now, pages * _PAGE_MB, files))
        time.sleep(_EVERY)
    return samples


def _judge(name: str, taken: Sequence[Sample], found: Figures, *, strict: bool) -> None:
    slope = 60 * statistics.linear_regression([s[0] for s in taken], [s[1] for s in taken]).slope
    third = max(len(taken) // 3, 1)
    first = statistics.median(s[2] for s in taken[:third])
    last = statistics.median(s[2] for s in taken[-third:])
    found.more[name] = f"{taken[-1][1]:.0f}MB,{slope:+.2f}MB/min,{last:.0f}fd"
    found.check(last <= first + 3, f"{name} opens files: {first:.0f} -> {last:.0f}")
    # Seconds say nothing about a slope.
    if strict:
        found.check(slope < _MOST_MB_A_MINUTE, f"{name} grows {slope:.2f} MB a minute")
