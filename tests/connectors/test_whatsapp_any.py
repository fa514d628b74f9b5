"""WhatsApp: `kanal check`, and whatever else may arrive."""

import asyncio
import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.connector import Probe
from core.errors import ConfigError, RetryLater, Unparseable
from core.schema import Message, RawMessage
from tests.connectors.fake_http import Answer, provider, reply
from tests.connectors.whatsapp_requests import (
    NOW,
    payload,
    signed,
    whatsapp,
)

GRAPH: dict[str, Any] = {"access_token": "token-contoh", "phone_number_id": "2001"}


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (reply({"error": {"code": 190}}, 401), ConfigError, "kedaluwarsa"),
        (reply({"error": {"code": 10}}, 403), ConfigError, "izin"),
        (reply({"error": {"code": 100}}, 400), ConfigError, "phone_number_id"),
        (reply({"error": {"code": 4}}, 400), RetryLater, "jeda"),
        (Answer(b"<html>", 503), RetryLater, "terganggu"),
        (Answer(b"{}", fate="cut"), RetryLater, "terjangkau"),
    ],
)
def test_kanal_check_says_what_meta_minds(
    answer: Answer, error: type[Exception], words: str
) -> None:
    with provider(lambda _: answer) as graph, pytest.raises(error, match=words):
        asyncio.run(probe(whatsapp(api_base=graph.url, **GRAPH)))


def test_kanal_check_asks_meta_for_the_number() -> None:
    with provider(lambda _: reply({"quality_rating": "GREEN"})) as graph:
        assert "GREEN" in asyncio.run(probe(whatsapp(api_base=graph.url, **GRAPH)))
    (asked,) = graph.asked
    assert asked.path == "/v23.0/2001"
    assert asked.headers["authorization"] == "Bearer token-contoh"


def test_without_a_token_kanal_check_says_what_is_missing() -> None:
    assert "access_token" in asyncio.run(probe(whatsapp()))
    assert "account_sid" in asyncio.run(probe(whatsapp(provider="twilio")))


async def probe(channel: object) -> str:
    return await cast(Probe, channel).probe()


def stored(body: bytes, **headers: str) -> RawMessage:
    return RawMessage(
        tenant="kab-blitar", channel="whatsapp", external_id="x", body=body, received_at=NOW,
        headers={"content-type": "application/json"} | headers,
    )  # fmt: skip


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["messages", "value", "changes", "id", "type", "text", "from", "image", "body"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
kinds = st.sampled_from(
    ["text", "image", "location", "contacts", "button", "interactive", "order", "reaction", "edit",
     "revoke", "system", "unsupported", "\ud800"]
)  # fmt: skip
messages = st.builds(
    lambda kind, part, more: {"id": "w1", "type": kind, kind: part} | more, kinds, json_values,
    st.dictionaries(
        st.sampled_from(["id", "from", "timestamp", "context", "group_id"]), json_values
    ),
)  # fmt: skip
envelopes = json_values | st.builds(
    lambda found, value: payload(*found) | value,
    st.lists(messages | json_values, max_size=3),
    st.dictionaries(st.sampled_from(["entry", "object"]), json_values, max_size=1),
)


@given(envelopes.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200))
def test_whatever_meta_signs_is_stored_and_read_or_parked(body: bytes) -> None:
    delivery = whatsapp().accept(signed(body))
    assert delivery.messages or delivery.ignored
    for raw in delivery.messages:
        assert RawMessage.model_validate_json(raw.to_bytes()) == raw
        assert raw.external_id
        try:
            read_again = [list(whatsapp().parse(raw)) for _ in range(2)]
        except Unparseable:
            continue
        assert read_again[0] == read_again[1]
        assert all(Message.model_validate_json(m.to_bytes()) == m for m in read_again[0])


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_stored_bytes_are_read_or_unparseable(body: bytes) -> None:
    for headers in ({}, {"content-type": "", "source": "twilio-rest"}, {"content-type": ""}):
        try:
            found = list(whatsapp().parse(stored(body, **headers)))
        except Unparseable:
            continue
        assert all(Message.model_validate_json(m.to_bytes()) == m for m in found)
