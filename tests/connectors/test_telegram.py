"""Telegram by long polling: the real library against a Bot API on loopback."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import parse_qsl

import pytest

from connectors.telegram import Settings, build
from connectors.telegram.client import BotApi
from connectors.telegram.connector import Choices, Telegram
from core.errors import ConfigError, GatewayError, RetryLater, Unparseable
from tests.connectors.fake_http import Answer, Provider, provider, reply
from tests.connectors.telegram_fake import (
    NOW,
    OK,
    TOKEN,
    WEBHOOK,
    BotApiServer,
    context,
    raws,
    telegram,
    turn,
    update,
)


@pytest.fixture
def bot_api() -> Iterator[Provider]:
    with provider(BotApiServer()) as fake:
        yield fake


def test_updates_are_taken_oldest_first_and_confirmed_only_when_kept(bot_api: Provider) -> None:
    bot_api.answer = server = BotApiServer(update(8, "dua"), update(7, "satu"))
    channel = telegram(api_base=bot_api.url)
    lost = turn(channel, "5@2026-11-21T02:00:00+00:00", pages=1)
    assert server.offsets == ["5"]
    kept = turn(channel, "5@2026-11-21T02:00:00+00:00")
    assert server.offsets == ["5", "5", "9"]
    assert [raw.event_id for raw in raws(lost)] == [raw.event_id for raw in raws(kept)]
    assert [next(iter(channel.parse(raw))).text for raw in raws(kept)] == ["satu", "dua"]
    assert turn(channel, kept[-1].cursor) == []
    assert server.updates == []


def test_a_long_backlog_comes_page_by_page(bot_api: Provider) -> None:
    bot_api.answer = server = BotApiServer(*(update(n) for n in range(1, 251)))
    pages = turn(telegram(api_base=bot_api.url), "1@2026-11-21T02:00:00+00:00")
    assert [len(page.messages) for page in pages] == [100, 100, 50]
    assert server.offsets == ["1", "101", "201", "251"]


def test_the_first_turn_is_history_and_later_ones_are_not(bot_api: Provider) -> None:
    bot_api.answer = server = BotApiServer(update(7))
    channel = telegram(api_base=bot_api.url)
    pages = turn(channel)
    server.updates = [update(8)]
    later = turn(channel, pages[-1].cursor)
    assert [raw.history for raw in raws(pages) + raws(later)] == [True, False]


def test_a_first_turn_that_brings_nothing_is_over_all_the_same(bot_api: Provider) -> None:
    bot_api.answer = server = BotApiServer()
    channel = telegram(api_base=bot_api.url)
    (page,) = turn(channel)
    assert (list(page.messages), page.cursor) == ([], "@2026-11-21T02:30:00+00:00")
    server.updates = [update(7)]
    (raw,) = raws(turn(channel, page.cursor))
    assert not raw.history
    assert server.offsets == ["", "", "8"]


def test_an_old_offset_is_dropped_because_ids_may_have_begun_anew(bot_api: Provider) -> None:
    bot_api.answer = server = BotApiServer(update(3))
    cursor = "9000@2026-11-01T00:00:00+00:00"
    (page,) = turn(telegram(api_base=bot_api.url), cursor)
    assert server.offsets == ["", "4"]
    assert page.cursor == "4@2026-11-21T02:30:00+00:00"


def test_only_messages_are_asked_for(bot_api: Provider) -> None:
    turn(telegram(api_base=bot_api.url, wait=7), "1@2026-11-21T02:00:00+00:00")
    told = dict(parse_qsl(bot_api.asked[-1].body.decode()))
    assert json.loads(told["allowed_updates"]) == [
        "message", "edited_message", "channel_post", "edited_channel_post",
    ]  # fmt: skip
    assert told["timeout"] == "7"


def test_an_update_nobody_can_read_does_not_stop_its_neighbours(bot_api: Provider) -> None:
    # The library's own reader would refuse the whole batch: `from` lacks `is_bot`, `chat` its type.
    poison = {"update_id": 8, "message": {"message_id": 2, "chat": {"id": 1}, "from": {"id": 1}}}
    strange = {"update_id": 9, "kiriman_baru": []}
    bot_api.answer = BotApiServer(update(7), poison, strange, update(10))
    channel = telegram(api_base=bot_api.url)
    found = raws(turn(channel))
    assert [raw.external_id for raw in found] == [
        "5000000001:7",
        "1:2",
        "update:9",
        "5000000001:10",
    ]
    with pytest.raises(Unparseable):
        list(channel.parse(found[2]))


@pytest.mark.parametrize(
    ("answer", "error", "after"),
    [
        (reply({"ok": False, "parameters": {"retry_after": 17}}, 429), RetryLater, 17.0),
        (Answer(b"<html>", 429), RetryLater, None),
        (reply({"ok": False, "description": "Unauthorized"}, 401), ConfigError, None),
        (reply({"ok": False, "description": "Not Found"}, 404), ConfigError, None),
        (reply({"ok": False, "description": "Conflict: other getUpdates"}, 409), RetryLater, 30.0),
        (Answer(b"<html>", 502), RetryLater, None),
        (Answer(b"<html>", 200), RetryLater, None),
        (reply({"ok": True, "result": {}}), RetryLater, None),
        (reply({"ok": True, "result": [{"message": {}}]}), RetryLater, None),
        (Answer(b"{}", fate="cut"), RetryLater, None),
        (Answer(fate="silent"), RetryLater, None),
    ],
)
def test_trouble_is_named_by_what_happens_next(
    bot_api: Provider, answer: Answer, error: type[GatewayError], after: float | None
) -> None:
    bot_api.answer = lambda _: answer
    api = BotApi(TOKEN, bot_api.url, slack=0.3)
    channel = Telegram(Choices("polling", 1, 0, frozenset()), (), api, context())
    with pytest.raises(error) as raised:
        turn(channel)
    assert getattr(raised.value, "after", None) == after
    assert TOKEN not in str(raised.value)


def test_a_webhook_still_set_is_named_in_the_conflict(bot_api: Provider) -> None:
    said = "Conflict: can't use getUpdates method while webhook is active"
    bot_api.answer = lambda _: reply({"ok": False, "description": said}, 409)
    with pytest.raises(RetryLater, match="deleteWebhook"):
        turn(telegram(api_base=bot_api.url))


TROUBLE = {
    "pending_update_count": 3, "last_error_date": int(NOW.timestamp()) - 60,
    "last_error_message": "Wrong response from the webhook: 503 Service Unavailable",
}  # fmt: skip


@pytest.mark.parametrize(
    ("webhook", "words"),
    [
        ({"url": ""}, "setWebhook"),
        (OK | TROUBLE, "3 menunggu.*503"),
        (OK | TROUBLE | {"pending_update_count": 0}, None),
        (OK | TROUBLE | {"last_error_date": int(NOW.timestamp()) - 3600}, None),
        (OK, None),
    ],
)
def test_with_a_webhook_the_channel_watches_whether_telegram_delivers(
    bot_api: Provider, webhook: dict[str, Any], words: str | None
) -> None:
    bot_api.answer = BotApiServer(update(7), webhook=webhook)
    channel = telegram(api_base=bot_api.url, **WEBHOOK)
    if words:
        with pytest.raises(RetryLater, match=words):
            turn(channel)
    else:
        assert turn(channel) == []
    assert all("getUpdates" not in asked.path for asked in bot_api.asked)


@pytest.mark.parametrize(
    ("settings", "webhook", "words"),
    [
        ({}, {"url": ""}, "@aduan_bot"),
        ({}, OK, "deleteWebhook"),
        (WEBHOOK, OK, "@aduan_bot"),
        (WEBHOOK, {"url": ""}, "setWebhook"),
    ],
)
def test_kanal_check_says_how_the_bot_stands(
    bot_api: Provider, settings: dict[str, Any], webhook: dict[str, Any], words: str
) -> None:
    bot_api.answer = BotApiServer(webhook=webhook)
    channel = telegram(api_base=bot_api.url, **settings)
    try:
        said = asyncio.run(channel.probe())
    except (ConfigError, RetryLater) as error:
        said = str(error)
    assert words in said


@pytest.mark.parametrize(
    "settings",
    [
        {"bot_token": "bukan token"},
        {"receive": "webhook"},
        {"receive": "webhook", "secret_token": "dua kata"},
    ],
)
def test_misshapen_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        telegram(**settings)


def test_without_a_token_nothing_is_asked() -> None:
    with pytest.raises(ConfigError, match="bot_token"):
        turn(cast(Telegram, build(Settings(), context())))
