"""Telegram by webhook, and updates of every shape."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.telegram.connector import Telegram
from connectors.telegram.kinds import KNOWN
from connectors.telegram.updates import SERVICE, find, is_notice
from core.connector import Delivery, Request
from core.errors import RejectedRequest, Unparseable
from core.schema import Message, RawMessage
from tests.connectors.fake_http import provider
from tests.connectors.telegram_fake import (
    SECRET,
    SENT,
    WEBHOOK,
    BotApiServer,
    raws,
    telegram,
    turn,
    update,
)
from tests.needs import oracle


def push(channel: Telegram, body: bytes, secret: str = SECRET) -> Delivery:
    headers = {"x-telegram-bot-api-secret-token": secret}
    return channel.accept(Request("POST", "https://contoh.go.id", "", headers, body))


def accept(*given: Any, **settings: Any) -> list[RawMessage]:
    channel = telegram(**WEBHOOK, **settings)
    return [raw for u in given for raw in push(channel, json.dumps(u).encode()).messages]


def read(*given: Any) -> list[Message]:
    return [message for raw in accept(*given) for message in telegram().parse(raw)]


def test_polling_and_webhook_make_the_same_event() -> None:
    with provider(BotApiServer(update(7))) as bot_api:
        (polled,) = raws(turn(telegram(api_base=bot_api.url)))
    (pushed,) = accept(update(7))
    assert polled.event_id == pushed.event_id


def test_both_secrets_of_a_rotation_are_good_and_no_third() -> None:
    channel = telegram(**WEBHOOK, secret_token_previous="lama")
    body = json.dumps(update(7)).encode()
    for secret in (SECRET, "lama"):
        assert len(push(channel, body, secret).messages) == 1
    for secret in ("", "lain", SECRET + "x"):
        with pytest.raises(RejectedRequest):
            push(channel, body, secret)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_a_torn_body_is_to_come_again(body: bytes) -> None:
    with pytest.raises(RejectedRequest) as refused:
        push(telegram(**WEBHOOK), body)
    assert refused.value.status == 400


def test_without_a_secret_a_webhook_is_refused() -> None:
    with pytest.raises(RejectedRequest, match="no_secret"):
        push(telegram(), b"{}", "")


def test_an_edit_is_a_version_and_two_in_one_second_are_two() -> None:
    edited = [update(n, f"air {n}", "edited_message", message_id=7, edit_date=SENT) for n in (8, 9)]
    found = accept(update(7), *edited)
    assert {raw.external_id for raw in found} == {"5000000001:7"}
    assert len({raw.event_id for raw in found}) == 3
    assert [m.occurred_at for m in read(*edited)] == [datetime.fromtimestamp(SENT, UTC)] * 2


def test_an_albums_photos_share_its_name() -> None:
    photo = [{"file_id": "besar", "width": 9, "height": 9}, {"file_id": "kecil", "width": 1}]
    both = [update(n, media_group_id="13", photo=photo) for n in (7, 8)]
    assert {message.album for message in read(*both)} == {"13"}
    assert [m.attachments[0].provider_id for m in read(*both)] == ["besar", "besar"]


OURS = update(7)
OURS["message"]["from"] = {"id": 1000000001, "is_bot": True}
CHANNEL = {"id": -1001000000002, "type": "channel", "title": "Info"}


@pytest.mark.parametrize(
    ("given", "own", "kept"),
    [
        (update(7), (), True),
        (update(7), ("5000000001",), False),
        (OURS, (), False),
        (update(7, kind="channel_post", chat=CHANNEL, sender_chat=CHANNEL), (), True),
        (
            update(7, kind="channel_post", chat=CHANNEL, sender_chat=CHANNEL),
            ("-1001000000002",),
            False,
        ),
        (update(7, is_automatic_forward=True), (), False),
        (update(7, pinned_message={"message_id": 1}), (), False),
        ({"update_id": 7, "poll": {}}, (), False),
        ({"update_id": 7}, (), True),
    ],
)
def test_our_own_posts_and_mere_notices_are_counted_not_kept(
    given: Any, own: tuple[str, ...], kept: bool
) -> None:
    delivery = push(telegram(**WEBHOOK, own=own), json.dumps(given).encode())
    assert (len(delivery.messages), delivery.ignored) == (int(kept), int(not kept))


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("/lapor jalan rusak", 6, "jalan rusak"),
        ("/lapor@aduan_bot  jalan rusak", 16, "jalan rusak"),
        ("/start undangan1", 6, ""),
        ("/start", 6, ""),
    ],
)
def test_a_command_is_no_part_of_the_complaint(text: str, length: int, expected: str) -> None:
    entities = [{"type": "bot_command", "offset": 0, "length": length}]
    (message,) = read(update(7, text, entities=entities))
    assert message.text == expected
    assert message.given["perintah"].startswith("/")


def test_a_command_inside_a_sentence_is_part_of_it() -> None:
    entities = [{"type": "bot_command", "offset": 5, "length": 6}]
    (message,) = read(update(7, "coba /lapor", entities=entities))
    assert message.text == "coba /lapor"


def test_a_formatted_message_is_read_to_its_last_block() -> None:
    blocks = [
        {"type": "heading", "text": "Jalan rusak"},
        {"type": "paragraph", "text": ["di ", {"type": "bold", "text": "Wlingi"}]},
        {"type": "list", "items": [{"blocks": [{"type": "paragraph", "text": "sejak Senin"}]}]},
    ]
    (message,) = read(update(7, "", rich_message={"blocks": blocks}))
    words = ("Jalan rusak", "di ", "Wlingi", "sejak Senin")
    assert [word in message.text for word in words] == [True] * 4


def test_every_field_and_update_of_the_bot_api_is_accounted_for() -> None:
    types = json.loads(oracle("telegram", "api.json").read_text())["types"]
    fields = {field["name"] for field in types["Message"]["fields"]}
    surroundings = {
        "author_signature", "business_connection_id", "caption_entities", "chat", "date",
        "direct_messages_topic", "edit_date", "effect_id", "entities", "external_reply",
        "forward_origin", "from", "guest_bot_caller_chat", "guest_bot_caller_user",
        "guest_query_id", "has_media_spoiler", "has_protected_content", "is_automatic_forward",
        "is_from_offline", "is_paid_post", "is_topic_message", "link_preview_options",
        "media_group_id", "message_id", "message_thread_id", "paid_star_count", "quote",
        "reply_markup", "reply_to_checklist_task_id", "reply_to_message",
        "reply_to_poll_option_id", "reply_to_story", "sender_boost_count", "sender_business_bot",
        "sender_chat", "sender_tag", "show_caption_above_media", "suggested_post_info", "via_bot",
    }  # fmt: skip
    # A shared story or game is nothing Kanal can show: it gets the words for the unknown.
    assert fields - surroundings - KNOWN - SERVICE == {"story", "game"}
    bodies = {field["name"]: field["types"] for field in types["Update"]["fields"]}
    for kind, of in bodies.items():
        if kind != "update_id":
            given = {"update_id": 1, kind: {"message_id": 1, "chat": {"id": 1}}}
            assert (find(given) is not None) == (of == ["Message"])
            assert is_notice(given) == (of != ["Message"])


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "text", "photo", "file_id", "type"]), inner)
    ),
    max_leaves=10,
)
names = st.sampled_from(
    [*sorted(KNOWN), "chat", "from", "date", "edit_date", "entities", "media_group_id",
     "sender_chat", "reply_to_message", "message_thread_id", "migrate_to_chat_id", "message_id"]
)  # fmt: skip
updates = json_values | st.builds(
    lambda kind, more, top: update(7, kind=kind, **more) | top,
    st.sampled_from(["message", "edited_message", "channel_post", "baru", "\ud800"]),
    st.dictionaries(names, json_values, max_size=4),
    st.dictionaries(st.sampled_from(["update_id", "poll"]), json_values, max_size=1),
)


@given(updates.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=100))
def test_whatever_telegram_sends_is_stored_and_read_or_parked(body: bytes) -> None:
    channel = telegram(**WEBHOOK)
    try:
        delivery = push(channel, body)
    except RejectedRequest:
        return  # torn in two: Telegram is to send it again
    assert len(delivery.messages) + delivery.ignored == 1
    for raw in delivery.messages:
        assert RawMessage.model_validate_json(raw.to_bytes()) == raw
        assert raw.external_id
        try:
            found = [list(channel.parse(raw)) for _ in range(2)]
        except Unparseable:
            continue
        assert found[0] == found[1]
        assert all(Message.model_validate_json(m.to_bytes()) == m for m in found[0])
