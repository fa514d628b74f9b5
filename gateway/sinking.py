"""The sink's own loop: its position is stored with the rows, so that decides where it goes on."""

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from core import stage, topics
from core.bus import Batch, Bus, Positions, Stored
from core.bus.register import RegisterReader
from core.errors import RetryLater
from gateway import wiring
from gateway.daemon import Daemon
from sink import Sink, load_reference

T = TypeVar("T")
Notes = dict[tuple[str, int], str]

_LINGER = 0.2
_BATCH = 5000
_REGISTER = topics.DEDUPLICATED.name
_SUNK = [
    _REGISTER, topics.DEAD_LETTER.name, topics.CURSORS.name, topics.BOOKS.name, topics.ALARMS.name,
]  # fmt: skip


class SinkLoop:
    """Takes, writes, publishes. DuckDB lives in one thread of its own."""

    def __init__(self, bus: Bus, thread: ThreadPoolExecutor, daemon: Daemon) -> None:
        self._bus = bus
        self._thread = thread
        self._daemon = daemon

    async def run(self) -> None:
        """Write and publish until told to stop."""
        daemon = self._daemon
        sink = await self._do(lambda: wiring.sink(daemon.settings, daemon.clock))
        try:
            rules = await asyncio.to_thread(wiring.rules, daemon.settings)
            rows = wiring.reference_rows(daemon.settings, rules)
            await self._do(lambda: load_reference(sink.store, *rows))
            standing = Standing(await self._do(sink.notes))
            consumer = await self._bus.subscribe(
                "sink", _SUNK, await self._do(sink.positions), member=daemon.member
            )
            await self._do(lambda: sink.maybe_publish(daemon.clock()))
            daemon.ready()
            while not daemon.stop.is_set():
                batch = await consumer.take(_BATCH, _LINGER)
                if batch.records:
                    valid, notes = standing.judge(batch)
                    await self._write(sink, valid, notes)
                    await stage.commit(consumer, batch, (), daemon.stop)
                await self._do(lambda: sink.maybe_publish(daemon.clock()))
        finally:
            await self._do(sink.close)

    async def _write(self, sink: Sink, batch: Batch, notes: Notes) -> None:
        attempt = 0
        while True:
            try:
                return await self._do(lambda: sink.handle(batch, notes))
            except RetryLater as error:
                attempt += 1
                if self._daemon.stop.is_set():
                    raise
                await asyncio.sleep(min((error.after or 1.0) * attempt, 10.0))

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


class Standing:
    """Which entries of the register stand; what it knows is noted with the sink's position.

    On the embedded bus all do. On Kafka a process that woke late may have written some that do not.
    """

    def __init__(self, notes: Mapping[tuple[str, int], str]) -> None:
        kept = {part: json.loads(note) for (topic, part), note in notes.items()
                if topic == _REGISTER and note}  # fmt: skip
        self._reader = RegisterReader({part: note["owner"] for part, note in kept.items()})
        for part, note in kept.items():
            self._reader.fold(part).positions = _read(note["entered"])

    def judge(self, batch: Batch) -> tuple[Batch, Notes]:
        """Return the batch without what does not stand, and what to note with its positions."""
        records = [record for record in batch.records if self._stands(record)]
        notes = {}
        for topic, part in batch.after:
            if topic == _REGISTER:
                fold = self._reader.fold(part)
                note = {"owner": fold.owner, "entered": _written(fold.positions)}
                notes[topic, part] = json.dumps(note)
        return replace(batch, records=records), notes

    def _stands(self, record: Stored) -> bool:
        if record.topic != _REGISTER:
            return True
        try:
            return self._reader.entry(record) is not None
        except ValueError:
            return True  # the sink parks what nobody can read


def _written(positions: Positions) -> dict[str, int]:
    return {f"{topic}/{part}": at for (topic, part), at in positions.items()}


def _read(written: Mapping[str, int]) -> Positions:
    return {(key.rpartition("/")[0], int(key.rpartition("/")[2])): at
            for key, at in written.items()}  # fmt: skip
