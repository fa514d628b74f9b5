"""Calls that the call centre's own system sends: proved, read whole or refused whole, once."""

import json
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.call112.push import Door
from core.clock import FrozenClock
from core.connector import Context, Push, Request
from core.errors import RejectedRequest
from core.schema import RawMessage
from core.signatures import INTERNAL_HEADER, sign_internal
from tests.connectors.call112_inbox import NOW, ZONE, channel, drop, parsed, taken

PATH = "/hooks/kab-blitar/call112"
KEY, OLD = b"kunci-dorong", b"kunci-lama"
CALL = {"transkrip": "Ada kebakaran", "nomor": "0812-0000-0071"}


def door(remembered: int = 100) -> Door:
    context = Context("kab-blitar", ZONE, Path(), b"", FrozenClock(NOW))
    return Door([KEY, OLD], context, remembered)


def post(
    content: object, key: str = "k-1", *, secret: bytes = KEY, kind: str = "application/json",
    age: float = 0, path: str = PATH,
) -> Request:  # fmt: skip
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = {
        "content-type": kind,
        "idempotency-key": key,
        INTERNAL_HEADER: sign_internal(secret, path, body, NOW - timedelta(seconds=age)),
    }
    return Request("POST", "https://aduan.contoh.go.id" + PATH, "", headers, body)


def test_a_repeat_is_the_same_event_and_its_answer_is_the_same() -> None:
    gate = door()
    first, again = gate.accept(post(CALL)), gate.accept(post(CALL))
    assert first.status == 202
    assert first.reply == again.reply
    assert first.messages[0].event_id == again.messages[0].event_id
    assert first.messages[0].external_id == "k-1"
    assert parsed(first.messages[0]).text == "Ada kebakaran"


def test_a_key_is_not_used_again_for_another_call() -> None:
    gate = door()
    gate.accept(post(CALL))
    with pytest.raises(RejectedRequest, match="sudah dipakai") as refused:
        gate.accept(post(CALL | {"transkrip": "Lain"}))
    assert refused.value.status == 409
    # After a restart nobody remembers: it must not vanish behind the first one.
    other = door().accept(post(CALL | {"transkrip": "Lain"})).messages[0]
    assert other.event_id != door().accept(post(CALL)).messages[0].event_id


def test_only_the_last_keys_are_remembered() -> None:
    gate = door(remembered=2)
    for key in ("k-1", "k-2", "k-1", "k-3"):
        gate.accept(post(CALL, key))
    other = CALL | {"transkrip": "Lain"}
    assert gate.accept(post(other, "k-2")).messages
    with pytest.raises(RejectedRequest, match="sudah dipakai"):
        gate.accept(post(other, "k-3"))


def test_the_same_call_by_http_and_in_the_folder_is_one_event(tmp_path: Path) -> None:
    call = CALL | {"id": "112-77"}
    sent = door().accept(post(call, "")).messages[0]
    drop(tmp_path, "a.json", json.dumps(call))
    (dropped,) = taken(channel(tmp_path))
    assert sent.event_id == dropped.event_id


@pytest.mark.parametrize(
    ("request_", "reason", "status"),
    [
        (post(CALL, secret=b"asing"), "wrong_signature", 403),
        (post(CALL, age=301), "stale", 403),
        (post(CALL, path="/hooks/kab-lain/call112"), "wrong_signature", 403),
        (post(CALL, kind="text/plain"), "content-type: ", 400),
        (post(CALL, "x" * 201), "Idempotency-Key: tidak terbaca", 400),
        (post(CALL, ""), "panggilan 1, Idempotency-Key: wajib", 400),
        (post([CALL, {"nomor": "1"}]), "panggilan 2, transkrip: kosong", 400),
        (post(CALL | {"waktu": "2026-11-23"}), "panggilan 1, waktu: di masa depan", 400),
        (post({"ciphertext": "x"}), "panggilan 1, vcon: terenkripsi", 400),
        (post(b""), "berkas kosong", 400),
        (post(b"{"), "JSON tidak terbaca", 400),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_whole(request_: Request, reason: str, status: int) -> None:
    with pytest.raises(RejectedRequest) as refused:
        door().accept(request_)
    assert (refused.value.status, refused.value.reason[: len(reason)]) == (status, reason)


def test_the_old_key_holds_while_it_is_replaced_and_no_key_holds_nothing(tmp_path: Path) -> None:
    assert door().accept(post(CALL, secret=OLD)).messages
    settings = {"push_secret": KEY.decode(), "push_secret_previous": OLD.decode()}
    made = cast(Push, channel(tmp_path, **settings))
    assert made.accept(post(CALL, secret=OLD)).messages
    with pytest.raises(RejectedRequest, match="no_secret"):
        cast(Push, channel(tmp_path)).accept(post(CALL, secret=b""))
    with pytest.raises(RejectedRequest, match="method"):
        made.accept(Request("GET", "https://x" + PATH, "", {}, b""))


values = st.none() | st.integers() | st.text(st.characters()) | st.lists(st.text(), max_size=2)
calls = st.dictionaries(st.sampled_from(["isi", "waktu", "id", "nomor"]), values)


@given(st.binary(max_size=200) | (calls | st.lists(calls)).map(lambda v: json.dumps(v).encode()))
def test_any_signed_body_is_taken_or_refused(body: bytes) -> None:
    try:
        delivery = door().accept(post(body))
    except RejectedRequest:
        return
    for raw in delivery.messages:
        assert RawMessage.model_validate_json(raw.to_bytes()) == raw
