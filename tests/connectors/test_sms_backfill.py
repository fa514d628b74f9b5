"""SMS that the webhook missed: Twilio's own client against a Twilio on loopback."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from connectors.sms import Settings, build
from core.clock import FrozenClock
from core.connector import Context, Page, Probe, Pull, Push, Request
from core.errors import ConfigError, RetryLater
from core.schema import RawMessage
from tests.connectors.fake_http import Answer, Asked, Provider, provider, reply

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
URL = "https://aduan.contoh.go.id/hooks/kab-blitar/sms"
TOKEN = "kunci-contoh"


def sms(twilio: Provider | None = None, **settings: Any) -> Push:
    account = {"account_sid": "AC1", "api_base": twilio.url} if twilio else {}
    context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", FrozenClock(NOW))
    return build(Settings.model_validate({"auth_token": TOKEN} | account | settings), context)


def item(sid: str, hour: int, **more: Any) -> dict[str, Any]:
    return {
        "account_sid": "AC1", "sid": sid, "direction": "inbound", "num_media": "0", "to": "1708",
        "from": "+6281200000001", "body": f"air mati {sid}", "num_segments": "1",
        "date_sent": f"Sat, 21 Nov 2026 {hour:02}:00:00 +0000",
    } | more  # fmt: skip


def account(*items: dict[str, Any]) -> Any:
    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/Media.json"):
            uri = "/2010-04-01/Accounts/AC1/Messages/MM3/Media/ME1.json"
            return reply({"media_list": [{"uri": uri, "content_type": "image/png"}]})
        today = asked.query["DateSent"] == "2026-11-21"
        return reply({"messages": list(reversed(items)) if today else []})

    return answer


def fetch(channel: Push, cursor: str | None = None) -> list[Page]:
    async def turn() -> list[Page]:
        return [page async for page in cast(Pull, channel).fetch(cursor)]

    return asyncio.run(turn())


def raws(pages: list[Page]) -> list[RawMessage]:
    return [raw for page in pages for raw in page.messages]


def pushed(channel: Push, sid: str) -> RawMessage:
    form = {"MessageSid": sid, "AccountSid": "AC1", "Body": "air mati", "From": "+6281200000001"}
    signature = RequestValidator(TOKEN).compute_signature(URL, form)
    request = Request("POST", URL, "", {"x-twilio-signature": signature}, urlencode(form).encode())
    (raw,) = channel.accept(request).messages
    return raw


def test_what_the_webhook_missed_comes_under_its_own_ids_and_nothing_twice() -> None:
    with provider(account(item("SM1", 1), item("SM2", 2))) as twilio:
        channel = sms(twilio)
        pages = fetch(channel)
        again = fetch(channel, pages[-1].cursor)
    assert [raw.external_id for raw in raws(pages)] == ["SM1", "SM2"]
    assert raws(pages)[0].event_id == pushed(channel, "SM1").event_id
    assert raws(again) == []


def test_only_the_first_turn_is_history() -> None:
    with provider(account(item("SM1", 1))) as twilio:
        channel = sms(twilio)
        first = fetch(channel)
        twilio.answer = account(item("SM1", 1), item("SM2", 2))
        later = fetch(channel, first[-1].cursor)
    assert [(r.external_id, r.history) for r in raws(first) + raws(later)] == [
        ("SM1", True),
        ("SM2", False),
    ]


def test_a_fetched_sms_says_when_it_came_and_what_hangs_on_it() -> None:
    with provider(account(item("MM3", 1, num_media="1"))) as twilio:
        channel = sms(twilio)
        (raw,) = raws(fetch(channel))
    assert json.loads(raw.body)["sid"] == "MM3"
    (message,) = channel.parse(raw)
    assert message.occurred_at == datetime(2026, 11, 21, 1, tzinfo=UTC)
    assert message.text == "air mati MM3"
    assert [a.mime for a in message.attachments] == ["image/png"]


def test_what_the_account_carries_besides_sms_is_left_to_its_own_channel() -> None:
    whatsapp = item("SM2", 2, to="whatsapp:+6281200001708")
    with provider(account(item("SM1", 1), whatsapp)) as twilio:
        assert [raw.external_id for raw in raws(fetch(sms(twilio)))] == ["SM1"]


def test_only_the_offices_number_is_asked_for_with_the_accounts_own_token() -> None:
    with provider(account()) as twilio:
        fetch(sms(twilio, to="1708", api_token="token-akun"))
        fetch(sms(twilio))
    first, last = twilio.asked[0], twilio.asked[-1]
    assert (first.query.get("To"), last.query.get("To")) == ("1708", None)
    assert first.headers["authorization"] != last.headers["authorization"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [(Answer(status=401), ConfigError), (Answer(status=429), RetryLater)],
)
def test_trouble_reaches_the_runner(answer: Answer, error: type[Exception]) -> None:
    with provider(lambda _: answer) as twilio:
        with pytest.raises(error):
            fetch(sms(twilio))
        with pytest.raises(error):
            asyncio.run(probe(sms(twilio)))


def test_kanal_check_asks_for_the_account_or_says_there_is_none() -> None:
    with provider(lambda _: reply({"status": "active"})) as twilio:
        assert "aktif" in asyncio.run(probe(sms(twilio)))
    assert "tidak ada akun" in asyncio.run(probe(sms()))


async def probe(channel: Push) -> str:
    return await cast(Probe, channel).probe()


def test_only_an_account_of_twilio_makes_the_channel_ask() -> None:
    assert not hasattr(sms(), "fetch")
    assert not hasattr(sms(scheme="json", account_sid="AC1"), "fetch")
    assert hasattr(sms(account_sid="AC1"), "fetch")
