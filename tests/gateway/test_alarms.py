"""Alarms: a table of what is seen and what it amounts to; told at the begin and at the end."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core import topics
from core.bus import Status
from core.bus.memory import MemoryBus
from core.state import Alarm, ChannelState
from gateway.alarms import Judge, Seen, publish
from sink.books import Habit, Page

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
T = "kab-uji"


def page(**counts: int) -> Page:
    blank = dict.fromkeys(("received", "stored", "redelivered", "ignored", "parked", "refused"), 0)
    return Page(tenant=T, channel="sms", counted_at=NOW, **(blank | counts))


def status(lag: int = 0, age: float | None = None) -> Status:
    key = ("normalizer", "raw")
    return Status({}, {key: lag}, {}, oldest={} if age is None else {key: age})


def habit(messages: int, quiet_hours: float) -> Habit:
    return Habit(T, "sms", messages, NOW - timedelta(hours=quiet_hours), 3600.0)


def state(name: str, hours: float) -> ChannelState:
    worked = NOW - timedelta(hours=hours)
    fields: dict[str, Any] = {"tenant": T, "channel": "sms", "mode": "pull", "state": name}
    return ChannelState(**fields, sentence="token ditolak", last_success=worked, at=NOW)


UP = (state("terhubung", 0),)


@pytest.mark.parametrize(
    ("seen", "kinds"),
    [
        (Seen(status()), set()),
        (Seen(status(5, 3.0)), set()),
        (Seen(status(5, 61.0)), {"lag"}),
        (Seen(status(), [page(received=3, stored=2, parked=1)]), {"parked"}),
        (Seen(status(), [page(received=3, stored=3)]), set()),
        (Seen(status(), (), [habit(20, 1.5)], UP), set()),
        (Seen(status(), (), [habit(20, 2.5)], UP), {"silent"}),
        # Too few to have a habit; not connected; known to be failing.
        (Seen(status(), (), [habit(19, 99)], UP), set()),
        (Seen(status(), (), [habit(20, 99)], (state("percobaan", 0),)), set()),
        (Seen(status(), (), [habit(20, 99)], (state("gagal", 0.5),)), set()),
        (Seen(status(), (), (), (state("gagal", 1.5),)), {"failing"}),
        # Without a habit the last check that ended well decides; with one, the habit does.
        (Seen(status(), (), (), (state("terhubung", 25),)), set()),
        (Seen(status(), (), (), (state("terhubung", 27),)), {"silent"}),
        (Seen(status(), (), [habit(19, 99)], (state("terhubung", 27),)), {"silent"}),
        (Seen(status(), (), [habit(20, 0.5)], (state("terhubung", 27),)), set()),
        (Seen(status(), (), (), (state("mati", 27),)), set()),
    ],
)
def test_what_is_seen_and_what_it_amounts_to(seen: Seen, kinds: set[str]) -> None:
    assert {alarm.kind for alarm in Judge().judge(seen, NOW).values()} == kinds


def test_hours_are_written_as_in_indonesian() -> None:
    (alarm,) = Judge().judge(Seen(status(), (), [habit(20, 2.5)], UP), NOW).values()
    assert alarm.sentence == "Sunyi 2,5 jam; biasanya paling lama 1,0 jam."


def test_a_gap_is_told_when_books_stay_open_though_nothing_waits() -> None:
    judge, open_ = Judge(), page(received=3, stored=2)
    late = NOW + timedelta(minutes=11)
    assert not judge.judge(Seen(status(), [open_]), NOW)
    # Something waits: then it may yet come.
    assert not judge.judge(Seen(status(1, 1.0), [open_]), late)
    assert not judge.judge(Seen(status(), [open_]), late)
    (alarm,) = judge.judge(Seen(status(), [open_]), late + timedelta(minutes=10)).values()
    assert alarm.kind == "gap"
    assert "1 pesan" in alarm.sentence


def test_an_alarm_has_a_begin_and_an_end() -> None:
    async def scenario() -> list[Alarm]:
        bus, judge = MemoryBus(), Judge()
        found = []
        for seen, minutes in ((Seen(status(5, 61.0)), 0), (Seen(status(5, 99.0)), 1),
                              (Seen(status()), 2), (Seen(status()), 3)):  # fmt: skip
            now = NOW + timedelta(minutes=minutes)
            await publish(bus, judge.judge(seen, now), now)
            (value,) = (await bus.latest(topics.ALARMS.name)).values()
            found.append(Alarm.model_validate_json(value))
        return found

    begun, told, ended, still = asyncio.run(scenario())
    assert begun.since == told.since == ended.since == NOW
    assert "99 s" in told.sentence
    assert ended.ended == still.ended == NOW + timedelta(minutes=2)
