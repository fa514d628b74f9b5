"""What each daemon does: `kanal run STAGE` is one of these functions, until `stop` is set."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from core import keys, stage, topics
from core.bus import Batch, Bus
from core.clock import Clock
from core.errors import ConfigError, RetryLater
from core.settings import Settings
from gateway import wiring
from gateway.books import keep_books
from gateway.intake import Intake
from gateway.metrics import Metrics
from gateway.pulls import Polls
from gateway.sequencers import Sequencers
from gateway.understanding import Parking, Understanding
from gateway.web import Web, serve
from sink import Sink, load_reference

T = TypeVar("T")
Ready = Callable[[], None]
_PUBLISH_LINGER = 0.2


@dataclass(frozen=True, slots=True)
class Daemon:
    """What every stage is handed."""

    settings: Settings
    clock: Clock
    stop: asyncio.Event
    ready: Ready
    # Its own name among the processes that share a stage's work.
    member: str = ""


async def run_connectors(daemon: Daemon) -> None:
    """Take messages in: the web server for who pushes, a loop for each channel we ask."""
    settings, stop = daemon.settings, daemon.stop
    bus = wiring.bus(settings)
    channels = wiring.channels(settings, daemon.clock)
    intake = Intake(bus, channels, keys.internal_key(settings.data_dir), daemon.clock)
    polls = Polls(bus, channels, daemon.clock, stop)
    web = Web(intake, settings.intake, Metrics(bus).render)
    try:
        await polls.report()
        async with asyncio.TaskGroup() as group:
            group.create_task(_until(stop, serve(web, settings.intake, stop)))
            group.create_task(intake.count_refusals(stop))
            group.create_task(polls.run())
            group.create_task(keep_books(bus, settings.data_dir, daemon.clock, stop))
            group.create_task(_say_ready(intake, daemon))
    finally:
        await bus.close()


async def run_normalizer(daemon: Daemon) -> None:
    """Understand every raw message."""
    settings = daemon.settings
    understanding = Understanding(
        {key: c.connector for key, c in wiring.channels(settings, daemon.clock).items()},
        await asyncio.to_thread(wiring.rules, settings),
        keys.installation_key(settings.data_dir),
        daemon.clock,
    )
    bus = wiring.bus(settings)
    try:
        consumer = await bus.subscribe("normalizer", [topics.RAW.name], member=daemon.member)
        daemon.ready()
        await stage.run(consumer, understanding.handle, understanding.park, daemon.stop)
    finally:
        await bus.close()


async def run_dedup(daemon: Daemon) -> None:
    """Give every complaint its case and ticket, in one order per office."""
    bus = wiring.bus(daemon.settings)
    sequencers = Sequencers(bus, lambda: wiring.sequencer(daemon.settings))
    try:
        consumer = await bus.subscribe(
            "dedup", [topics.NORMALIZED.name, topics.DECISIONS.name], member=daemon.member
        )
        daemon.ready()
        parking = Parking("dedup", daemon.clock)
        await stage.run(
            consumer, sequencers.enter, parking.letter, daemon.stop, move=sequencers.move
        )
    finally:
        await bus.close()


async def run_sink(daemon: Daemon) -> None:
    """Write the register into DuckDB and publish it; DuckDB lives in one thread of its own."""
    settings = daemon.settings
    bus = wiring.bus(settings)
    with ThreadPoolExecutor(1, "duckdb") as duckdb_thread:
        writer = SinkLoop(bus, duckdb_thread, daemon)
        try:
            await writer.run()
        finally:
            await bus.close()


class SinkLoop:
    """The sink's own loop: the position is stored with the rows, so it decides."""

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
            consumer = await self._bus.subscribe("sink", _SUNK, await self._do(sink.positions))
            await self._do(lambda: sink.maybe_publish(daemon.clock()))
            daemon.ready()
            while not daemon.stop.is_set():
                batch = await consumer.take(5000, _PUBLISH_LINGER)
                if batch.records:
                    await self._write(sink, batch)
                    await stage.commit(consumer, batch, (), daemon.stop)
                await self._do(lambda: sink.maybe_publish(daemon.clock()))
        finally:
            await self._do(sink.close)

    async def _write(self, sink: Sink, batch: Batch) -> None:
        attempt = 0
        while True:
            try:
                return await self._do(lambda: sink.handle(batch))
            except RetryLater as error:
                attempt += 1
                if self._daemon.stop.is_set():
                    raise
                await asyncio.sleep(min((error.after or 1.0) * attempt, 10.0))

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


_SUNK = [t.name for t in (topics.DEDUPLICATED, topics.DEAD_LETTER, topics.CURSORS, topics.BOOKS)]


async def _say_ready(intake: Intake, daemon: Daemon) -> None:
    while not daemon.stop.is_set():
        if await intake.ready():
            daemon.ready()
            return
        await asyncio.sleep(0.5)


async def _until(stop: asyncio.Event, work: Awaitable[None]) -> None:
    """A server that ends by itself ends the daemon."""
    await work
    if not stop.is_set():
        raise ConfigError("server intake berhenti sendiri; mungkin portanya sedang dipakai")
