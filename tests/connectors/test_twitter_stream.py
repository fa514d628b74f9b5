"""The filtered stream through tweepy's own client: every way it is known to end or to hurt."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from connectors.twitter import Settings, build
from core.clock import FrozenClock
from core.connector import Context, Page, Pull
from core.errors import ConfigError, RetryLater
from core.schema import RawMessage
from tests.connectors.fake_http import Answer, Provider, provider, reply
from tests.connectors.x_fake import OFFICE, Line, World, line_of, snowflake

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULE = '"kabupaten blitar" aduan'


class Office:
    """A channel that listens, and the X it listens to."""

    def __init__(self, fake: Provider, world: World) -> None:
        self.fake, self.world, self.clock = fake, world, FrozenClock(NOW)
        self.world.now = NOW
        self.cursor: str | None = None

    def channel(self, **more: Any) -> Pull:
        settings = {
            "bearer_token": "kunci-contoh", "user_id": OFFICE, "api_base": self.fake.url,
            "daily_usd": 1000, "stream_rules": [RULE], "timeout": 5,
        }  # fmt: skip
        context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", self.clock)
        return build(Settings.model_validate(settings | more), context)

    def turn(self, channel: Pull | None = None, **more: Any) -> list[RawMessage]:
        """Listen until the stream ends; keep messages and cursor of every page that came."""
        found: list[RawMessage] = []

        async def pages() -> None:
            async for page in (channel or self.channel(**more)).fetch(self.cursor):
                found.extend(page.messages)
                self.cursor = page.cursor

        try:
            asyncio.run(pages())
        finally:
            self.found = found
        return found

    def connections(self) -> int:
        return sum(asked.path.endswith("/search/stream") for asked in self.fake.asked)


@pytest.fixture
def office() -> Iterator[Office]:
    world = World()
    with provider(world.answer) as fake:
        yield Office(fake, world)


def post(number: int, **more: Any) -> dict[str, Any]:
    name = snowflake(NOW - MINUTE, number)
    return {"id": name, "text": f"keluhan {number}", "author_id": "17"} | more


def streamed(*lines: bytes) -> Answer:
    """A stream that says its lines and is closed cleanly."""
    return Answer([line + b"\r\n" for line in lines])


def names(raws: list[RawMessage]) -> list[str]:
    return [raw.external_id for raw in raws]


def test_lines_are_taken_verbatim_and_a_clean_close_connects_no_second_time(office: Office) -> None:
    first, second = post(1), post(2)
    lines = [line_of(first), b"", line_of(second)]
    office.world.streams = [streamed(*lines)]
    channel = office.channel()
    raws = office.turn(channel)
    assert names(raws) == [first["id"], second["id"]]
    assert [raw.body for raw in raws] == [lines[0], lines[2]]
    assert not any(raw.history for raw in raws)
    assert office.connections() == 1
    # The runner's pause keeps within fifty connections in a quarter of an hour.
    assert channel.every * 50 >= 900


ODD: list[tuple[str, bytes, int]] = [
    ("rule without tag", line_of(post(1), matching_rules=[{"id": "7"}]), 1),
    ("no rules at all", json.dumps({"data": post(1)}).encode(), 1),
    ("post names", json.dumps({"data": {"id": "5", "text": "x", "edit_history_post_ids": ["5"]}})
     .encode(), 1),
    ("disconnect", json.dumps({"errors": [{"title": "operational-disconnect"}]}).encode(), 0),
    ("bare title", json.dumps({"title": "operational-disconnect"}).encode(), 0),
    ("not json", b"{broken", 1),
    ("a list", b"[1]", 0),
    ("long", line_of(post(1, text="x" * 600_000)), 1),
    ("own post", line_of(post(1, author_id=OFFICE)), 0),
]  # fmt: skip


@pytest.mark.parametrize(("line", "count"), [pytest.param(*o[1:], id=o[0]) for o in ODD])
def test_an_odd_line_does_not_end_the_stream(office: Office, line: bytes, count: int) -> None:
    last = post(9)
    office.world.streams = [streamed(line, line_of(last))]
    raws = office.turn()
    assert len(raws) == count + 1
    assert raws[-1].external_id == last["id"]


def test_duplicates_and_disorder_keep_their_ids(office: Office) -> None:
    late, early = post(2), post(1)
    office.world.streams = [streamed(*map(line_of, (late, early, late)))]
    raws = office.turn()
    assert names(raws) == [late["id"], early["id"], late["id"]]
    assert len({raw.event_id for raw in raws}) == 2


def test_what_came_while_nobody_listened_is_searched_once_connected(office: Office) -> None:
    office.world.streams = [streamed(line_of(post(1))), streamed()]
    office.turn()
    missed = office.world.say("terlewat", NOW + MINUTE)
    office.clock.at = office.world.now = NOW + 2 * MINUTE
    assert set(names(office.turn())) == {missed}
    searched = [a for a in office.fake.asked if a.path.endswith("/search/recent")]
    assert searched[-1].query["query"] == f"({RULE})"
    assert searched[-1].query["since_id"] == post(1)["id"]
    # Asked after connecting, so that nothing falls in between.
    paths = [a.path.rpartition("/")[2] for a in office.fake.asked]
    assert paths[-2:] == ["stream", "recent"]


ENDS: list[tuple[str, Answer, type[Exception], float | None]] = [
    ("cut", Answer([b'{"da'], fate="cut"), RetryLater, 1.0),
    ("silent", Answer(fate="silent"), RetryLater, 1.0),
    ("503", reply({}, 503), RetryLater, 5.0),
    ("429 bare", reply({"connection_issue": "TooManyConnections"}, 429), RetryLater, 60.0),
    ("429", reply({}, 429, x_rate_limit_reset=str(int(NOW.timestamp()) + 30)), RetryLater, 31.0),
    ("401", reply({}, 401), ConfigError, None),
    ("403", reply({"reason": "client-not-enrolled"}, 403), ConfigError, None),
]


@pytest.mark.parametrize(
    ("answer", "kind", "after"), [pytest.param(*end[1:], id=end[0]) for end in ENDS]
)
def test_an_end_that_is_not_clean_says_when_to_come_again(
    office: Office, answer: Answer, kind: type[Exception], after: float | None
) -> None:
    office.world.streams = [answer]
    with pytest.raises(kind) as raised:
        office.turn(timeout=0.3)
    assert getattr(raised.value, "after", None) == after
    assert office.connections() == 1


def test_the_pause_grows_while_x_refuses_and_shrinks_when_it_answers(office: Office) -> None:
    channel = office.channel()
    office.world.streams = [reply({}, 503)] * 9
    pauses = []
    for _ in range(9):
        with pytest.raises(RetryLater) as raised:
            office.turn(channel)
        pauses.append(raised.value.after)
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 320, 320]
    office.world.streams = [streamed(b""), reply({}, 503)]
    office.turn(channel)
    with pytest.raises(RetryLater) as raised:
        office.turn(channel)
    assert raised.value.after == 5


def test_our_rules_are_made_the_settings_and_others_left_alone(office: Office) -> None:
    office.world.rules = {
        "1": {"id": "1", "value": "lama", "tag": "kanal"},
        "2": {"id": "2", "value": "milik orang lain", "tag": "x"},
        "3": {"id": "3", "value": "tanpa tanda"},
    }
    office.world.streams = [streamed(), streamed()]
    office.turn()
    values = {(rule["value"], rule.get("tag")) for rule in office.world.rules.values()}
    assert values == {(RULE, "kanal"), ("milik orang lain", "x"), ("tanpa tanda", None)}
    posted = sum(asked.method == "POST" for asked in office.fake.asked)
    office.turn()
    assert sum(asked.method == "POST" for asked in office.fake.asked) == posted


def test_a_rule_x_does_not_take_is_told(office: Office) -> None:
    office.world.bad_rules = {RULE}
    with pytest.raises(ConfigError, match="stream_rules"):
        office.turn()
    assert office.connections() == 0


def test_the_stream_stops_when_the_days_money_is_gone(office: Office) -> None:
    office.world.streams = [streamed(*(line_of(post(n)) for n in range(20)))]
    with pytest.raises(RetryLater, match="Anggaran"):
        office.turn(daily_usd=0.2)  # thirteen posts with their writers cost 0.195
    assert len(office.found) == 13


def run(office: Office, act: Callable[[AsyncIterator[Page]], Awaitable[None]]) -> None:
    """Listen by hand, and leave while the stream goes on, as a process that is told to stop."""

    async def whole() -> None:
        pages = office.channel().fetch(office.cursor)
        async with aclosing(cast(Any, pages)):
            await act(pages)

    asyncio.run(whole())


def test_a_sign_of_life_is_a_page_of_nothing_and_mentions_are_asked_meanwhile(
    office: Office,
) -> None:
    line = Line()
    office.world.streams = [Answer(line)]

    async def act(pages: AsyncIterator[Page]) -> None:
        connected = [await anext(pages) for _ in range(3)]  # mentions, connected, missed
        assert [list(page.messages) for page in connected] == [[], [], []]
        line.put(b"")
        assert list((await anext(pages)).messages) == []
        mention = office.world.say("@kominfo jalan rusak", NOW)
        office.clock.at = office.world.now = NOW + 6 * MINUTE
        line.put(b"")
        assert list((await anext(pages)).messages) == []
        assert names(list((await anext(pages)).messages)) == [mention]
        line.put(line_of(post(1)))
        assert names(list((await anext(pages)).messages)) == [post(1)["id"]]

    run(office, act)
    line.put(b"", None)
    assert office.connections() == 1
