"""Ids, signatures, the log and the stage loop: what every room stands on."""

import asyncio
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids, log, stage
from core.bus import Outgoing, Stored
from core.bus.memory import MemoryBus
from core.errors import RejectedRequest, RetryLater, Unparseable
from core.log import FieldNotAllowed
from core.schema import Message, RawMessage, Sender
from core.signatures import (
    hmac_sha256_hex,
    meta_challenge,
    sign_internal,
    verify_internal,
    verify_meta,
)

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
# Changing one of these would give every stored complaint a new id.
EVENT = "c849fff619f7427f352bfcd4dc5e15bf"
COMPLAINT = "846d208b-3359-54d1-bce2-41c5ae234b0e"
CASE = "774c2679-409f-548f-99ba-4eae07a24650"


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_ids_differ_when_their_parts_do(one: list[str], other: list[str]) -> None:
    assert (ids.digest(*one) == ids.digest(*other)) == (one == other)


def test_ids_stand_for_ever() -> None:
    assert ids.raw_event_id("kab-blitar", "sms", "AC1", "SM1", "") == EVENT
    assert ids.complaint_id("kab-blitar", "sms", "AC1", "SM1") == COMPLAINT
    assert ids.case_id(COMPLAINT) == CASE


@pytest.mark.parametrize("number", ["081200001234", "+62 812-0000-1234", "6281200001234"])
def test_one_telephone_is_one_reporter(number: str) -> None:
    assert ids.reporter_ref(b"k", "tel", number) == ids.reporter_ref(b"k", "tel", "0812 0000 1234")
    assert ids.reporter_ref(b"k", "telegram", number) != ids.reporter_ref(b"k", "tel", number)


@given(st.binary(max_size=200), st.text(max_size=50))
def test_raw_bytes_survive_the_bus(body: bytes, name: str) -> None:
    raw = RawMessage(
        tenant="t", channel="c", external_id="1", body=body, headers={"h": name}, received_at=NOW
    )
    again = RawMessage.model_validate_json(raw.to_bytes())
    assert again.body == body
    assert again.event_id == raw.event_id


def test_half_a_character_is_mended() -> None:
    message = Message(external_id="1", text="a\ud83d b", sender=Sender(name="\udc00"))
    assert message.text == "a\ufffd b"
    assert json.loads(message.to_bytes())["sender"]["name"] == "\ufffd"


@pytest.mark.parametrize(
    ("header", "path", "late", "reason"),
    [
        ("", "/p", 0, "unsigned"),
        ("t=x,v1=00", "/p", 0, "unsigned"),
        ("good", "/other", 0, "wrong_signature"),
        ("good", "/p", 301, "stale"),
        ("good", "/p", -301, "stale"),
    ],
)
def test_a_forged_or_stale_form_is_refused(header: str, path: str, late: int, reason: str) -> None:
    signed = sign_internal(b"key", "/p", b"body", NOW)
    verify_internal([b"old", b"key"], signed, "/p", b"body", NOW)
    with pytest.raises(RejectedRequest, match=reason):
        verify_internal(
            [b"key"], signed if header == "good" else header, path, b"body",
            NOW + timedelta(seconds=late),
        )  # fmt: skip


def test_metas_signature_and_challenge() -> None:
    body = b'{"a":"\\u00e4"}'
    good = "sha256=" + hmac.digest(b"secret", body, "sha256").hex()
    verify_meta([b"old", b"secret"], good, body)
    assert hmac_sha256_hex(b"secret", body) == good[7:]
    for wrong in ("", "sha1=" + good[7:], "sha256=" + "0" * 64, "sha256="):
        with pytest.raises(RejectedRequest):
            verify_meta([b"secret"], wrong, body)
    query = "hub.mode=subscribe&hub.verify_token=tok&hub.challenge=123"
    assert meta_challenge(query, ["tok"]) == b"123"
    for query_, tokens in ((query, [""]), (query, []), (query.replace("tok&", "to&"), ["tok"])):
        with pytest.raises(RejectedRequest):
            meta_challenge(query_, tokens)


def test_a_field_off_the_list_cannot_be_logged(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(strict=False, json=True)
    log.get_logger().info("message_accepted", channel="sms", text="isi warga", phone="0812")
    printed = capsys.readouterr().err
    assert "message_accepted" in printed
    assert "isi warga" not in printed
    assert "0812" not in printed
    log.configure(strict=True, json=True)
    with pytest.raises(FieldNotAllowed, match="text"):
        log.get_logger().info("message_accepted", text="isi warga")


def out(value: bytes, number: int) -> Outgoing:
    return Outgoing("raw", 0, ids.digest(str(number)), value)


async def arrived(bus: MemoryBus, topic: str, count: int) -> None:
    """Wait until a topic holds so many records."""
    watcher = await bus.subscribe("watcher", [topic])
    while count > 0:
        batch = await watcher.take(count, 5.0)
        assert batch.records, "nothing came within five seconds"
        count -= len(batch.records)
        await watcher.commit(batch, ())


def test_a_stage_parks_the_bad_retries_the_busy_and_keeps_the_good() -> None:
    tries: list[bytes] = []

    def handle(record: Stored) -> Sequence[Outgoing]:
        tries.append(record.value)
        if record.value == b"bad":
            raise Unparseable("tidak terbaca")
        if record.value == b"bug":
            raise ZeroDivisionError
        if record.value == b"busy" and tries.count(b"busy") < 3:
            raise RetryLater(after=0.001)
        return (Outgoing("normalized", 1, record.event_id, b"ok:" + record.value),)

    def park(record: Stored, reason: str) -> Sequence[Outgoing]:
        return (Outgoing("dead_letter", 0, record.event_id, f"{reason}".encode()),)

    async def scenario() -> tuple[list[Stored], list[Stored]]:
        bus, stop = MemoryBus(), asyncio.Event()
        await bus.publish([out(v, n) for n, v in enumerate((b"a", b"bad", b"busy", b"bug", b"z"))])
        consumer = await bus.subscribe("g", ["raw"])
        running = asyncio.create_task(stage.run(consumer, handle, park, stop))
        await arrived(bus, "dead_letter", 2)
        stop.set()
        await running
        return await bus.read("normalized", {}, 10), await bus.read("dead_letter", {}, 10)

    good, parked = asyncio.run(scenario())
    assert [r.value for r in good] == [b"ok:a", b"ok:busy", b"ok:z"]
    assert [r.value for r in parked] == [b"tidak terbaca", b"galat tak terduga: ZeroDivisionError"]


def test_an_outcome_that_no_bus_takes_is_parked_and_the_next_record_goes_on() -> None:
    def handle(record: Stored) -> Sequence[Outgoing]:
        size = stage.MAX_OUTPUT_BYTES + (record.value == b"large")
        return (Outgoing("normalized", 0, record.event_id, bytes(size)),)

    def park(record: Stored, reason: str) -> Sequence[Outgoing]:
        return (Outgoing("dead_letter", 0, record.event_id, reason.encode()),)

    async def scenario() -> tuple[list[Stored], list[Stored]]:
        bus, stop = MemoryBus(), asyncio.Event()
        await bus.publish([out(b"large", 1), out(b"fits", 2)])
        consumer = await bus.subscribe("g", ["raw"])
        running = asyncio.create_task(stage.run(consumer, handle, park, stop))
        await arrived(bus, "normalized", 1)
        stop.set()
        await running
        return await bus.read("normalized", {}, 10), await bus.read("dead_letter", {}, 10)

    good, parked = asyncio.run(scenario())
    assert [len(r.value) for r in good] == [stage.MAX_OUTPUT_BYTES]
    assert [r.value for r in parked] == [b"hasil 4000001 byte melebihi batas 4000000 byte"]


def test_a_full_log_makes_a_stage_wait_and_go_on() -> None:
    async def scenario() -> int:
        bus, stop = MemoryBus(), asyncio.Event()
        await bus.publish([out(b"x", 1)])
        bus.full = True
        consumer = await bus.subscribe("g", ["raw"])

        def handle(record: Stored) -> Sequence[Outgoing]:
            # The log frees up while the stage is at work; its first commit still meets it full.
            asyncio.get_running_loop().call_later(0.15, setattr, bus, "full", False)
            return (Outgoing("normalized", 0, record.event_id, b"y"),)

        running = asyncio.create_task(stage.run(consumer, handle, lambda *_: (), stop))
        await arrived(bus, "normalized", 1)
        stop.set()
        await running
        return len(await bus.read("normalized", {}, 10))

    assert asyncio.run(scenario()) == 1
