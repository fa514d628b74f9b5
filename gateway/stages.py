"""What each daemon does: `kanal run STAGE` is one of these functions, until `stop` is set."""

import asyncio
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor

from core import keys, stage, topics
from core.bus import claims
from core.errors import ConfigError
from gateway import wiring
from gateway.alarms import keep_watch
from gateway.books import keep_books
from gateway.daemon import Daemon
from gateway.front import Front
from gateway.intake import Intake
from gateway.metrics import Metrics
from gateway.pulls import Polls
from gateway.sequencers import Sequencers
from gateway.sinking import SinkLoop
from gateway.understanding import Parking, Understanding
from gateway.web import Web, serve


async def run_connectors(daemon: Daemon) -> None:
    """Take messages in: the web server for who pushes, a loop for each channel we ask."""
    settings, stop = daemon.settings, daemon.stop
    bus = wiring.bus(settings)
    channels = wiring.channels(settings, daemon.clock)
    intake = Intake(bus, channels, keys.internal_key(settings.data_dir), daemon.clock)
    polls = Polls(bus, channels, daemon.clock, stop)
    front = Front(settings, intake, channels, daemon.clock)
    web = Web(intake, settings.intake, Metrics(bus, settings.data_dir).render, front.routes)
    try:
        await polls.report()
        async with asyncio.TaskGroup() as group:
            group.create_task(_until(stop, serve(web, settings.intake, stop)))
            group.create_task(intake.count_refusals(stop))
            group.create_task(polls.run(daemon.member))
            group.create_task(keep_books(bus, settings.data_dir, daemon.clock, stop))
            group.create_task(keep_watch(bus, settings.data_dir, daemon.clock, stop))
            group.create_task(_say_ready(intake, daemon))
    finally:
        front.close()
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
    sequencers = Sequencers(lambda: wiring.sequencer(daemon.settings))
    try:
        inputs = [topics.NORMALIZED.name, topics.DECISIONS.name]
        consumer = await claims.subscribe(
            bus, "dedup", inputs, sequencers, daemon.clock, daemon.member
        )
        sequencers.owner = consumer.owner
        daemon.ready()
        parking = Parking("dedup", daemon.clock)
        await stage.run(consumer, sequencers.enter, parking.letter, daemon.stop, keeps_state=True)
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
