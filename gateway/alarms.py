"""What a person should look at: judged by one process, told at its begin and at its end."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from core import topics
from core.bus import Bus, Outgoing, Status
from core.clock import Clock
from core.errors import CannotStore
from core.ids import digest
from core.log import get_logger
from core.record import Moment
from core.state import Alarm, ChannelState
from gateway.pulls import pause
from sink import books
from sink.books import Habit, Page
from sink.reader import NotPublished, Reader

_EVERY = 10.0
# How long the oldest record of a stage may wait.
LAG_SECONDS = 60.0
# Books that stay open although nothing waits: a message without a fate.
GAP_AFTER = timedelta(minutes=10)
# A channel with fewer messages in 30 days has no habit to be judged by.
HABIT_MESSAGES = 20
# Twice its usual longest quiet, but no sooner than this.
QUIET_FACTOR, QUIET_LEAST = 2.0, 1800.0
FAILING_AFTER = timedelta(hours=1)
# A channel we ask that has no habit: so long no check of it has ended well, though none has failed.
CHECKED_WITHIN = timedelta(hours=26)
# An early warning of dedup is shown for so long.
BURST_STANDS = timedelta(hours=24)

_STAGES = {
    "normalizer": "pemahaman pesan", "dedup": "pengelompokan kasus", "sink": "penyimpanan",
    "relay": "pengiriman ke Kafka",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What is looked at: counts and lags of the bus, books, habits, channels."""

    status: Status
    pages: Sequence[Page] = ()
    habits: Sequence[Habit] = ()
    states: Sequence[ChannelState] = ()


@dataclass(slots=True)
class Judge:
    """Judges what is seen; it remembers since when books are open."""

    _open_since: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def judge(self, seen: Seen, now: datetime) -> dict[str, Alarm]:
        """Return the alarms that stand now, by key."""
        found = [
            *_lags(seen.status, now), *self._gaps(seen, now), *_parked(seen.pages, now),
            *_silent(seen, now), *_failing(seen.states, now),
        ]  # fmt: skip
        return {alarm.key: alarm for alarm in found}

    def _gaps(self, seen: Seen, now: datetime) -> Iterator[Alarm]:
        waiting = any(seen.status.lags.values())
        for page in seen.pages:
            key = (page.tenant, page.channel)
            if waiting or not page.in_flight:
                self._open_since.pop(key, None)
            elif now - self._open_since.setdefault(key, now) >= GAP_AFTER:
                words = f"Pembukuan tidak seimbang: {page.in_flight} pesan belum ada nasibnya."
                yield _alarm(key, "gap", words, now)


def _lags(status: Status, now: datetime) -> Iterator[Alarm]:
    late: dict[str, float] = {}
    for (group, _), seconds in status.oldest.items():
        if group in _STAGES and seconds > LAG_SECONDS:
            late[group] = max(seconds, late.get(group, 0.0))
    if late:
        words = ", ".join(f"{_STAGES[group]} {s:.0f} s" for group, s in sorted(late.items()))
        yield _alarm(("", ""), "lag", f"Pengolahan tertinggal: {words}.", now)


def _parked(pages: Sequence[Page], now: datetime) -> Iterator[Alarm]:
    for page in pages:
        if page.parked:
            words = f"{page.parked} pesan ditahan karena tidak dapat dibaca."
            yield _alarm((page.tenant, page.channel), "parked", words, now)


def _silent(seen: Seen, now: datetime) -> Iterator[Alarm]:
    working = {(s.tenant, s.channel) for s in seen.states if s.state == "terhubung"}
    for habit in seen.habits:
        bound = max(QUIET_FACTOR * habit.usual_quiet, QUIET_LEAST)
        quiet = (now - habit.newest).total_seconds()
        known = habit.messages >= HABIT_MESSAGES and (habit.tenant, habit.channel) in working
        if known and quiet > bound:
            usual = _hours(bound / QUIET_FACTOR)
            words = f"Sunyi {_hours(quiet)} jam; biasanya paling lama {usual} jam."
            yield _alarm((habit.tenant, habit.channel), "silent", words, now)
    heard = {(h.tenant, h.channel) for h in seen.habits if h.messages >= HABIT_MESSAGES}
    for state in seen.states:
        key, checked = (state.tenant, state.channel), state.last_success
        if key in working - heard and checked and now - checked > CHECKED_WITHIN:
            hours = _hours((now - checked).total_seconds())
            words = f"Pemeriksaan terakhir yang berhasil {hours} jam lalu."
            yield _alarm(key, "silent", words, now)


def _hours(seconds: float) -> str:
    """Write hours as they are written in Indonesian, with a comma."""
    return f"{seconds / 3600:.1f}".replace(".", ",")


def _failing(states: Sequence[ChannelState], now: datetime) -> Iterator[Alarm]:
    for state in states:
        worked = state.last_success
        if state.state == "gagal" and (worked is None or now - worked > FAILING_AFTER):
            yield _alarm((state.tenant, state.channel), "failing", state.sentence, now)


def _alarm(key: tuple[str, str], kind: str, sentence: str, now: datetime) -> Alarm:
    return Alarm.model_validate(
        {"tenant": key[0], "channel": key[1], "kind": kind, "sentence": sentence, "since": now}
    )


async def keep_watch(bus: Bus, data: Path, clock: Clock, stop: asyncio.Event) -> None:
    """Judge every few seconds; publish what begins, what ends, and what reads differently."""
    judge, reader = Judge(), Reader(data, "operator")
    try:
        while not stop.is_set():
            await pause(stop, _EVERY)
            try:
                seen = await _look(bus, reader, clock())
                await publish(bus, judge.judge(seen, clock()), clock())
            except CannotStore:
                get_logger().error("alarms_waited")
    finally:
        reader.close()


async def _look(bus: Bus, reader: Reader, now: datetime) -> Seen:
    stored = await bus.latest(topics.CURSORS.name)
    states = [ChannelState.model_validate_json(value) for value in stored.values()]
    status = await bus.status()
    try:
        pages = await asyncio.to_thread(books.pages, reader)
        habits = await asyncio.to_thread(books.habits, reader, now)
    except NotPublished:
        return Seen(status, states=states)
    return Seen(status, pages, habits, states)


async def publish(bus: Bus, now_standing: dict[str, Alarm], now: Moment) -> None:
    """Publish what has begun or ended, and what reads differently."""
    stored = await bus.latest(topics.ALARMS.name)
    before = {key: Alarm.model_validate_json(value) for key, value in stored.items()}
    told: list[Alarm] = []
    for key, alarm in now_standing.items():
        old = before.get(key)
        if old is None or old.ended:
            get_logger().warning("alarm_raised", channel=alarm.channel, reason=alarm.kind)
            told.append(alarm)
        elif old.sentence != alarm.sentence:
            told.append(alarm.model_copy(update={"since": old.since}))
    for key, old in before.items():
        if not old.ended and key not in now_standing and _over(old, now):
            get_logger().info("alarm_ended", channel=old.channel, reason=old.kind)
            told.append(old.model_copy(update={"ended": now}))
    if told:
        await bus.publish([_record(alarm, now) for alarm in told])


def _over(alarm: Alarm, now: datetime) -> bool:
    """Tell whether what stands no more is over; a burst is never seen here, dedup warned of it."""
    return alarm.kind != "burst" or now - alarm.since > BURST_STANDS


def _record(alarm: Alarm, now: datetime) -> Outgoing:
    part = topics.ALARMS.partition(alarm.tenant, alarm.channel)
    event_id = digest("alarm", alarm.key, alarm.sentence, now.isoformat())
    return Outgoing(topics.ALARMS.name, part, event_id, alarm.to_bytes(), key=alarm.key)
