"""Starts processes with a handle on a log (bus_worker.py), and looks at what they left."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from core.bus import Limits, Stored
from core.bus.embedded import EmbeddedBus

HERE = Path(__file__).parent


class Worker:
    """A running process; what it says is read line by line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    @property
    def said(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def line(self) -> str:
        """Wait for the next thing it says."""
        return self.said.readline().strip()

    def rest(self) -> list[str]:
        """Wait for its end; return all that it said until then."""
        lines = self.said.read().split("\n")
        self.process.wait()
        return [line for line in lines if line]

    def tell(self) -> None:
        """Send it a line."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def kill(self) -> list[str]:
        """End it at once; return what it had said that was not read yet."""
        self.process.kill()
        return self.rest()


@contextmanager
def working(mode: str, log: Path, number: int) -> Iterator[Worker]:
    """Run a worker; it is gone when the block ends."""
    with subprocess.Popen(
        [sys.executable, str(HERE / "bus_worker.py"), mode, str(log), str(number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[2])},
    ) as process:
        try:
            yield Worker(process)
        finally:
            process.kill()


def read_all(log: Path, topic: str = "raw") -> list[Stored]:
    """Return what a topic holds, by a handle of this process."""

    async def read() -> list[Stored]:
        bus = EmbeddedBus(log)
        try:
            return await bus.read(topic, {}, 1_000_000)
        finally:
            await bus.close()

    return asyncio.run(read())


Story = Callable[[EmbeddedBus], Awaitable[None]]


def with_bus(log: Path, story: Story, limits: Limits | None = None) -> None:
    """Run a story on a log and close it."""

    async def played() -> None:
        bus = EmbeddedBus(log, limits)
        try:
            await story(bus)
        finally:
            await bus.close()

    asyncio.run(played())
