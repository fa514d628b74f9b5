"""SMS of a local carrier: whatever signature and field names the office sets, nothing unproved."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.sms import Settings, build
from connectors.sms.carrier import at_path, moment
from core.clock import FrozenClock
from core.connector import Context, Delivery, Push, Request
from core.errors import RejectedRequest, Unparseable
from core.schema import Message, RawMessage

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
ZONE = ZoneInfo("Asia/Jakarta")
SECRET = "kunci-contoh"
SMS = {"id": "a1", "from": "081200000001", "to": "1708", "text": "air mati"}
TIMED = {"timestamp_header": "X-Time", "signed": "{timestamp}.{body}"}


def sms(secret: str = SECRET, previous: str = "", **webhook: Any) -> Push:
    context = Context("kab-blitar", ZONE, Path(), b"", FrozenClock(NOW))
    settings = {"scheme": "json", "auth_token": secret, "auth_token_previous": previous}
    return build(Settings.model_validate(settings | {"webhook": webhook}), context)


def digest(framed: bytes, secret: str = SECRET) -> bytes:
    return hmac.new(secret.encode(), framed, hashlib.sha256).digest()


def post(body: bytes, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", "https://contoh.go.id/hooks/kab-blitar/sms", "", named, body)


def push(channel: Push, value: Any) -> Delivery:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return channel.accept(post(body, x_signature=digest(body).hex()))


def read(channel: Push, value: Any) -> Message:
    (raw,) = push(channel, value).messages
    (message,) = channel.parse(raw)
    return message


BODY = json.dumps(SMS).encode()
PLAIN, FRAMED = digest(BODY), digest(STAMP.encode() + b"." + BODY)


@pytest.mark.parametrize(
    ("webhook", "headers"),
    [
        ({}, {"x_signature": PLAIN.hex()}),
        ({}, {"x_signature": PLAIN.hex().upper()}),
        ({"signature_prefix": "sha256="}, {"x_signature": f"sha256={PLAIN.hex()}"}),
        ({"encoding": "base64"}, {"x_signature": base64.b64encode(PLAIN).decode()}),
        ({"signature_header": "X-Sign"}, {"x_sign": PLAIN.hex()}),
        (TIMED, {"x_signature": FRAMED.hex(), "x_time": STAMP}),
    ],
)
def test_each_way_of_signing_is_understood(
    webhook: dict[str, Any], headers: dict[str, str]
) -> None:
    delivery = sms(**webhook).accept(post(BODY, **headers))
    assert (delivery.reply, delivery.content_type) == (b'{"status":"ok"}', "application/json")
    (raw,) = delivery.messages
    assert (raw.external_id, raw.body) == ("a1", BODY)


def stale(seconds: int) -> dict[str, str]:
    stamp = str(int(STAMP) + seconds)
    return {"x_signature": digest(f"{stamp}.".encode() + BODY).hex(), "x_time": stamp}


@pytest.mark.parametrize(
    ("webhook", "headers", "reason"),
    [
        ({}, {}, "unsigned"),
        ({}, {"x_signature": ""}, "unsigned"),
        ({"signature_prefix": "sha256="}, {"x_signature": PLAIN.hex()}, "unsigned"),
        ({"signature_prefix": "sha256="}, {"x_signature": "sha256="}, "unsigned"),
        ({}, {"x_signature": PLAIN.hex()[:-1]}, "wrong_signature"),
        ({}, {"x_signature": base64.b64encode(PLAIN).decode()}, "wrong_signature"),
        (TIMED, {"x_signature": PLAIN.hex(), "x_time": STAMP}, "wrong_signature"),
        (TIMED, {"x_signature": FRAMED.hex()}, "wrong_signature"),
        (TIMED, stale(301), "stale"),
        (TIMED, stale(-301), "stale"),
    ],
)
def test_what_is_not_proved_is_refused(
    webhook: dict[str, Any], headers: dict[str, str], reason: str
) -> None:
    with pytest.raises(RejectedRequest) as refused:
        sms(**webhook).accept(post(BODY, **headers))
    assert (refused.value.reason, refused.value.status) == (reason, 403)


def test_both_secrets_of_a_rotation_are_good_and_an_empty_one_is_none() -> None:
    request = post(BODY, x_signature=PLAIN.hex())
    assert len(sms("baru", SECRET).accept(request).messages) == 1
    with pytest.raises(RejectedRequest, match="wrong_signature"):
        sms("baru").accept(request)
    with pytest.raises(RejectedRequest, match="no_secret"):
        sms("").accept(post(BODY, x_signature=digest(BODY, "").hex()))


@pytest.mark.parametrize(
    "webhook",
    [
        {"signed": "{timestamp}"},
        {"signed": "{body}{body}"},
        {"signed": "{timestamp}.{body}"},
        {"timestamp_header": "X-Time"},
        {"fields": {"isi": "data"}},
        {"signature_header": ""},
    ],
)
def test_settings_that_cannot_work_are_refused(webhook: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        sms(**webhook)


def test_several_sms_in_one_delivery_are_cut_and_the_odd_one_is_parked() -> None:
    channel = sms(items="data.list")
    delivery = push(channel, {"data": {"list": [SMS, SMS | {"id": 2}, "rusak"]}})
    assert [raw.external_id for raw in delivery.messages[:2]] == ["a1", "2"]
    assert [len(list(channel.parse(raw))) for raw in delivery.messages[:2]] == [1, 1]
    with pytest.raises(Unparseable):
        list(channel.parse(delivery.messages[2]))


@pytest.mark.parametrize("value", [{"data": []}, {"data": {"list": []}}, [], b"\xff", b"{"])
def test_a_delivery_nobody_understands_is_kept_whole(value: Any) -> None:
    (raw,) = push(sms(items="data.list"), value).messages
    assert raw.body == (value if isinstance(value, bytes) else json.dumps(value).encode())


def test_a_new_carrier_of_another_name_may_count_from_one_again() -> None:
    (before,), (after,) = (push(sms(name=name), SMS).messages for name in ("satu", "dua"))
    assert before.event_id != after.event_id


def test_a_record_is_read_by_todays_names_or_by_those_it_came_with() -> None:
    (raw,) = push(sms(fields={"text": "isi"}), {"id": 1, "isi": "air mati"}).messages
    corrected = sms(fields={"text": "salah"})
    assert [m.text for m in corrected.parse(raw)] == ["air mati"]
    # A name that was wrong then and is right now is used as well.
    (wrong,) = push(sms(fields={"text": "salah"}), {"id": 1, "isi": "air mati"}).messages
    assert [m.text for m in sms(fields={"text": "isi"}).parse(wrong)] == ["air mati"]
    with pytest.raises(Unparseable):
        list(corrected.parse(wrong))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (1795224600, NOW),
        ("1795224600", NOW),
        (1795224600000, NOW),
        ("2026-11-21T01:30:00Z", NOW),
        ("2026-11-21 08:30:00", NOW),
        ("2026-11-21 09:30+08:00", NOW),
        ("21/11/2026 08:30:00", NOW),
        ("21-11-2026 08:30", NOW),
        ("kemarin", None),
        ("1/1/1800 00:00", None),
        (True, None),
        (None, None),
        (10**30, None),
    ],
)
def test_times_are_read_in_every_dress(at: Any, expected: datetime | None) -> None:
    assert moment(at, ZONE) == expected
    assert read(sms(fields={"at": "waktu"}), SMS | {"waktu": at}).occurred_at == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b", 1),
        ("c.0.d", 2),
        ("c.1", None),
        ("c.-1", None),
        ("a", {"b": 1}),
        ("", None),
        ("x", None),
    ],
)
def test_a_path_goes_through_objects_and_lists(path: str, expected: Any) -> None:
    assert at_path({"a": {"b": 1}, "c": [{"d": 2}], "": 3}, path) == expected


def test_media_are_kept_with_or_without_words() -> None:
    channel = sms(fields={"media": "foto"})
    for given_media in ("https://contoh.go.id/1", ["https://contoh.go.id/1", ""]):
        message = read(channel, {"id": 1, "foto": given_media})
        assert [a.url for a in message.attachments] == ["https://contoh.go.id/1"]


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "from", "to", "text", "at", "list"]), inner)
    ),
    max_leaves=10,
)


@given(json_values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=100))
def test_whatever_is_signed_is_stored_and_read_or_parked(body: bytes) -> None:
    channel = sms(items="list", fields={"at": "at", "media": "list"})
    delivery = push(channel, body)
    assert delivery.messages
    for raw in delivery.messages:
        assert RawMessage.model_validate_json(raw.to_bytes()) == raw
        assert raw.external_id
        try:
            found = list(channel.parse(raw))
        except Unparseable:
            continue
        assert all(Message.model_validate_json(m.to_bytes()) == m for m in found)
