"""X through tweepy against a provider on loopback: mentions, search, money, refusals."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from connectors.twitter import Settings, build
from connectors.twitter.posts import split, time_of
from connectors.twitter.walk import Memory
from core.clock import FrozenClock
from core.connector import Context
from core.errors import ConfigError, RetryLater, Unparseable
from core.schema import Message, RawMessage
from tests.connectors.fake_http import Answer, reply
from tests.connectors.x_fake import MINUTE, NOW, OFFICE, WRITER, Office, names, opened, several
from tests.needs import oracle

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def office() -> Iterator[Office]:
    with opened() as made:
        yield made


def test_the_first_turn_takes_the_past_oldest_first_and_the_next_nothing(office: Office) -> None:
    written = several(office.world, 230, NOW - MINUTE)
    office.world.say("lama", NOW - 8 * DAY)
    office.world.say("@warga terima kasih", NOW, author=OFFICE)
    first = office.turn()
    assert names(first) == written
    assert all(raw.history for raw in first)
    assert office.turn() == []
    later = office.world.say("baru", NOW + MINUTE)
    (new,) = office.turn()
    assert (new.external_id, new.history) == (later, False)
    (message,) = office.channel().parse(new)
    assert (message.sender.id, message.sender.name) == (WRITER, "Sri (@w01)")
    assert message.occurred_at == NOW + MINUTE


def test_a_crash_between_two_pages_repeats_and_loses_nothing(office: Office) -> None:
    written = several(office.world, 230, NOW - MINUTE)

    async def first_page() -> list[RawMessage]:
        async with aclosing(cast(Any, office.channel().fetch(None))) as pages:
            page = await anext(pages)
            office.cursor = page.cursor
            return list(page.messages)

    kept = asyncio.run(first_page())
    assert names(kept) == written[:100]
    again = office.turn()
    assert names(again) == written
    assert [raw.event_id for raw in again[:100]] == [raw.event_id for raw in kept]


def test_after_a_first_turn_without_posts_new_ones_are_no_history(office: Office) -> None:
    assert office.turn() == []
    later = office.world.say("baru", NOW + MINUTE)
    (new,) = office.turn()
    assert (new.external_id, new.history) == (later, False)


def test_a_post_found_twice_is_one_event(office: Office) -> None:
    several(office.world, 2, NOW)
    raws = office.turn(query="blitar")
    assert len(raws) == 4
    assert len({raw.event_id for raw in raws}) == 2


def test_an_edit_is_a_version_of_its_first_post(office: Office) -> None:
    first = office.world.say("jalan rusak", NOW - 10 * MINUTE)
    office.turn()
    second = office.world.say("jalan rusak parah", NOW)
    office.world.posts[second]["edit_history_tweet_ids"] = [first, second]
    (raw,) = office.turn()
    (message,) = office.channel().parse(raw)
    assert (message.external_id, message.version) == (first, second)
    assert (message.occurred_at, message.edited_at) == (NOW - 10 * MINUTE, NOW)


def test_a_search_after_a_long_silence_asks_only_for_what_x_still_has(office: Office) -> None:
    several(office.world, 1, NOW)
    office.turn(query="blitar")
    office.pass_time(10 * DAY)
    later = office.world.say("baru", office.clock.at - HOUR)
    assert set(names(office.turn(query="blitar"))) == {later}


def test_names_are_asked_for_only_if_wanted(office: Office) -> None:
    several(office.world, 1, NOW)
    (raw,) = office.turn(usernames=False)
    assert not any("author_id" in e for e in office.asked("expansions"))
    (message,) = office.channel().parse(raw)
    assert (message.sender.id, message.sender.name) == (WRITER, "")
    assert message.permalink == f"https://x.com/i/web/status/{raw.external_id}"


def spent(office: Office) -> float:
    return Memory.load(office.cursor).spent


def test_the_days_money_is_counted_and_kept_over_a_restart(office: Office) -> None:
    several(office.world, 4, NOW)
    office.turn(own_app=True)
    assert spent(office) == pytest.approx(4 * 0.001 + 0.010)
    # Five mentions with their writers could cost more than what is left: not asked at all.
    asked = len(office.fake.asked)
    with pytest.raises(RetryLater, match=r"USD 0\.05.*07\.00 WIB") as raised:
        office.turn(own_app=True, daily_usd=0.05)
    assert len(office.fake.asked) == asked
    assert raised.value.after == 22.5 * 3600 + 1
    office.pass_time(DAY)
    assert office.turn(own_app=True, daily_usd=0.06) == []
    assert spent(office) == 0


def test_a_backlog_beyond_the_days_money_is_taken_up_again_and_never_lost(office: Office) -> None:
    written = several(office.world, 40, NOW)
    money: dict[str, Any] = {"usernames": False, "daily_usd": 0.1}  # twenty posts a day
    first: list[RawMessage] = []
    with pytest.raises(RetryLater):
        office.turn(first, **money)
    assert names(first) == written[20:]
    assert spent(office) == pytest.approx(0.1)
    office.pass_time(DAY)
    fresh = office.world.say("baru", office.clock.at)
    assert names(office.turn(**money)) == written[:20]
    with pytest.raises(RetryLater):
        office.turn(**money)
    office.pass_time(DAY)
    assert names(office.turn(**money)) == [fresh]


def test_trouble_in_the_middle_of_a_walk_keeps_what_was_read(office: Office) -> None:
    written = several(office.world, 250, NOW)
    plain, pages = office.world.answer, iter([False, False, True])
    office.fake.answer = lambda asked: reply({}, 503) if next(pages, False) else plain(asked)
    first: list[RawMessage] = []
    with pytest.raises(RetryLater):
        office.turn(first)
    assert names(first) == written[50:]
    assert names(office.turn()) == written[:50]
    assert office.turn() == []


def test_a_try_of_the_keys_costs_nothing(office: Office) -> None:
    assert "Token diterima" in asyncio.run(office.channel().probe())
    assert [asked.path for asked in office.fake.asked] == ["/2/tweets/search/stream/rules"]
    office.fake.answer = lambda _: reply({}, 401)
    with pytest.raises(ConfigError):
        asyncio.run(office.channel().probe())


def cassettes() -> list[Path]:
    return sorted(oracle("x-cassettes").glob("*.yaml"))


def body_of(path: Path) -> bytes:
    """Return the body of the first answer a cassette holds."""
    response = yaml.safe_load(path.read_text())["interactions"][0]["response"]
    body: bytes = response["body"]["string"]
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def test_the_recorded_answers_of_x_are_read_through_tweepy() -> None:
    assert len(cassettes()) >= 2
    for path in cassettes():
        page = json.loads(body_of(path))
        # One page and no more: the recording has no second.
        page["meta"].pop("next_token", None)
        zipped = gzip.compress(json.dumps(page).encode())
        answer = Answer(zipped, headers={"content-encoding": "gzip"})
        with opened() as office:
            office.fake.answer = lambda _, answer=answer: answer  # type: ignore[misc]
            raws = office.turn()
            assert sorted(names(raws)) == sorted(post["id"] for post in page["data"])
            for raw in raws:
                (message,) = office.channel().parse(raw)
                assert message.occurred_at
                assert message.occurred_at.date().isoformat() == "2022-10-07"


def test_an_id_tells_its_time() -> None:
    # The recorded posts were written by a clock: their words are the time.
    page = json.loads(body_of(oracle("x-cassettes", "test_client_search_recent_tweets.yaml")))
    clocks = [post for post in page["data"] if post["text"].endswith(" tweepy")]
    assert clocks
    for post in clocks:
        told = datetime.fromisoformat(post["text"].removesuffix(" tweepy") + "+00:00")
        found = time_of(post["id"])
        assert found
        assert abs(found - told) < timedelta(seconds=2)


@pytest.mark.parametrize("post", ["", "20", "abc", "9" * 40, "\u0661" * 19])
def test_an_id_that_is_none_tells_no_time(post: str) -> None:
    assert time_of(post) is None


@pytest.mark.parametrize(
    "cursor", ["", "x", "[]", '{"walks": {"a": {}}}', '{"walks": {}, "day": 1}']
)
def test_a_cursor_from_elsewhere_is_an_empty_memory(cursor: str) -> None:
    assert Memory.load(cursor) == Memory()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["data", "includes", "id", "text", "author_id", "created_at", "users",
                         "edit_history_tweet_ids", "attachments", "media_keys", "media", "places",
                         "geo", "coordinates", "referenced_tweets", "type", "note_tweet", "tweets",
                         "username", "name", "media_key", "place_id", "tautan", "teks"]),
        inner, max_size=8),
    max_leaves=25,
)  # fmt: skip
KINDS = ["application/json", "text/csv; row=json", "text/plain; link=json"]


@given(JSON, st.sampled_from(KINDS))
def test_whatever_is_stored_is_read_or_parked(value: Any, kind: str) -> None:
    context = Context("t", ZoneInfo("UTC"), Path(), b"", FrozenClock(NOW))
    raw = RawMessage(
        tenant="t", channel="twitter", external_id="x", body=json.dumps(value).encode(),
        headers={"content-type": kind}, received_at=NOW,
    )  # fmt: skip
    try:
        (message,) = build(Settings(), context).parse(raw)
    except Unparseable:
        return
    assert Message.model_validate_json(message.to_bytes()) == message


@given(st.dictionaries(st.sampled_from(["data", "includes", "meta"]), JSON))
def test_an_answer_of_any_shape_is_split(page: dict[str, Any]) -> None:
    for post in split(page):
        assert post.id
        assert post.original
