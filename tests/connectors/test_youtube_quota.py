"""YouTube's refusals and its daily quota: what the runner is told, and that nothing is lost."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors.youtube.threads import Watch
from core.errors import ConfigError, GatewayError, RetryLater
from core.schema import RawMessage
from tests.connectors.fake_http import Answer
from tests.connectors.youtube_fake import NOW, Office, names, opened, refusal, several

MINUTE = timedelta(minutes=1)


@pytest.fixture
def office() -> Iterator[Office]:
    with opened() as made:
        yield made


HALF_PAST_MIDNIGHT = 23400.0  # 01.30 UTC is 17.30 in California
TROUBLES: list[tuple[str, Answer, type[GatewayError], float | None, str]] = [
    ("quota", refusal(403, "quotaExceeded"), RetryLater, HALF_PAST_MIDNIGHT + 1, "15.00 WIB"),
    ("daily", refusal(403, "dailyLimitExceeded"), RetryLater, HALF_PAST_MIDNIGHT + 1, "habis"),
    ("busy", refusal(403, "rateLimitExceeded"), RetryLater, 60, "jeda"),
    ("429", refusal(429, "RATE_LIMIT_EXCEEDED", retry_after="17"), RetryLater, 17, "jeda"),
    ("429 bare", Answer(b"", 429), RetryLater, 60, "jeda"),
    ("500", refusal(500, "backendError"), RetryLater, None, "500"),
    ("503", refusal(503, "x", retry_after="120"), RetryLater, 120, "503"),
    ("400", refusal(400, "processingFailure"), RetryLater, None, "400"),
    ("cut", Answer(b"{" * 4000, fate="cut"), RetryLater, None, "dihubungi"),
    ("silent", Answer(fate="silent"), RetryLater, None, "dihubungi"),
    ("portal", Answer(b"<html>login</html>"), RetryLater, None, "dihubungi"),
    ("key", refusal(400, "keyInvalid"), ConfigError, None, "api_key"),
    ("off", refusal(403, "accessNotConfigured"), ConfigError, None, "belum dinyalakan"),
    ("ip", refusal(403, "ipRefererBlocked"), ConfigError, None, "alamat server"),
    ("channel", refusal(404, "channelNotFound"), ConfigError, None, "channel_id"),
    ("403", refusal(403, "forbidden"), ConfigError, None, "403"),
    ("401", Answer(b"[]", 401), ConfigError, None, "HTTP 401"),
]


@pytest.mark.parametrize(
    ("answer", "kind", "after", "word"), [pytest.param(*t[1:], id=t[0]) for t in TROUBLES]
)
def test_trouble_says_what_the_runner_does_next_and_loses_nothing(
    answer: Answer, kind: type[GatewayError], after: float | None, word: str
) -> None:
    with opened() as office:
        written = several(office.tube, 25, NOW - MINUTE)
        office.tube.refusals = [answer]
        with pytest.raises(kind) as raised:
            office.turn(office.channel(timeout=0.2 if answer.fate == "silent" else 20.0))
        assert word in str(raised.value)
        assert not {"RAHASIA", "kunci-contoh"} & set(str(raised.value).split())
        if isinstance(raised.value, RetryLater):
            assert raised.value.after == after
        office.clock.at = NOW + timedelta(days=1)
        assert names(office.turn()) == written


def test_the_day_with_a_change_of_clocks_is_an_hour_longer(office: Office) -> None:
    # 2026-11-01 has 25 hours in California.
    office.clock.at = datetime(2026, 11, 1, 7, 0, tzinfo=UTC)
    office.tube.refusals = [refusal(403, "quotaExceeded")]
    with pytest.raises(RetryLater, match=r"15\.00 WIB") as raised:
        office.turn()
    assert raised.value.after == 25 * 3600 + 1


def test_the_days_quota_is_kept_over_a_restart_and_returns(office: Office) -> None:
    written = several(office.tube, 3, NOW - MINUTE)
    assert names(office.turn(office.channel(daily_units=3))) == written
    office.turn(office.channel(daily_units=3))
    asked = len(office.fake.asked)
    assert asked == 3
    # Another process, the same cursor: not one call more.
    office.tube.say("T9", "jalan rusak", NOW)
    with pytest.raises(RetryLater, match="3 unit"):
        office.turn(office.channel(daily_units=3))
    assert len(office.fake.asked) == asked
    office.clock.at = NOW + timedelta(hours=7)
    assert names(office.turn(office.channel(daily_units=3))) == ["T9"]


def test_a_quota_that_ends_in_the_middle_loses_nothing(office: Office) -> None:
    several(office.tube, 3, NOW - timedelta(days=1))
    office.turn()
    for name in ("T000", "T001", "T002"):
        for n in range(4):
            office.tube.say(f"{name}.{n}", "saya juga", NOW)
    used = Watch.load(office.cursor).used
    # Enough for the list, the watched threads and the replies of one.
    with pytest.raises(RetryLater):
        office.turn(office.channel(daily_units=used + 3))
    office.clock.at = NOW + timedelta(hours=7)
    assert len(names(office.turn())) == 12


def test_a_walk_cut_short_goes_on_where_it_was(office: Office) -> None:
    written = several(office.tube, 60, NOW - MINUTE)
    for n in range(4):
        office.tube.say(f"T055.{n}", "saya juga", NOW)
    plain = office.tube.answer
    office.fake.answer = lambda asked: (
        refusal(403, "quotaExceeded") if "parentId" in asked.query else plain(asked)
    )
    first: list[RawMessage] = []
    with pytest.raises(RetryLater):
        office.turn(into=first)
    # The replies of T055 were refused; the threads before its page had been handed over.
    assert names(first) == written[:40]
    office.fake.answer = plain
    office.clock.at = NOW + timedelta(hours=7)
    assert [n for n in names(office.turn()) if "." not in n] == written[40:]


def test_a_try_of_the_keys_is_one_call(office: Office) -> None:
    assert "1 dari 9000" in asyncio.run(office.channel().probe())
    assert [asked.query["maxResults"] for asked in office.fake.asked] == ["1"]
