"""Several processes on one log: one event published by two of them is stored once."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from core.bus import Stored
from core.bus.embedded import EmbeddedBus

HERE = Path(__file__).parent


def worker(mode: str, log: Path, count: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(HERE / "bus_worker.py"), mode, str(log), str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[2])},
    )


def read_all(log: Path) -> list[Stored]:
    async def read() -> list[Stored]:
        bus = EmbeddedBus(log)
        found = await bus.read("raw", {}, 1_000_000)
        await bus.close()
        return found

    return asyncio.run(read())


def test_the_same_events_published_by_two_processes_at_once_are_stored_once(
    tmp_path: Path,
) -> None:
    log, count = tmp_path / "log.sqlite", 300
    workers = [worker("same", log, count) for _ in range(2)]
    for process in workers:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in workers:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    new = [int(process.communicate()[0]) for process in workers]
    assert sum(new) == count
    assert len({r.event_id for r in read_all(log)}) == len(read_all(log)) == count
