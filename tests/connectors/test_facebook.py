"""The Facebook webhook against the collected payloads, and against whatever else may arrive."""

import asyncio
import json
from contextlib import suppress
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.facebook import Settings, build
from core.connector import Probe, Push
from core.errors import RejectedRequest, Unparseable
from core.schema import Message, RawMessage
from tests.connectors.fake_http import provider, reply
from tests.connectors.meta_requests import (
    NOW,
    PAGE,
    SECRET,
    STAMP,
    batch,
    change,
    context,
    deliver,
    fate,
    get,
    latest,
    message,
    post,
)
from tests.needs import oracle

COMMENT: dict[str, Any] = {
    "item": "comment", "verb": "add", "comment_id": "3_4", "post_id": "1_3", "parent_id": "1_3",
    "from": {"id": "5", "name": "Warga Contoh"}, "created_time": STAMP - 5, "message": "air mati",
}  # fmt: skip


def facebook(*, trial: bool = False, **settings: str) -> Push:
    given = {"app_secret": SECRET, "verify_token": "kata-sandi"} | settings
    return build(Settings.model_validate(given), context(trial=trial))


# What of Meta's examples is ignored, parked, or read as which words.
ORACLES = {
    "feed-comment-add-25": ["and the next one"],
    "feed-comment-add-with-photo": ["and the next one"],
    "feed-comment-edited-25": ["Let's see the Webhooks in action :D"],
    "feed-comment-hide": ["and the next one"],
    # Its author is the page itself, as in every example whose ids were made alike.
    "feed-comment-remove-25": ["(diabaikan)"],
    "feed-like-add-25": ["(diabaikan)"],
    "feed-reaction-add-comment": ["(diabaikan)"],
    "feed-two-entries-25": ["(diabaikan)", "(diabaikan)"],
    "mention-comment-add": ["Just a test message"],
    "messaging-message-basic": ["hello, world!"],
    "messaging-message-basic-echo": ["(diabaikan)"],
    "messaging-message-edits": ["hello, world!"],
    "messaging-message-isdeleted": ["(dihapus)"],
    "messaging-message-location-attachment": ["(0)"],
    "messaging-message-media-attachment": ["(1)"],
    "messaging-read-basic": ["(diabaikan)"],
    "unknown-change-value": ["(ditahan)"],
}


@pytest.mark.parametrize(("name", "expected"), ORACLES.items())
def test_every_collected_example_has_its_fate(name: str, expected: list[str]) -> None:
    body = oracle("meta-facebook-instagram", f"{name}.json").read_bytes()
    channel = facebook()
    delivery = channel.accept(post(body))
    assert fate(channel, delivery) == expected
    again = channel.accept(post(body))
    assert [r.event_id for r in delivery.messages] == [r.event_id for r in again.messages]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("feed-comment-add-with-photo", {"edited_at": "2015-12-03T09:30:03Z"}),
        ("messaging-message-basic", {"occurred_at": "2016-03-12T06:29:57.627000Z"}),
        ("messaging-message-location-attachment", {"lat": 12.34, "lon": 43.21}),
        ("messaging-message-edits", {"version": "edit:37"}),
        ("feed-comment-hide", {"version": "hide:1467894562"}),
    ],
)
def test_seconds_milliseconds_pins_and_versions_are_read(name: str, found: dict[str, Any]) -> None:
    channel = facebook()
    body = oracle("meta-facebook-instagram", f"{name}.json").read_bytes()
    (raw,) = channel.accept(post(body)).messages
    (read,) = channel.parse(raw)
    assert read.model_dump(mode="json", include=set(found)) == found


def test_the_challenge_is_answered_to_who_knows_the_word() -> None:
    ask = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
    assert facebook().accept(get(ask + "kata-sandi")).reply == b"1158201444"
    for channel, query in (
        (facebook(), ask + "lain"),
        (facebook(), ask.replace("subscribe", "unsubscribe") + "kata-sandi"),
        (facebook(verify_token=""), ask),
    ):
        with pytest.raises(RejectedRequest) as refused:
            channel.accept(get(query))
        assert refused.value.status == 403


def test_meta_signs_what_it_escaped_so_only_the_raw_bytes_will_do() -> None:
    body = batch(change(COMMENT | {"message": "jalan rusak é 😡"}))
    assert b"\\u00e9" in body
    assert len(facebook().accept(post(body)).messages) == 1
    rewritten = json.dumps(json.loads(body), ensure_ascii=False).encode()
    forged = post(body)
    with pytest.raises(RejectedRequest):
        facebook().accept(type(forged)("POST", "", "", forged.headers, rewritten))


def test_a_batch_of_a_thousand_is_a_thousand_records() -> None:
    entries = [change(COMMENT | {"comment_id": f"3_{n}"}) for n in range(1000)]
    messages = deliver(facebook(), *entries).messages
    assert len({raw.event_id for raw in messages}) == 1000
    assert all(raw.external_id.encode() in raw.body for raw in messages)


def test_an_odd_neighbour_costs_nobody_a_comment() -> None:
    odd: list[Any] = [None, 5, {}, {"changes": 1}, {"changes": [None]}, {"changes": ["x"]}]
    channel = facebook()
    told = fate(channel, deliver(channel, *odd, change(COMMENT), change({}, "feed")))
    assert sorted(told) == ["(ditahan)"] * 7 + ["air mati"]


def test_a_redelivery_in_another_batch_is_the_same_event() -> None:
    channel = facebook()
    (alone,) = deliver(channel, change(COMMENT)).messages
    together = deliver(
        channel, change(COMMENT, time=STAMP + 60), message({"message": {"mid": "m"}})
    )
    assert together.messages[0].event_id == alone.event_id


CHANGES: dict[str, Any] = {
    "add": change(COMMENT),
    "edit": change(COMMENT | {"verb": "edited", "message": "air mati dua hari"}, time=STAMP + 60),
    "hide": change(COMMENT | {"verb": "hide", "message": "air mati dua hari"}, time=STAMP + 90),
    "hide_bare": change({**COMMENT, "verb": "hide", "message": None}, time=STAMP + 90),
    "remove": change({"item": "comment", "verb": "remove", "comment_id": "3_4"}, time=STAMP + 120),
    "mention": change({k: v for k, v in COMMENT.items() if k != "from"}, "mention"),
}


@pytest.mark.parametrize(
    ("order", "text", "state"),
    [
        (["add", "edit"], "air mati dua hari", None),
        (["edit", "add"], "air mati dua hari", None),
        (["hide", "edit", "add"], "air mati dua hari", "disembunyikan"),
        (["add", "hide_bare"], "air mati", None),
        (["add", "edit", "remove"], "air mati dua hari", None),
        (["remove", "edit", "add"], "air mati dua hari", None),
        (["remove"], "", "dihapus"),
        (["add", "mention"], "air mati", None),
    ],
)
def test_whatever_the_order_the_last_words_stand(
    order: list[str], text: str, state: str | None
) -> None:
    channel = facebook()
    raws = [raw for name in order for raw in deliver(channel, CHANGES[name]).messages]
    assert len({raw.event_id for raw in raws}) == len(order)
    assert len({raw.external_id for raw in raws}) == 1
    found = latest(channel, raws)
    assert (found.text, found.given.get("keadaan")) == (text, state)
    assert found.sender.name == ("Warga Contoh" if text else "")


def test_a_text_changed_back_is_another_version() -> None:
    channel = facebook()
    edits = [
        change(COMMENT | {"verb": "edited", "message": text}, time=STAMP + at)
        for at, text in ((1, "satu"), (2, "dua"), (3, "satu"), (3, "satu"))
    ]
    versions = [raw.version for raw in deliver(channel, *edits).messages]
    assert len(set(versions)) == 3


@pytest.mark.parametrize(
    "ours",
    [
        change(COMMENT | {"from": {"id": PAGE}}),
        change(COMMENT | {"from": {"id": int(PAGE)}}),
        change({"item": "status", "verb": "add", "post_id": "1_9", "from": {"id": PAGE}}),
        message({"message": {"mid": "m", "text": "Baik", "is_echo": True}}),
        message({"sender": {"id": PAGE}, "message": {"mid": "m", "text": "Baik"}}),
        message({"reaction": {"mid": "m", "action": "react"}}),
        message({"postback": {"mid": "m", "payload": "MULAI", "title": ""}}),
        change({"item": "video", "verb": "mute", "video_id": "8"}),
        change({"thread_id": "t"}, "conversations"),
    ],
)
def test_our_own_words_and_what_says_nothing_are_ignored(ours: dict[str, Any]) -> None:
    delivery = deliver(facebook(), ours)
    assert (list(delivery.messages), delivery.ignored) == ([], 1)


def test_an_empty_batch_is_counted() -> None:
    assert deliver(facebook()).ignored == 1


def test_a_pressed_button_says_its_words() -> None:
    channel = facebook()
    pressed = message({"postback": {"mid": "m", "payload": "A", "title": "Bagaimana cara lapor?"}})
    assert fate(channel, deliver(channel, pressed)) == ["Bagaimana cara lapor?"]


def test_who_answers_in_our_stead_is_read_too() -> None:
    channel = facebook()
    entry = message({"message": {"mid": "m", "text": "air mati"}})
    entry["standby"] = entry.pop("messaging")
    assert fate(channel, deliver(channel, entry)) == ["air mati"]


def test_what_a_trial_secret_signed_is_simulated() -> None:
    (raw,) = deliver(facebook(trial=True), change(COMMENT)).messages
    assert raw.simulated


def test_kanal_check_looks_for_the_subscription() -> None:
    assert "access_token" in asyncio.run(cast(Probe, facebook()).probe())
    fields = {"data": [{"subscribed_fields": ["feed", "messages"]}]}
    with provider(lambda _: reply(fields)) as graph:
        channel = facebook(access_token="token-contoh", api_base=f"{graph.url}/v24.0")
        assert "feed, messages" in asyncio.run(cast(Probe, channel).probe())
    assert graph.asked[0].path == "/v24.0/me/subscribed_apps"


names = st.sampled_from(
    ["item", "verb", "comment_id", "post_id", "parent_id", "from", "id", "name", "message", "mid",
     "created_time", "photos", "photo", "rating", "text", "attachments", "payload", "coordinates",
     "lat", "long", "type", "url", "sender", "recipient", "timestamp", "reply_to", "message_edit"]
)  # fmt: skip
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["comment", "add", "edited", "remove", "location", "\ud83d", str(STAMP)])
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=12,
)
events = st.builds(
    lambda kind, value, field, time: (
        {"id": PAGE, "time": time, kind: [value]}
        if kind != "changes"
        else {"id": PAGE, "time": time, kind: [{"field": field, "value": value}]}
    ),
    st.sampled_from(["changes", "messaging"]),
    st.dictionaries(names, values, max_size=8),
    st.sampled_from(["feed", "mention", "baru"]),
    scalars,
)


@given(st.lists(events, max_size=3))
def test_whatever_meta_signs_is_stored_and_read_or_parked(entries: list[Any]) -> None:
    channel = facebook()
    delivery = deliver(channel, *entries)
    assert len(delivery.messages) + delivery.ignored == max(1, len(entries))
    for raw in delivery.messages:
        assert RawMessage.model_validate_json(raw.to_bytes()) == raw
        with suppress(Unparseable):
            for found in channel.parse(raw):
                assert Message.model_validate_json(found.to_bytes()) == found


@given(st.binary(max_size=200))
def test_any_stored_bytes_are_read_or_unparseable(body: bytes) -> None:
    raw = RawMessage(
        tenant="kab-blitar", channel="facebook", external_id="x", body=body, received_at=NOW
    )
    with pytest.raises(Unparseable):
        list(facebook().parse(raw))
    (kept,) = facebook().accept(post(body)).messages
    assert kept.body == body


def test_an_unknown_kind_never_takes_the_place_of_a_comment() -> None:
    channel = facebook()
    for odd in (change(COMMENT, "field_baru"), change(COMMENT | {"item": "baru", "message": ""})):
        (parked,), (kept,) = (deliver(channel, entry).messages for entry in (odd, change(COMMENT)))
        assert parked.external_id != kept.external_id
