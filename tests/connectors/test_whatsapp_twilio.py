"""WhatsApp from Twilio: its form, and its own client fetching what the webhook missed."""

import asyncio
from datetime import UTC, datetime
from typing import cast

import pytest

from core.connector import Page, Pull
from core.errors import RejectedRequest
from tests.connectors.fake_http import Answer, Asked, provider, reply
from tests.connectors.whatsapp_requests import (
    ONE,
    accept,
    form,
    payload,
    read,
    said,
    whatsapp,
)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("tel", f"+{ONE}")),
        ({"From": "whatsapp:ID.15", "ExternalUserId": "whatsapp:ID.15"}, ("whatsapp", "ID.15")),
        ({"From": "whatsapp:ID.15"}, ("whatsapp", "ID.15")),
        ({"From": "whatsapp:ID.15", "WaId": ONE}, ("tel", f"+{ONE}")),
        ({"From": ""}, ("", "")),
    ],
)
def test_who_sent_a_form(fields: dict[str, str], expected: tuple[str, str]) -> None:
    (message,) = read(whatsapp(provider="twilio").accept(form(**fields)))
    assert (message.sender.platform, message.sender.id) == expected


def test_meta_cannot_speak_to_a_channel_of_twilio_nor_the_reverse() -> None:
    with pytest.raises(RejectedRequest):
        accept(payload(said("w1")), whatsapp(provider="twilio"))
    with pytest.raises(RejectedRequest):
        whatsapp().accept(form())


def twilio_account(asked: Asked) -> Answer:
    item = {
        "account_sid": "AC1", "direction": "inbound", "from": f"whatsapp:+{ONE}", "sid": "SM1",
        "date_sent": "Sat, 21 Nov 2026 01:00:00 +0000", "body": "air mati", "num_media": "0",
        "to": "whatsapp:+6281200001708",
    }  # fmt: skip
    text_message = item | {"sid": "SM2", "from": f"+{ONE}", "to": "+6281200001708"}
    today = asked.query.get("DateSent") == "2026-11-21"
    return reply({"messages": [item, text_message] if today else [], "next_page_uri": None})


def fetch(channel: object, cursor: str | None) -> list[Page]:
    async def turn() -> list[Page]:
        return [page async for page in cast(Pull, channel).fetch(cursor)]

    return asyncio.run(turn())


def test_what_the_webhook_missed_is_fetched_under_the_webhooks_own_id() -> None:
    with provider(twilio_account) as twilio:
        channel = whatsapp(provider="twilio", account_sid="AC1", api_base=twilio.url)
        pages = fetch(channel, None)
        again = fetch(channel, pages[-1].cursor)
    (raw,) = [raw for page in pages for raw in page.messages]
    (pushed,) = channel.accept(form(AccountSid="AC1")).messages
    assert raw.event_id == pushed.event_id
    assert raw.history
    (message,) = channel.parse(raw)
    assert (message.text, message.sender.id) == ("air mati", f"+{ONE}")
    assert message.occurred_at == datetime(2026, 11, 21, 1, tzinfo=UTC)
    assert [raw for page in again for raw in page.messages] == []


def test_only_an_account_makes_the_channel_ask() -> None:
    assert not hasattr(whatsapp(provider="twilio"), "fetch")
    assert not hasattr(whatsapp(account_sid="AC1"), "fetch")
    assert hasattr(whatsapp(provider="twilio", account_sid="AC1"), "fetch")
