"""Twilio's own client against a Twilio on loopback: days, pages, and every way it can fail."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.clock import FrozenClock
from core.errors import ConfigError, GatewayError, RetryLater
from core.twilio import form_of
from core.twilio_api import Backfill, TwilioApi, mark
from tests.connectors.fake_http import Answer, Asked, Provider, provider, reply

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
DAY = date(2026, 11, 21)
Items = Mapping[str, list[dict[str, Any]]]


def message(sid: str, at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "account_sid": "AC1", "sid": sid, "direction": "inbound", "status": "received",
        "from": "+6281200000001", "to": "1708", "body": "air mati", "num_media": "0",
        "date_sent": at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
    } | more  # fmt: skip


def at(hour: int, day: int = 21) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


class Account:
    """A Twilio account: messages by day, newest first, two to a page."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages = list(messages)

    def __call__(self, asked: Asked) -> Answer:
        if asked.path.endswith("/Media.json"):
            media = {"content_type": "image/jpeg", "uri": asked.path.replace(".json", "/ME1.json")}
            return reply({"media_list": [media]})
        day, page = asked.query["DateSent"], int(asked.query.get("Page", "0"))
        found = [m for m in self.messages if mark(m)[0].date().isoformat() == day]
        found = sorted(found, key=mark, reverse=True)[page * 2 :]
        more = f"{asked.path}?DateSent={day}&Page={page + 1}" if len(found) > 2 else None
        return reply({"messages": found[:2], "next_page_uri": more})


@pytest.fixture
def twilio() -> Iterator[Provider]:
    with provider(Account()) as fake:
        yield fake


def api(twilio: Provider, timeout: float = 5) -> TwilioApi:
    return TwilioApi("AC1", "token-contoh", twilio.url, timeout)


def backfill(twilio: Provider, now: datetime = NOW, days: int = 1) -> Backfill:
    return Backfill(api(twilio), "1708", days, timedelta(minutes=5), FrozenClock(now))


def turn(work: Backfill, cursor: str | None) -> tuple[list[str], str | None]:
    async def walk() -> tuple[list[str], str | None]:
        sids: list[str] = []
        reached = cursor
        async for items, behind in work.pages(cursor):
            sids += [item["sid"] for item in items]
            reached = behind
        return sids, reached

    return asyncio.run(walk())


def test_a_day_is_read_page_by_page_and_turned_oldest_first(twilio: Provider) -> None:
    sent = [message(f"SM{n}", at(n)) for n in range(5)]
    twilio.answer = Account(*sent[3:], *sent[:3], message("SM9", at(1), direction="outbound-api"))
    found = asyncio.run(api(twilio).received(DAY, "1708"))
    assert [item["sid"] for item in found] == ["SM0", "SM1", "SM2", "SM3", "SM4"]
    assert len(twilio.asked) == 3
    first = twilio.asked[0]
    assert (first.query["DateSent"], first.query["To"]) == ("2026-11-21", "1708")
    assert first.headers["authorization"].startswith("Basic ")


def test_a_page_that_names_itself_as_the_next_ends_the_day(twilio: Provider) -> None:
    twilio.answer = lambda asked: reply({"messages": [], "next_page_uri": asked.path})
    assert asyncio.run(api(twilio).received(DAY, "")) == []


@pytest.mark.parametrize(
    ("answer", "error", "after"),
    [
        (Answer(b"{}", 429, {"retry-after": "7"}), RetryLater, 7.0),
        (Answer(b"{}", 503), RetryLater, None),
        (Answer(b"{}", 401), ConfigError, None),
        (Answer(b"{}", 404), ConfigError, None),
        (Answer(b"<html>"), RetryLater, None),
        (Answer(b"{}", fate="cut"), RetryLater, None),
        (Answer(fate="silent"), RetryLater, None),
    ],
)
def test_trouble_is_named_by_what_happens_next(
    twilio: Provider, answer: Answer, error: type[GatewayError], after: float | None
) -> None:
    twilio.answer = lambda _: answer
    with pytest.raises(error) as raised:
        asyncio.run(api(twilio, timeout=0.2).probe())
    assert getattr(raised.value, "after", None) == after
    assert "token-contoh" not in str(raised.value)


def test_a_provider_that_is_not_there_is_asked_later() -> None:
    with provider(Account()) as gone:
        pass
    with pytest.raises(RetryLater):
        asyncio.run(api(gone).probe())


@pytest.mark.parametrize(
    ("status", "outcome"), [("active", "aktif"), ("suspended", "suspended"), (None, "None")]
)
def test_the_account_is_asked_for_its_state(
    twilio: Provider, status: str | None, outcome: str
) -> None:
    twilio.answer = lambda _: reply({"status": status})
    try:
        said = asyncio.run(api(twilio).probe())
    except ConfigError as error:
        said = str(error)
    assert outcome in said


def test_the_past_comes_once_oldest_first_and_then_nothing(twilio: Provider) -> None:
    twilio.answer = Account(message("SM2", at(1)), message("SM1", at(9, day=20)))
    sids, cursor = turn(backfill(twilio), None)
    assert sids == ["SM1", "SM2"]
    assert turn(backfill(twilio), cursor) == ([], cursor)


def test_a_turn_without_messages_still_moves_the_cursor(twilio: Provider) -> None:
    sids, cursor = turn(backfill(twilio), None)
    assert (sids, cursor) == ([], "2026-11-21T00:00:00+00:00|")


def test_what_came_just_now_is_left_to_the_webhook(twilio: Provider) -> None:
    twilio.answer = Account(message("SM1", NOW - timedelta(minutes=4)))
    sids, cursor = turn(backfill(twilio), None)
    assert sids == []
    assert turn(backfill(twilio, NOW + timedelta(minutes=2)), cursor)[0] == ["SM1"]


def test_messages_of_one_second_are_told_apart_by_their_ids(twilio: Provider) -> None:
    twilio.answer = Account(*(message(f"SM{n}", at(1)) for n in (2, 0, 1)))
    sids, _ = turn(backfill(twilio), None)
    assert sids == ["SM0", "SM1", "SM2"]
    assert turn(backfill(twilio), "2026-11-21T01:00:00+00:00|SM1")[0] == ["SM2"]


def test_midnight_is_passed_without_losing_or_doubling(twilio: Provider) -> None:
    twilio.answer = Account(message("SM1", at(23, day=20)), message("SM2", at(0)))
    sids, cursor = turn(backfill(twilio, at(0, day=21) + timedelta(minutes=3)), None)
    assert sids == ["SM1"]
    assert turn(backfill(twilio), cursor)[0] == ["SM2"]


def test_a_turn_cut_short_goes_on_where_it_stopped(twilio: Provider) -> None:
    whole = Account(message("SM1", at(9, day=20)), message("SM2", at(1)))
    twilio.answer = _failing_on("2026-11-21", whole)
    seen: list[tuple[list[str], str]] = []

    async def walk() -> None:
        async for items, cursor in backfill(twilio).pages(None):
            seen.append(([item["sid"] for item in items], cursor))

    with pytest.raises(RetryLater):
        asyncio.run(walk())
    ((sids, cursor),) = seen
    assert sids == ["SM1"]
    twilio.answer = whole
    assert turn(backfill(twilio), cursor)[0] == ["SM2"]


def _failing_on(day: str, account: Account) -> Callable[[Asked], Answer]:
    return lambda asked: Answer(status=503) if asked.query["DateSent"] == day else account(asked)


def test_media_are_asked_for_and_written_as_the_webhook_would(twilio: Provider) -> None:
    twilio.answer = Account()
    item = asyncio.run(api(twilio).with_media(message("MM1", NOW, num_media="1")))
    (attachment,) = form_of(item).attachments
    path = "/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
    assert attachment.url == "https://api.twilio.com" + path
    assert attachment.mime == "image/jpeg"


@pytest.mark.parametrize("written", [None, "", "kemarin", "2026-11-21"])
def test_a_message_without_a_readable_time_sorts_first(written: str | None) -> None:
    broken = message("SM1", NOW) | {"date_sent": written, "date_created": None}
    assert mark(broken) < mark(message("SM0", at(0, day=1)))
