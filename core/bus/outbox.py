"""A local log in front of the brokers: what is taken in is durable here first, then shipped.

Intake lives on through an outage (its bound is the disk). The local log also keeps what Kafka
cannot: one event id once, and the counts, each written with what it counts.
"""

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from core.backoff import backoff
from core.bus import (
    Batch,
    Consumer,
    Limits,
    Outgoing,
    Positions,
    Published,
    Status,
    Stored,
    Tally,
    check,
)
from core.bus.claims import ClaimedBus, Starts
from core.bus.embedded import EmbeddedBus
from core.errors import CannotStore, ConfigError
from core.log import get_logger
from core.topics import MAX_RECORD_BYTES, TOPICS

GROUP = "relay"
_BATCH = 500
_LINGER = 0.5
_TRIM_EVERY = 2000
_LOCK_PAUSE = 0.2
_RESTART_PAUSE = 1.0
_LONGEST_PAUSE = 5.0
_CLOSE_SECONDS = 2.0


class OutboxBus:
    """Publishes into the local log; everything else is the brokers' (`behind`).

    Of the processes that hold one outbox, the one with the lock ships it.
    """

    def __init__(self, path: Path, behind: ClaimedBus, limits: Limits | None = None) -> None:
        self._local = EmbeddedBus(path, limits)
        self._behind = behind
        self._relay = Relay(path.with_suffix(".relay"), self._local, behind)
        self._shipping: asyncio.Task[None] | None = None
        self._closed = False

    async def publish(
        self, records: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        """Store locally; the brokers have it soon. Raises CannotStore when the disk is full."""
        check(records)
        for record in records:
            # 1000: names and framing. What the brokers would refuse for ever is not accepted.
            if len(record.value) + 1000 > MAX_RECORD_BYTES:
                raise CannotStore(f"rekaman {len(record.value)} byte melebihi batas Kafka")
        self._ship()
        return await self._local.publish(records, tallies)

    def _ship(self) -> None:
        """Keep the relay running as long as the bus is open."""
        if self._closed:
            raise CannotStore("bus ditutup")
        if self._shipping is None:
            self._shipping = asyncio.get_running_loop().create_task(self._relay.run())

    async def drain(self) -> None:
        """Wait until everything published so far is with the brokers."""
        while not await self._relay.idle():
            self._ship()
            await asyncio.sleep(0.005)

    async def send(self, records: Sequence[Outgoing]) -> list[int]:
        return await self._behind.send(records)

    async def subscribe(
        self,
        group: str,
        topics: Sequence[str],
        positions: Positions | None = None,
        starts: Starts | None = None,
        *,
        member: str = "",
    ) -> Consumer:
        inner = await self._behind.subscribe(group, topics, positions, starts, member=member)
        return OutboxConsumer(inner, self._local)

    async def read(self, topic: str, after: Positions, limit: int) -> list[Stored]:
        return await self._behind.read(topic, after, limit)

    async def latest(self, topic: str) -> Mapping[str, bytes]:
        """Return the brokers' newest values, and over them what is still on its way from here."""
        newest = dict(await self._behind.latest(topic))
        return newest | {r.key: r.value for r in await self._relay.waiting(topic)}

    async def erase(self, topic: str, event_id: str, value: bytes) -> bool:
        """Erase here, where a shipped record's bytes still are, and with the brokers."""
        here = await self._local.erase(topic, event_id, value)
        return await self._behind.erase(topic, event_id, value) or here

    async def trim(self, topic: str, through: Positions) -> int:
        return await self._behind.trim(topic, through)

    async def status(self) -> Status:
        """The brokers' heads and lags; of this node the counts and what is yet to be shipped."""
        local = await self._local.status()
        waiting = {key: lag for key, lag in local.lags.items() if key[0] == GROUP}
        try:
            behind = await self._behind.status()
        except CannotStore:
            return Status({}, waiting, local.tallies, oldest=local.oldest)
        return replace(
            behind,
            lags={**behind.lags, **waiting},
            tallies={**behind.tallies, **local.tallies},
            oldest={**behind.oldest, **local.oldest},
        )

    async def close(self) -> None:
        """Ship what can be shipped now; the rest is for the next process with this outbox."""
        if self._closed:
            return
        if self._shipping is not None:
            with suppress(TimeoutError, CannotStore, ConfigError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self.drain()
            self._shipping.cancel()
            await asyncio.gather(self._shipping, return_exceptions=True)
        self._closed = True
        self._relay.close()
        await self._behind.close()
        await self._local.close()


class Relay:
    """Ships the local log to the brokers in its order, and marks what they have acknowledged.

    After a crash it repeats what was acknowledged and not yet marked. Only the holder of a file
    lock ships: a paused holder keeps it, so nothing old can ever follow something newer.
    """

    def __init__(self, lock: Path, local: EmbeddedBus, behind: ClaimedBus) -> None:
        self._local, self._behind = local, behind
        # What is not cleared away yet.
        self._shipped: Positions = {}
        self._count = 0
        self._lock = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    async def run(self) -> None:
        """Ship for ever, through outages and until the operator has put right what is wrong."""
        while not self._locked():
            await asyncio.sleep(_LOCK_PAUSE)
        while True:
            try:
                await self._ship()
            except Exception as error:
                # Of its own log, then: start anew from what is marked there.
                get_logger().error("relay_restarted", error=type(error).__name__)
                await asyncio.sleep(_RESTART_PAUSE)

    async def _ship(self) -> None:
        consumer = await self._local.subscribe(GROUP, list(TOPICS), member=GROUP)
        try:
            while True:
                batch = await consumer.take(_BATCH, _LINGER)
                if batch.records:
                    await self._forward(consumer, batch)
                elif self._shipped:
                    await self._clear()
        finally:
            await consumer.close()

    def _locked(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    async def _forward(self, consumer: Consumer, batch: Batch) -> None:
        records = [
            Outgoing(r.topic, r.partition, r.event_id, r.value, r.key) for r in batch.records
        ]
        await _insist("outbox_shipping", lambda: self._behind.send(records))
        await _insist("outbox_marking", lambda: consumer.commit(batch, ()))
        self._shipped |= batch.after
        self._count += len(records)
        if self._count >= _TRIM_EVERY:
            await self._clear()

    async def _clear(self) -> None:
        """Drop payloads that the brokers have; the event ids stay."""
        shipped, self._shipped, self._count = self._shipped, {}, 0
        for topic in {topic for topic, _ in shipped}:
            if not TOPICS[topic].compacted:
                with suppress(CannotStore):  # then the next ones take these along
                    await self._local.trim(topic, shipped)

    async def _lags(self) -> dict[str, int]:
        status = await self._local.status()
        return {topic: status.lags.get((GROUP, topic), -1) for topic in status.heads}

    async def idle(self) -> bool:
        """Whether nothing waits."""
        return not any((await self._lags()).values())

    async def waiting(self, topic: str) -> list[Stored]:
        """Return a topic's records that are not shipped yet: the last ones."""
        lag = (await self._lags()).get(topic, 0)
        records = await self._local.read(topic, {}, 1 << 30) if lag else []
        return records[-lag:] if lag > 0 else records

    def close(self) -> None:
        """Let go of the lock."""
        os.close(self._lock)


class OutboxConsumer:
    """A group's reader on the brokers; the counts of its commits are kept locally.

    They are added after the outputs are stored, so a crash in between loses them: what must be
    exact is counted from the register.
    """

    def __init__(self, inner: Consumer, local: EmbeddedBus) -> None:
        self._inner, self._local = inner, local

    async def take(self, max_batch: int, linger: float) -> Batch:
        return await self._inner.take(max_batch, linger)

    async def commit(
        self, batch: Batch, outputs: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        published = await self._inner.commit(batch, outputs)
        if tallies:
            await self._local.publish((), tallies)
        return published

    async def close(self) -> None:
        await self._inner.close()


async def _insist(what: str, act: Callable[[], Awaitable[object]]) -> None:
    """Try until it succeeds; say when it first fails and when it works again.

    Not even a mistake in the settings stops intake: what is accepted meanwhile is safe here.
    """
    attempt = 0
    while True:
        try:
            await act()
        except (CannotStore, ConfigError) as error:
            attempt += 1
            if attempt == 1:
                get_logger().error("outbox_blocked", stage=what, reason=str(error))
            await asyncio.sleep(backoff(0.2, attempt, _LONGEST_PAUSE))
        else:
            if attempt:
                get_logger().info("outbox_resumed", stage=what, attempt=attempt)
            return
