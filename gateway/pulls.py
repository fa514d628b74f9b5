"""Runs the channels we ask: every loop, pause, backoff, cursor and health line is here."""

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from core import topics
from core.backoff import backoff
from core.bus import Bus, Outgoing, Tally
from core.clock import Clock
from core.connector import Page, Pull
from core.errors import CannotStore, ConfigError, Fenced, RetryLater
from core.ids import digest
from core.log import get_logger, where
from core.state import ChannelState
from gateway.intake import raw_record
from gateway.wiring import Channel, Key, State

# How often a channel's health is written down although nothing has changed.
_REPORT_EVERY = timedelta(seconds=60)
_LONGEST_PAUSE = 300.0


class Polls:
    """All pull channels of one process, and the health lines of every channel."""

    def __init__(
        self, bus: Bus, channels: Mapping[Key, Channel], clock: Clock, stop: asyncio.Event
    ) -> None:
        self._bus, self._channels, self._clock, self._stop = bus, channels, clock, stop
        self._reported = clock()

    async def report(self) -> None:
        """Write down how every channel stands, so that the screens know those without keys too."""
        known = await self._known()
        states = [
            known.get(key, _first(channel, self._clock())).model_copy(
                update={
                    "label": channel.spec.label, "mode": channel.spec.mode,
                    "state": channel.state, "sentence": channel.sentence, "at": self._clock(),
                }
            )
            for key, channel in self._channels.items()
        ]  # fmt: skip
        while not self._stop.is_set():
            try:
                await self._bus.publish([state_record(state) for state in states])
                return
            except CannotStore:
                await self._pause(1.0)

    async def run(self, member: str = "") -> None:
        """Poll the channels whose cursor is ours, until told to stop.

        Processes that share the work share the partitions of `cursors`: one asks each provider.
        """
        consumer = await self._bus.subscribe("polls", [topics.CURSORS.name], member=member)
        polling: dict[int, Polling] = {}
        try:
            while not self._stop.is_set():
                batch = await consumer.take(500, 0.5)
                for one in polling.values():
                    one.check()
                for part in batch.lost:
                    await polling.pop(part).end()
                if batch.gained:
                    known = await self._known()
                    polling |= {p: Polling(self._polls(p, known)) for p in batch.gained}
                if batch.records:
                    with contextlib.suppress(Fenced, CannotStore):
                        await consumer.commit(batch, ())
                await self._refresh()
        finally:
            await asyncio.gather(*(one.end() for one in polling.values()))

    def _polls(self, partition: int, known: Mapping[Key, ChannelState]) -> list["Poll"]:
        found = []
        for key, channel in self._channels.items():
            pulls = hasattr(channel.connector, "fetch") and channel.running
            if pulls and topics.CURSORS.partition(*key) == partition:
                state = known.get(key) or _first(channel, self._clock())
                found.append(Poll(self._bus, channel, state, self._clock))
        return found

    async def _refresh(self) -> None:
        """Say once a minute that the waiting channels are alive: the screens show data's age."""
        now = self._clock()
        if now - self._reported < _REPORT_EVERY:
            return
        self._reported = now
        waiting = [c for c in self._channels.values() if not hasattr(c.connector, "fetch")]
        states = [_first(channel, now) for channel in waiting if channel.running]
        with contextlib.suppress(CannotStore):
            await self._bus.publish([state_record(state) for state in states])

    async def _known(self) -> dict[Key, ChannelState]:
        stored = await self._bus.latest(topics.CURSORS.name)
        states = (ChannelState.model_validate_json(value) for value in stored.values())
        return {(state.tenant, state.channel): state for state in states}

    async def _pause(self, seconds: float) -> None:
        await pause(self._stop, seconds)


class Polling:
    """The polls of one partition, running."""

    def __init__(self, polls: Sequence["Poll"]) -> None:
        self._stop = asyncio.Event()
        self._tasks = [asyncio.create_task(poll.run(self._stop)) for poll in polls]

    def check(self) -> None:
        """Raise what ended a poll that nobody told to end: the daemon then starts again."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def end(self) -> None:
        """Let each finish what it is making durable."""
        self._stop.set()
        await asyncio.gather(*self._tasks)


class Poll:
    """One pull channel: turn after turn, its cursor stored with what it brought."""

    def __init__(self, bus: Bus, channel: Channel, state: ChannelState, clock: Clock) -> None:
        self._bus, self._channel, self._clock = bus, channel, clock
        self._stop = asyncio.Event()
        self._pull = cast(Pull, channel.connector)
        self._state = state.model_copy(
            update={"state": channel.state, "sentence": channel.sentence}
        )
        self._node, self._position = secrets.token_hex(8), itertools.count(1)
        self._log = get_logger().bind(tenant=channel.tenant, channel=channel.spec.name)

    async def run(self, stop: asyncio.Event) -> None:
        """Take turns until told to stop; trouble is told once when it begins and when it ends."""
        self._stop = stop
        failures = 0
        while not self._stop.is_set():
            wait = self._pull.every
            try:
                await self._turn()
                failures = 0
            except RetryLater as error:
                failures += 1
                wait = error.after or backoff(2 * wait, failures, _LONGEST_PAUSE)
                await self._failed(str(error), failures)
            except CannotStore:
                failures += 1
                wait = backoff(0.4, failures, 5.0)
            except ConfigError as error:
                await self._failed(str(error), 1)
                await self._stop.wait()
            except Exception as error:
                failures += 1
                wait = backoff(2 * wait, failures, _LONGEST_PAUSE)
                self._log.error("channel_down", error=type(error).__name__, where=where(error))
                await self._failed(f"galat tak terduga: {type(error).__name__}", failures + 1)
            await pause(self._stop, wait)

    async def _turn(self) -> None:
        pages = self._pull.fetch(self._state.cursor)
        while (page := await self._next(pages)) is not None:
            await self._keep(page)
        if self._stop.is_set():
            return
        now = self._clock()
        healthy = self._channel.state
        silent = self._state.last_success is None or now - self._state.last_success > _REPORT_EVERY
        if self._state.state != healthy or silent:
            if self._state.state != healthy:
                self._log.info("channel_up")
            await self._write((), self._stand(healthy, self._channel.sentence, last_success=now))

    async def _next(self, pages: AsyncIterator[Page]) -> Page | None:
        """Return the next page; None at the end, or when a quiet stream is told to stop."""
        coming = asyncio.ensure_future(anext(pages, None))
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({coming, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return await coming if coming.done() and not self._stop.is_set() else None
        finally:
            stopping.cancel()
            if not coming.done():
                coming.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await coming

    async def _keep(self, page: Page) -> None:
        """Make a page durable together with the cursor behind it; only then put it away."""
        now = self._clock()
        records = [raw_record(raw, f"{self._node}:{next(self._position)}") for raw in page.messages]
        state = self._stand(
            self._channel.state, self._channel.sentence, cursor=page.cursor, last_success=now,
            last_message_at=now if page.messages else self._state.last_message_at,
        )  # fmt: skip
        refused = len(page.rejected)
        tallies = [Tally(*self._key, "rows_refused", refused)] if refused else []
        if page.ignored:
            tallies += [Tally(*self._key, what, page.ignored) for what in ("received", "ignored")]
        await self._write(records, state, tallies)
        if refused:
            self._log.warning("rows_refused", count=refused)
        await asyncio.to_thread(page.done)

    @property
    def _key(self) -> Key:
        return self._channel.tenant, self._channel.spec.name

    async def _failed(self, sentence: str, failures: int) -> None:
        if failures == 1:
            self._log.warning("channel_down", attempt=failures)
        try:
            await self._write((), self._stand("gagal", sentence))
        except CannotStore:
            self._log.error("commit_refused", count=1)

    def _stand(self, state: State, sentence: str, **more: object) -> ChannelState:
        changed = {"state": state, "sentence": sentence, "at": self._clock(), **more}
        return self._state.model_copy(update=changed)

    async def _write(
        self, records: Sequence[Outgoing], state: ChannelState, tallies: Sequence[Tally] = ()
    ) -> None:
        await self._bus.publish([*records, state_record(state)], tallies)
        self._state = state


def state_record(state: ChannelState) -> Outgoing:
    """Make the record of a channel's state; the topic keeps the newest of each channel."""
    part = topics.CURSORS.partition(state.tenant, state.channel)
    event_id = digest("cursor", state.key, state.at.isoformat(), secrets.token_hex(4))
    return Outgoing(topics.CURSORS.name, part, event_id, state.to_bytes(), key=state.key)


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but not beyond `stop`."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


def _first(channel: Channel, now: datetime) -> ChannelState:
    return ChannelState(
        tenant=channel.tenant, channel=channel.spec.name, mode=channel.spec.mode,
        label=channel.spec.label, state=channel.state, sentence=channel.sentence, at=now,
    )  # fmt: skip
