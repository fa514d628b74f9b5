"""One broker for a whole test session, and Kanal's Kafka engine on it for the contract suite."""

import asyncio
import atexit
import functools
import hashlib
import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.bus import Bus, Outgoing, Published, Tally
from core.bus.kafka import KafkaBus, KafkaSettings
from core.bus.kafka_admin import admin
from core.bus.outbox import OutboxBus
from core.topics import TOPICS
from tests.kafka.broker import Broker, Unavailable, fetch

# Short, so that a test of a lost process takes seconds.
SESSION = 6.0


@functools.cache
def _jars() -> str:
    """Return "" if the jars are there, else the one line that says what is missing."""
    try:
        fetch()
    except Unavailable as error:
        return str(error)
    return ""


def need_kafka() -> None:
    """Skip a test where Apache Kafka cannot run, naming the command that brings it."""
    if missing := _jars():
        pytest.skip(missing)


@functools.cache
def broker() -> Broker:
    """Return the session's broker, started by the first test that needs it."""
    need_kafka()
    folder = Path(tempfile.mkdtemp(prefix="kafka-"))
    started = Broker(folder).start()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(started.kill)
    return started


def settings(folder: Path, **more: object) -> KafkaSettings:
    """Return settings under which each test folder has topics and groups of its own."""
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    told = {"send_seconds": 15.0, "session_seconds": SESSION, **more}
    made = KafkaSettings(broker().bootstrap, prefix=f"{name}.", **told)  # type: ignore[arg-type]
    # Tests run one after the other; whoever asks for new topics no longer needs the old.
    if made.prefix not in _USED:
        _sweep(_USED, made)
        _USED[:] = [made.prefix]
    return made


_USED: list[str] = []


def _sweep(prefixes: Sequence[str], told: KafkaSettings) -> None:
    """Delete the topics of the test before: a broker of many partitions is a slow one."""

    async def swept() -> None:
        async with admin(told) as client:
            await client.delete_topics([prefix + name for prefix in prefixes for name in TOPICS])

    if prefixes:
        thread = threading.Thread(target=lambda: asyncio.run(swept()))
        thread.start()
        thread.join()


class DrainedBus(OutboxBus):
    """What a `kafka` installation opens, save that a publish waits until the broker has it."""

    async def publish(
        self, records: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        published = await super().publish(records, tallies)
        await self.drain()
        return published


async def open_drained(folder: Path) -> Bus:
    """Open an outbox in a folder, before the session's broker."""
    return DrainedBus(folder / "bus" / "outbox.sqlite", KafkaBus(settings(folder)))
