"""WhatsApp against Meta's own examples, against batches, and against whatever else may arrive."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from connectors.whatsapp import Settings, build
from core.clock import FrozenClock
from core.connector import Context, Delivery, Page, Probe, Pull, Push, Request
from core.errors import ConfigError, RejectedRequest, RetryLater, Unparseable
from core.schema import Message, RawMessage
from core.signatures import hmac_sha256_hex
from tests.connectors.fake_http import Answer, Asked, provider, reply

ORACLES = Path(__file__).parents[2].parent / "shared" / "oracles"
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
URL = "https://aduan.contoh.go.id/hooks/kab-blitar/whatsapp"
SECRET = "kunci-contoh"
ONE, TWO = "6281200000001", "6281200000002"


def whatsapp(*, trial: bool = False, **settings: Any) -> Push:
    context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", FrozenClock(NOW), trial)
    return build(Settings.model_validate({"app_secret": SECRET} | settings), context)


def signed(body: bytes, secret: str = SECRET) -> Request:
    signature = hmac_sha256_hex(secret.encode(), body)
    return Request("POST", URL, "", {"x-hub-signature-256": f"sha256={signature}"}, body)


def accept(payload: Any, channel: Push | None = None) -> Delivery:
    return (channel or whatsapp()).accept(signed(json.dumps(payload).encode()))


def payload(*messages: Any, **value: Any) -> dict[str, Any]:
    metadata = {"metadata": {"phone_number_id": "2001"}}
    change = {"field": "messages", "value": metadata | {"messages": list(messages)} | value}
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}


def said(name: str, text: str = "air mati", at: int = 1795228200, **more: Any) -> dict[str, Any]:
    body = {"id": name, "from": ONE, "timestamp": str(at), "type": "text", "text": {"body": text}}
    return body | more


def read(delivery: Delivery) -> list[Message]:
    return [message for raw in delivery.messages for message in whatsapp().parse(raw)]


def oracle(name: str) -> bytes:
    return (ORACLES / "meta-whatsapp" / name).read_bytes()


def test_metas_signature_vector_is_accepted_and_its_body_parked() -> None:
    vector = json.loads(oracle("x-hub-signature-256-vector.json"))
    request = Request(
        "POST", URL, "", {"x-hub-signature-256": vector["header"]}, vector["payload"].encode()
    )
    (raw,) = whatsapp(app_secret=vector["secret"]).accept(request).messages
    with pytest.raises(Unparseable):
        list(whatsapp().parse(raw))


def test_every_one_of_metas_examples_is_one_message() -> None:
    examples = sorted((ORACLES / "meta-whatsapp").glob("*-message.json"))
    assert len(examples) >= 8
    for path in examples:
        (raw,) = whatsapp().accept(signed(path.read_bytes())).messages
        assert raw.body == path.read_bytes()
        (message,) = whatsapp().parse(raw)
        assert message.external_id.startswith("wamid.")
        assert message.occurred_at is not None
        assert message.sender.id == "+16505551234"


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        ("text", {"text": "Does it come in another color?"}),
        ("button", {"text": "Unsubscribe"}),
        ("interactive-list-reply", {"text": "Priority Mail Express\nNext Day to 2 Days"}),
        ("location", {"lat": 37.44221496582, "lon": -122.16165924072}),
        ("reaction", {"text": "\U0001f44d"}),
        ("system", {"text": "", "given": {"type": "system", "system": "user_changed_number"}}),
        ("image", {"text": "Taj Mahal"}),
    ],
)
def test_what_metas_examples_say(example: str, expected: Mapping[str, Any]) -> None:
    (message,) = read(whatsapp().accept(signed(oracle(f"{example}-message.json"))))
    assert {name: getattr(message, name) for name in expected} == expected


def test_metas_image_is_to_be_fetched_by_its_id() -> None:
    (message,) = read(whatsapp().accept(signed(oracle("image-message.json"))))
    (attachment,) = message.attachments
    assert (attachment.provider_id, attachment.mime) == ("1003383421387256", "image/jpeg")


def test_a_reply_names_what_it_answers() -> None:
    (message,) = read(whatsapp().accept(signed(oracle("button-message.json"))))
    assert message.reply_to == "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBJFNjk2OTMwNEZCQjhGMzUyQUYA"


def test_an_unsupported_message_is_visible() -> None:
    (message,) = read(whatsapp().accept(signed(oracle("unsupported-message.json"))))
    assert "unsupported" in message.text


def challenge(query: str, **settings: Any) -> Delivery:
    return whatsapp(**settings).accept(Request("GET", f"{URL}?{query}", query, {}, b""))


def test_metas_challenge_is_answered_with_itself() -> None:
    query = "hub.mode=subscribe&hub.challenge=11587&hub.verify_token=kata-sandi"
    assert challenge(query, verify_token="kata-sandi").reply == b"11587"


@pytest.mark.parametrize(
    ("query", "token"),
    [
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=lain", "kata-sandi"),
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=", ""),
        ("hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=kata-sandi", "kata-sandi"),
        ("", "kata-sandi"),
    ],
)
def test_another_challenge_is_refused(query: str, token: str) -> None:
    with pytest.raises(RejectedRequest):
        challenge(query, verify_token=token)


@pytest.mark.parametrize("settings", [{}, {"provider": "twilio"}])
def test_other_methods_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(RejectedRequest) as refused:
        whatsapp(**settings).accept(Request("PUT", URL, "", {}, b""))
    assert refused.value.status == 405


def test_a_batch_is_cut_oldest_first_and_each_record_holds_one_citizen() -> None:
    cards = [{"wa_id": n, "profile": {"name": name}} for n, name in ((ONE, "Sari"), (TWO, "Budi"))]
    late, early = said("w1", at=1795228209), said("w2", "banjir", 1795228200, **{"from": TWO})
    delivery = accept(payload(late, early, contacts=cards, statuses=[{"id": "w0"}]))
    assert [raw.external_id for raw in delivery.messages] == ["w2", "w1"]
    assert delivery.ignored == 1
    assert b"Sari" not in delivery.messages[0].body
    assert b"banjir" not in delivery.messages[1].body
    assert [m.sender.name for m in read(delivery)] == ["Budi", "Sari"]


def test_the_same_message_twice_in_one_body_has_one_event_id() -> None:
    delivery = accept(payload(said("w1"), said("w1")))
    assert len({raw.event_id for raw in delivery.messages}) == 1


def test_a_message_alone_and_in_a_batch_is_the_same_event() -> None:
    (alone,) = accept(payload(said("w1"))).messages
    batch = accept(payload(said("w2"), said("w1"))).messages
    assert alone.event_id in {raw.event_id for raw in batch}


def test_what_is_not_understood_is_parked_beside_its_neighbours() -> None:
    body = payload(said("w1"), "bukan objek", {"type": "text", "text": {"body": "tanpa id"}})
    body["entry"].append({"id": "2", "changes": "rusak"})
    good, odd = accept(body).messages
    assert [m.external_id for m in whatsapp().parse(good)] == ["w1"]
    assert b"tanpa id" in odd.body
    with pytest.raises(Unparseable):
        list(whatsapp().parse(odd))


@pytest.mark.parametrize(
    ("value", "ignored"),
    [
        ({"statuses": [{"id": "w1"}, {"id": "w2"}]}, 2),
        ({"errors": [{"code": 131051}]}, 1),
        ({"message_echoes": [{"id": "w1"}]}, 1),
    ],
)
def test_notices_are_counted_and_not_kept(value: dict[str, Any], ignored: int) -> None:
    delivery = accept(payload(**value))
    assert (list(delivery.messages), delivery.ignored) == ([], ignored)


def test_an_edit_is_a_version_of_its_original_and_a_withdrawal_stands_below_it() -> None:
    part = {"original_message_id": "w1", "message": {"type": "text", "text": {"body": "air hidup"}}}
    first = accept(payload(said("w1"))).messages[0]
    edit = said("w2", type="edit", edit=part)
    gone = said("w3", type="revoke", revoke={"original_message_id": "w1"})
    edited, withdrawn = accept(payload(edit, gone)).messages
    assert {first.external_id, edited.external_id, withdrawn.external_id} == {"w1"}
    assert len({first.event_id, edited.event_id, withdrawn.event_id}) == 3
    (before,), (now,), (after,) = (whatsapp().parse(raw) for raw in (first, edited, withdrawn))
    assert now.text == "air hidup"
    assert after.given["keadaan"] == "dihapus"
    assert before.edited_at is not None
    assert after.edited_at is not None
    assert after.edited_at < before.edited_at


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        (-8.1, 112.2, (-8.1, 112.2)),
        ("-8.1", "112.2", (-8.1, 112.2)),
        ("NaN", 112.2, (None, None)),
        (-91, 112.2, (None, None)),
        (True, 112.2, (None, None)),
        (None, 112.2, (None, None)),
    ],
)
def test_pins_are_numbers_or_text(latitude: Any, longitude: Any, expected: Any) -> None:
    place = {"latitude": latitude, "longitude": longitude, "name": "Pasar"}
    (message,) = read(accept(payload(said("w1", type="location", location=place))))
    assert (message.lat, message.lon) == expected
    assert message.text == "Lokasi: Pasar"


@pytest.mark.parametrize("stamp", ["", "kemarin", "-1", "99999999999999999999", None, {}])
def test_a_time_nobody_can_read_is_no_time(stamp: Any) -> None:
    (message,) = read(accept(payload(said("w1", timestamp=stamp))))
    assert message.occurred_at is None


def form(**fields: str) -> Request:
    told = {"MessageSid": "SM1", "From": f"whatsapp:+{ONE}", "Body": "air mati"} | fields
    signature = RequestValidator(SECRET).compute_signature(URL, told)
    return Request("POST", URL, "", {"x-twilio-signature": signature}, urlencode(told).encode())


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


def test_what_a_trial_secret_signed_is_simulated() -> None:
    (raw,) = accept(payload(said("w1")), whatsapp(trial=True)).messages
    assert raw.simulated


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
