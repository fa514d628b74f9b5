"""The radio form: what is refused and why, and that nothing it holds can upset the gateway."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.radio import Settings, build
from core import ids
from core.clock import FrozenClock
from core.connector import Context, Delivery, Push, Request
from core.errors import RejectedRequest, Unparseable
from core.schema import Message, RawMessage
from core.signatures import INTERNAL_HEADER, sign_internal

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
PATH = "/hooks/kab-blitar/radio"
KEY = b"kunci-internal-contoh"
FORM_ID = "6b616e61-6c00-4000-8000-000000000001"


def radio(key: bytes = KEY) -> Push:
    context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), key, FrozenClock(NOW))
    return build(Settings(), context)


def post(body: bytes, *, path: str = PATH, at: datetime = NOW) -> Request:
    headers = {INTERNAL_HEADER: sign_internal(KEY, path, body, at)}
    return Request("POST", "http://127.0.0.1:8080" + PATH, "", headers, body)


def send(**fields: Any) -> Delivery:
    form = {"form_id": FORM_ID, "isi": "Jembatan bambu putus"} | fields
    return radio().accept(post(json.dumps(form).encode()))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("form_id", None),
        ("form_id", ""),
        ("form_id", "bukan-uuid"),
        ("form_id", 7),
        ("isi", None),
        ("isi", " \n"),
        ("isi", ["x"]),
        ("isi", "x" * 10_001),
        ("lokasi", "x" * 501),
        ("telepon", 81200000001),
        ("anonim", "ya"),
        ("rahasia", 1),
        ("simulasi", "false"),
        ("waktu_siar", "kemarin"),
        ("waktu_siar", "2026-11-21T08.15"),
        ("waktu_siar", "2026-11-21T08:35:01"),
        ("waktu_siar", "2026-11-21T01:35:01Z"),
        ("waktu_siar", "0001-01-01T00:00:00+14:00"),
        ("waktu_siar", "9999-12-31T23:59:59-14:00"),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object) -> None:
    with pytest.raises(RejectedRequest, match=rf"^{field}: ") as refused:
        send(**{field: value})
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"isi": NaN}', b"\xff", b"[" * 100_000, b"9" * 5000]
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(RejectedRequest, match=r"^JSON: ") as refused:
        radio().accept(post(body))
    assert refused.value.status == 400


def test_a_signature_holds_for_its_path_and_its_minutes() -> None:
    body = json.dumps({"form_id": FORM_ID, "isi": "x"}).encode()
    for request in (post(body, path="/decisions/kab-blitar"), post(body, at=NOW - timedelta(1))):
        with pytest.raises(RejectedRequest) as refused:
            radio().accept(request)
        assert refused.value.status == 403


def test_an_empty_key_signs_nothing() -> None:
    body = b"{}"
    headers = {INTERNAL_HEADER: sign_internal(b"", PATH, body, NOW)}
    with pytest.raises(RejectedRequest, match="no_secret"):
        radio(b"").accept(Request("POST", "http://x" + PATH, "", headers, body))


@pytest.mark.parametrize(
    ("method", "url", "status"), [("GET", "http://x", 405), ("POST", "http://[x", 400)]
)
def test_an_odd_request_is_refused(method: str, url: str, status: int) -> None:
    with pytest.raises(RejectedRequest) as refused:
        radio().accept(Request(method, url, "", {}, b""))
    assert refused.value.status == status


def test_submitting_twice_is_one_complaint_and_its_id_is_told() -> None:
    first, second = send(isi="Pohon tumbang"), send(isi="Pohon tumbang", form_id=FORM_ID.upper())
    assert first.messages[0].event_id == second.messages[0].event_id
    told = json.loads(first.reply)
    assert told == {"complaint_id": ids.complaint_id("kab-blitar", "radio", "", FORM_ID)}
    assert first.reply == second.reply


def test_air_time_may_be_a_little_ahead() -> None:
    (raw,) = send(waktu_siar="2026-11-21T08:34:59").messages
    (message,) = radio().parse(raw)
    assert message.occurred_at == datetime(2026, 11, 21, 1, 34, 59, tzinfo=UTC)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["sumber", "program", "waktu_siar", "penelepon", "telepon", "isi", "lokasi", "anonim"]
forms = st.dictionaries(
    st.sampled_from(FIELDS), anything | st.text(st.characters()) | st.datetimes().map(str)
).map(lambda form: {"form_id": str(uuid.UUID(int=1)), "isi": "ada"} | form)
bodies = st.binary(max_size=200) | (anything | forms).map(lambda v: json.dumps(v).encode())


@given(bodies)
def test_any_signed_body_is_taken_or_refused(body: bytes) -> None:
    try:
        delivery = radio().accept(post(body))
    except RejectedRequest:
        return
    for raw in delivery.messages:
        assert RawMessage.model_validate_json(raw.to_bytes()) == raw
        for message in radio().parse(raw):
            assert Message.model_validate_json(message.to_bytes()) == message


@given(bodies)
def test_any_stored_bytes_are_read_or_unparseable(body: bytes) -> None:
    raw = RawMessage(tenant="t", channel="radio", external_id="x", body=body, received_at=NOW)
    try:
        messages = list(radio().parse(raw))
    except Unparseable:
        return
    assert len(messages) == 1


@given(st.text(), st.text(), st.binary(max_size=50))
def test_strangers_are_refused_whatever_they_send(url: str, header: str, body: bytes) -> None:
    with pytest.raises(RejectedRequest):
        radio().accept(Request("POST", url, "", {INTERNAL_HEADER: header}, body))
