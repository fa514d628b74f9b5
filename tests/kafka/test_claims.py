"""Deduplicators on a real broker: paused, killed and woken, they never give a ticket twice."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.bus import Outgoing, Positions
from core.bus.kafka import KafkaBus, KafkaSettings
from core.bus.register import RegisterReader
from core.ids import digest
from core.schema import RegisterEntry
from core.topics import NORMALIZED
from tests.kafka.engine import SESSION, settings

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
# A session must run out, a rebalance and two folds follow.
PATIENCE = 60.0


class Worker:
    """A deduplicator process, and what it says."""

    def __init__(self, told: KafkaSettings, name: str, *, pause_at: int = 0, batch: int = 7):
        arguments = (told.bootstrap, told.prefix, SESSION, name, pause_at, batch)
        self._process = subprocess.Popen(
            [sys.executable, "tests/kafka/kafka_worker.py", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.said: list[str] = []

    async def says(self, what: str) -> None:
        """Wait for a line that begins so."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while not (self.said and self.said[-1].startswith(what)):
                line = await asyncio.to_thread(self._process.stdout.readline)
                assert line, f"ended; said {self.said}"
                self.said.append(line.strip())

    def send(self, how: signal.Signals) -> None:
        self._process.send_signal(how)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


class Desk:
    """The test's own hand on the broker: it gives the input and audits the register."""

    def __init__(self, told: KafkaSettings) -> None:
        self.settings, self.bus, self._sent = told, KafkaBus(told), 0
        self._read, self._at = RegisterReader(), Positions()
        self.stand: list[tuple[int, RegisterEntry]] = []
        self.workers: list[Worker] = []

    def start(self, name: str, **more: int) -> Worker:
        self.workers.append(Worker(self.settings, name, **more))
        return self.workers[-1]

    async def give(self, count: int, partitions: int) -> None:
        """Send messages, each partition's in order."""
        numbers = range(self._sent, self._sent + count)
        self._sent += count
        await self.bus.publish([
            Outgoing(NORMALIZED.name, n % partitions, digest("n", str(n)), b"{}") for n in numbers
        ])  # fmt: skip

    async def all_entered(self) -> int:
        """Wait until every message is entered; return how many records do not stand."""
        ignored = 0
        async with asyncio.timeout(PATIENCE):
            while len(self.stand) < self._sent:
                for record in await self.bus.read("deduplicated", self._at, 1000):
                    self._at[record.topic, record.partition] = record.offset
                    entry = self._read.entry(record)
                    if entry is not None:
                        self.stand.append((record.partition, entry))
                    else:
                        ignored += b'"kind":"complaint"' in record.value
        return ignored

    def audit(self, partitions: int) -> None:
        """Each message has one ticket, tickets follow one another, the input's order is kept."""
        for part in range(partitions):
            entries = [entry for p, entry in self.stand if p == part]
            assert [int(e.sentence) for e in entries] == list(range(1, len(entries) + 1))
            assert [e.source.offset for e in entries] == list(range(len(entries)))


@contextlib.asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    held = Desk(settings(folder))
    try:
        yield held
    finally:
        for worker in held.workers:
            worker.end()
        await held.bus.close()


def test_a_paused_deduplicator_wakes_after_its_partitions_moved_and_changes_nothing(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with desk(tmp_path) as at:
            await at.give(40, partitions=4)
            old = at.start("old", pause_at=3)
            await old.says("pausing")
            began = time.monotonic()
            new = at.start("new")
            await new.says("owns 48")
            assert time.monotonic() - began > SESSION / 2  # it had to wait for the session's end
            await at.give(20, partitions=4)
            await at.all_entered()
            old.send(signal.SIGCONT)
            await old.says("fenced")
            await at.give(20, partitions=4)
            late = await at.all_entered()
            assert late == 7  # what the woken one wrote is there, and counts for nothing
            at.audit(partitions=4)

    asyncio.run(story())


def test_deduplicators_that_come_go_and_are_killed_share_the_work(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as at:
            first = at.start("a")
            await at.give(200, partitions=48)
            await first.says("entered")
            second = at.start("b")
            await at.give(200, partitions=48)
            await second.says("owns 24")
            await at.give(200, partitions=48)
            first.send(signal.SIGKILL)
            await at.give(200, partitions=48)
            await second.says("owns 48")
            await at.all_entered()
            at.audit(partitions=48)

    asyncio.run(story())
