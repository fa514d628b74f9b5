"""The Instagram webhook, and the loop that fetches what it leaves out from a fake Graph API."""

import asyncio
import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from connectors.instagram import Settings, build
from core.connector import Page, Probe, Pull, Push
from core.errors import ConfigError, RetryLater
from core.schema import RawMessage
from tests.connectors.fake_http import Answer, Asked, Provider, provider, reply
from tests.connectors.meta_requests import (
    NOW,
    PAGE,
    SECRET,
    change,
    context,
    deliver,
    fate,
    latest,
    message,
    post,
)
from tests.needs import oracle

COMMENT: dict[str, Any] = {
    "id": "10", "text": "lampu mati", "from": {"id": "8", "username": "warga.contoh"},
    "media": {"id": "9", "media_product_type": "FEED"},
}  # fmt: skip
DETAIL = {
    "id": "10", "text": "lampu mati", "timestamp": "2026-11-21T01:12:07+0000",
    "username": "warga.contoh", "media": {"id": "9", "permalink": "https://www.instagram.com/p/C/"},
}  # fmt: skip


def instagram(
    inbox: Path = Path(), fake: Provider | None = None, *, trial: bool = False, **settings: str
) -> Push:
    given: dict[str, str] = {"app_secret": SECRET}
    if fake:
        given |= {"access_token": "token-contoh", "api_base": f"{fake.url}/v24.0"}
    return build(Settings.model_validate(given | settings), context(inbox, trial=trial))


def comment(number: int = 10, field: str = "comments") -> dict[str, Any]:
    return change(COMMENT | {"id": str(number)}, field)


def turn(channel: Push, cursor: str | None = None, *, finish: bool = True) -> list[Page]:
    """Take one turn as the runner would; what is yielded before an error is kept."""

    async def fetch(pages: list[Page]) -> None:
        async for page in cast(Pull, channel).fetch(cursor):
            pages.append(page)
            if finish:
                page.done()

    taken: list[Page] = []
    asyncio.run(fetch(taken))
    return taken


def fetched(pages: list[Page]) -> list[RawMessage]:
    return [raw for page in pages for raw in page.messages]


def send(channel: Push, *entries: Any) -> list[RawMessage]:
    return list(deliver(channel, *entries, product="instagram").messages)


ORACLES = {
    "ig-messaging-attachment-unsupported": ["(1)"],
    "ig-wh-comments": ["This is an example."],
    "ig-wh-comments-2021": ["This is an example."],
    "ig-wh-mentions": ["(akun kantor disebut di Instagram; buka Instagram untuk melihatnya)"],
}


@pytest.mark.parametrize(("name", "expected"), ORACLES.items())
def test_every_collected_example_has_its_fate(name: str, expected: list[str]) -> None:
    body = oracle("meta-facebook-instagram", f"{name}.json").read_bytes()
    channel = instagram()
    assert fate(channel, channel.accept(post(body))) == expected


@pytest.mark.parametrize(
    "ours",
    [
        change(COMMENT | {"from": {"id": PAGE, "username": "kantor"}}, "comments"),
        change(COMMENT | {"from": {"id": "8", "self_ig_scoped_id": "7"}}, "comments"),
        change({"media_id": "1", "exits": 3}, "story_insights"),
        message({"message": {"mid": "m", "text": "Baik", "is_echo": True}}),
        message({"message": {"mid": "m", "text": "Baik"}, "is_self": True}),
        message({"read": {"mid": "m"}}),
        change({"sender": {"id": 2}, "recipient": {"id": 1}, "reaction": {"mid": "m"}}, "x"),
    ],
)
def test_our_own_words_and_what_says_nothing_are_ignored(ours: dict[str, Any]) -> None:
    delivery = deliver(instagram(), ours, product="instagram")
    assert (list(delivery.messages), delivery.ignored) == ([], 1)


def test_the_missing_time_is_fetched(tmp_path: Path) -> None:
    with provider(lambda _: reply(DETAIL)) as fake:
        channel = instagram(tmp_path, fake)
        (pushed,) = send(channel, comment())
        (raw,) = fetched(turn(channel))
    (asked,) = fake.asked
    assert asked.path == "/v24.0/10"
    assert "timestamp" in asked.query["fields"]
    assert (raw.external_id, raw.account) == (pushed.external_id, pushed.account)
    assert raw.event_id != pushed.event_id
    for order in ([pushed, raw], [raw, pushed]):
        found = latest(channel, order)
        assert found.occurred_at == NOW.replace(minute=12, second=7)
        assert found.permalink == "https://www.instagram.com/p/C/"
        assert (found.sender.id, found.text) == ("8", "lampu mati")


@pytest.mark.parametrize(
    ("value", "fields", "graph", "text"),
    [
        (
            {"comment_id": "20", "media_id": "9"},
            "mentioned_comment.comment_id(20){",
            {"mentioned_comment": DETAIL | {"id": "20", "text": "kantor, jembatan rusak"}},
            "kantor, jembatan rusak",
        ),
        (
            {"media_id": "9"},
            "mentioned_media.media_id(9){",
            {"mentioned_media": {"id": "9", "caption": "pasar kebanjiran", "username": "w"}},
            "pasar kebanjiran",
        ),
    ],
)
def test_what_a_mention_says_is_fetched(
    tmp_path: Path, value: dict[str, Any], fields: str, graph: dict[str, Any], text: str
) -> None:
    with provider(lambda _: reply(graph)) as fake:
        channel = instagram(tmp_path, fake)
        pushed = send(channel, change(value, "mentions"))
        raws = pushed + fetched(turn(channel))
    assert fake.asked[0].path == f"/v24.0/{PAGE}"
    assert fake.asked[0].query["fields"].startswith(fields)
    assert len({raw.external_id for raw in raws}) == 1
    assert latest(channel, raws).text == latest(channel, raws[::-1]).text == text


def test_what_was_fetched_is_not_asked_again_and_what_was_not_stored_is(tmp_path: Path) -> None:
    with provider(lambda _: reply(DETAIL)) as fake:
        channel = instagram(tmp_path, fake)
        send(channel, comment(10), comment(11))
        # The process dies after storing and before putting the files away.
        lost = turn(channel, finish=False)
        pages = turn(instagram(tmp_path, fake))
        ids = [[raw.event_id for raw in fetched(told)] for told in (lost, pages)]
        assert ids[0] == ids[1]
        assert len(set(ids[0])) == 2
        assert turn(channel, pages[-1].cursor) == []
    assert [asked.path for asked in fake.asked] == ["/v24.0/10", "/v24.0/11"] * 2


def test_what_waits_longest_comes_first(tmp_path: Path) -> None:
    with provider(lambda _: reply(DETAIL)) as fake:
        channel = instagram(tmp_path, fake)
        raws = send(channel, *(comment(number) for number in (1, 2, 3)))
        for age, raw in enumerate(raws):
            at = NOW.timestamp() - age
            os.utime(tmp_path / "menunggu" / raw.event_id, (at, at))
        told = [raw.external_id for raw in fetched(turn(channel))]
    assert told == ["3", "2", "1"]


def test_a_redelivery_is_one_question(tmp_path: Path) -> None:
    with provider(lambda _: reply(DETAIL)) as fake:
        channel = instagram(tmp_path, fake)
        for _ in range(2):
            send(channel, comment(), comment())
        assert len(turn(channel)) == 1


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (reply({"error": {"code": 190}}, 401), ConfigError, "kedaluwarsa"),
        (reply({"error": {"code": 10}}, 403), ConfigError, "berizin"),
        (reply({"error": {"code": 4}}, 403), RetryLater, "batas"),
        (Answer(b"<html>", 502), RetryLater, "502"),
        (Answer(json.dumps(DETAIL).encode(), fate="cut"), RetryLater, "terjangkau"),
    ],
)
def test_trouble_loses_nothing(
    tmp_path: Path, answer: Answer, error: type[Exception], words: str
) -> None:
    def first_well(asked: Asked) -> Answer:
        return reply(DETAIL) if asked.path.endswith("/10") else answer

    with provider(first_well) as fake:
        channel = instagram(tmp_path, fake)
        raws = send(channel, comment(10), comment(11))
        for at, raw in zip((60, 30), raws, strict=True):
            moment = NOW.timestamp() - at
            os.utime(tmp_path / "menunggu" / raw.event_id, (moment, moment))
        with pytest.raises(error, match=words):
            turn(channel)
        fake.answer = lambda _: reply(DETAIL)
        assert [raw.external_id for raw in fetched(turn(channel))] == ["11"]


@pytest.mark.parametrize(
    ("answer", "rejected"),
    [
        (reply({"error": {"code": 100, "error_subcode": 33}}, 400), 0),
        (reply({"error": {"code": 100}}, 400), 1),
    ],
)
def test_what_meta_will_not_tell_holds_up_nobody(
    tmp_path: Path, answer: Answer, rejected: int
) -> None:
    with provider(lambda _: answer) as fake:
        channel = instagram(tmp_path, fake)
        send(channel, comment(10), comment(11))
        pages = turn(channel)
        assert [(len(page.messages), len(page.rejected)) for page in pages] == [(0, rejected)] * 2
        assert turn(channel) == []


def test_what_waited_for_days_is_let_go(tmp_path: Path) -> None:
    with provider(lambda _: reply(DETAIL)) as fake:
        channel = instagram(tmp_path, fake)
        (raw,) = send(channel, comment())
        old = (NOW - timedelta(days=3, seconds=1)).timestamp()
        os.utime(tmp_path / "menunggu" / raw.event_id, (old, old))
        assert turn(channel) == []
    assert list((tmp_path / "menunggu").iterdir()) == []


@pytest.mark.parametrize(
    "entry",
    [
        message({"message": {"mid": "m", "text": "air mati"}}),
        change({"id": "1"}, "jenis_baru"),
        change(COMMENT | {"id": "10/../me"}, "comments"),
        change({"comment_id": "2){x}", "media_id": "9"}, "mentions"),
        change({}, "mentions"),
    ],
)
def test_nothing_else_is_asked(tmp_path: Path, entry: dict[str, Any]) -> None:
    with provider(lambda _: reply(DETAIL)) as fake:
        channel = instagram(tmp_path, fake)
        assert len(send(channel, entry)) == 1
        assert turn(channel) == []
    assert fake.asked == []


@pytest.mark.parametrize(
    "make", [lambda p, _: instagram(p), lambda p, f: instagram(p, f, trial=True)]
)
def test_without_a_token_and_on_trial_nothing_waits(
    tmp_path: Path, make: Callable[[Path, Provider], Push]
) -> None:
    with provider(lambda _: reply(DETAIL)) as fake:
        channel = make(tmp_path, fake)
        assert len(send(channel, comment())) == 1
        assert turn(channel) == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_read_is_tried_later(tmp_path: Path) -> None:
    with provider(lambda _: reply(DETAIL)) as fake:
        (tmp_path / "menunggu").write_text("")
        with pytest.raises(RetryLater):
            turn(instagram(tmp_path, fake))


def test_kanal_check_looks_for_the_subscription() -> None:
    assert "access_token" in asyncio.run(cast(Probe, instagram()).probe())
    with provider(lambda _: reply({"data": [{"subscribed_fields": ["comments"]}]})) as fake:
        assert "comments" in asyncio.run(cast(Probe, instagram(fake=fake)).probe())
        fake.answer = lambda _: reply({"data": []})
        with pytest.raises(ConfigError, match="comments"):
            asyncio.run(cast(Probe, instagram(fake=fake)).probe())
