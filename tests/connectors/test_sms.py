"""The SMS webhook against Twilio's own vectors, and against whatever else may arrive."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from connectors.sms import Settings, build
from core import ids
from core.clock import FrozenClock
from core.connector import Context, Push, Request
from core.errors import RejectedRequest, Unparseable
from core.schema import Message, RawMessage
from tests.needs import oracle

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
URL = "https://aduan.contoh.go.id/hooks/kab-blitar/sms"
TOKEN = "kunci-contoh"


def sms(*, trial: bool = False, **settings: Any) -> Push:
    context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", FrozenClock(NOW), trial)
    return build(Settings.model_validate(settings), context)


def post(url: str, body: bytes, signature: str, settings: str = "") -> Request:
    headers = {"x-twilio-signature": signature, "x-twilio-webhooks-signature-settings": settings}
    return Request("POST", url, "", headers, body)


def signed(form: dict[str, str], token: str = TOKEN) -> Request:
    signature = RequestValidator(token).compute_signature(URL, form)
    return post(URL, urlencode(form).encode("utf-8"), signature)


def raw(body: bytes, **headers: str) -> RawMessage:
    return RawMessage(
        tenant="kab-blitar", channel="sms", external_id="x", body=body, received_at=NOW,
        headers=headers,
    )  # fmt: skip


def vectors() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(oracle("twilio", "signature-vectors.json").read_text())
    return found


def body_of(vector: dict[str, Any]) -> bytes:
    text: str = vector.get("body") or vector.get("form") or urlencode(vector["params"])
    return text.encode()


def test_twilios_own_vectors_are_accepted() -> None:
    known = vectors()
    channel = sms(auth_token=known["token"])
    for vector in known["vectors"]:
        body = body_of(vector)
        (message,) = channel.accept(post(vector["uri"], body, vector["signature"])).messages
        assert message.body == body
        assert message.external_id == ids.content_id(body)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("https://", "http://"),
        ("mycompany.com", "10.0.0.7"),
        ("myapp.php", "myapp.php/"),
        ("foo=1&bar=2", "bar=2&foo=1"),
        ("bar=2", "bar=2#rc=2"),
        ("mycompany.com", "mycompany.com:99999999"),
        ("mycompany.com", "[mycompany.com"),
    ],
)
def test_another_address_than_the_signed_one_is_refused(was: str, now: str) -> None:
    known = vectors()
    vector = known["vectors"][0]
    request = post(vector["uri"].replace(was, now), body_of(vector), vector["signature"])
    with pytest.raises(RejectedRequest) as refused:
        sms(auth_token=known["token"]).accept(request)
    assert refused.value.status == 403


def test_a_body_named_by_its_hash_must_be_that_body() -> None:
    known = vectors()
    vector = next(v for v in known["vectors"] if "body" in v)
    with pytest.raises(RejectedRequest):
        sms(auth_token=known["token"]).accept(post(vector["uri"], b"{}", vector["signature"]))
    with pytest.raises(RejectedRequest):
        sms(auth_token=known["token"]).accept(post(vector["uri"], b"\xff", vector["signature"]))


def test_both_secrets_of_a_rotation_are_good_and_no_third() -> None:
    channel = sms(auth_token="baru", auth_token_previous="lama")
    form = {"MessageSid": "SM1", "Body": "air mati"}
    for token in ("baru", "lama"):
        assert len(channel.accept(signed(form, token)).messages) == 1
    with pytest.raises(RejectedRequest):
        channel.accept(signed(form, "lain"))


@pytest.mark.parametrize("token", ["", " "])
def test_an_empty_secret_is_no_secret(token: str) -> None:
    with pytest.raises(RejectedRequest, match="no_secret"):
        sms(auth_token=token).accept(signed({"Body": "x"}, token))


def test_an_unknown_algorithm_is_refused_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    request = post(URL, b"Body=x", "abc", "key=k,algorithm=0812-0000-0001")
    with pytest.raises(RejectedRequest, match="unknown_algorithm"):
        sms(auth_token=TOKEN).accept(request)
    assert caplog.text == ""


def test_a_get_is_refused() -> None:
    with pytest.raises(RejectedRequest) as refused:
        sms(auth_token=TOKEN).accept(Request("GET", URL, "", {}, b""))
    assert refused.value.status == 405


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({}, 1),
        ({"SmsStatus": "received"}, 1),
        ({"SmsStatus": "delivered"}, 0),
        ({"MessageStatus": "failed"}, 0),
    ],
)
def test_only_inbound_messages_are_kept(fields: dict[str, str], kept: int) -> None:
    delivery = sms(auth_token=TOKEN).accept(signed({"MessageSid": "SM1", "Body": "x"} | fields))
    assert (len(delivery.messages), delivery.ignored) == (kept, 1 - kept)


def test_what_a_trial_secret_signed_is_simulated() -> None:
    (message,) = sms(trial=True, auth_token=TOKEN).accept(signed({"MessageSid": "SM1"})).messages
    assert message.simulated


def test_a_blank_field_is_part_of_the_signature() -> None:
    request = signed({"MessageSid": "SM1", "Body": "x", "ToCity": ""})
    assert len(sms(auth_token=TOKEN).accept(request).messages) == 1


@given(st.binary(max_size=200), st.text(max_size=40), st.text(max_size=40), st.text(max_size=60))
def test_strangers_are_refused_whatever_they_send(
    body: bytes, url: str, signature: str, settings: str
) -> None:
    with pytest.raises(RejectedRequest):
        sms(auth_token=TOKEN).accept(post(url, body, signature, settings))


names = st.sampled_from(["Body", "From", "To", "MessageSid", "AccountSid", "MediaUrl0", "x"])
forms = st.dictionaries(names | st.text(), st.text(st.characters(exclude_categories=["Cs"])))


@given(st.dictionaries(names, st.text(st.characters(exclude_categories=["Cs"]))))
def test_whatever_is_signed_can_be_stored(form: dict[str, str]) -> None:
    for message in sms(auth_token=TOKEN).accept(signed(form)).messages:
        assert RawMessage.model_validate_json(message.to_bytes()) == message
        assert message.external_id


@given(st.binary(max_size=300) | forms.map(lambda form: urlencode(form, errors="replace").encode()))
def test_any_stored_bytes_are_read_or_unparseable(body: bytes) -> None:
    for headers in ({}, {"source": "twilio-rest"}, {"source": "json"}):
        try:
            messages = list(sms().parse(raw(body, **headers)))
        except Unparseable:
            continue
        assert all(Message.model_validate_json(m.to_bytes()) == m for m in messages)
