"""The intake over real HTTP: what it takes, what it refuses with which code, what it counts."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from core import keys
from core.bus.embedded import EmbeddedBus
from core.clock import system_clock
from core.connector import Request
from core.schema import RawMessage
from core.signatures import INTERNAL_HEADER, sign_internal
from gateway import wiring
from gateway.intake import Intake
from gateway.metrics import Metrics
from gateway.web import Web
from tests.gateway.house import TENANT, settings, sms
from tests.gateway.serving import House, run


def test_a_message_signed_by_twilios_library_is_stored_once(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        url, headers, body = sms(house.base, "Jalan berlubang di Kanigoro", "SM1")
        for _ in range(3):
            answer = await house.client.post(url, headers=headers, content=body)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml")
            assert answer.text.endswith("<Response />")
        (raw,) = await house.raws()
        assert raw.body == body
        assert raw.simulated, "it verified with a trial secret"
        assert raw.delivery_id
        assert await house.counts() == {"received": 3, "stored": 1, "redelivered": 2}

    run(tmp_path, scenario)


def test_a_real_secret_makes_real_messages_signed_for_the_public_address(tmp_path: Path) -> None:
    async def main() -> None:
        given = settings(tmp_path, trial=False, public_url="https://aduan.contoh.go.id")
        channel = wiring.channels(given)[TENANT, "sms"]
        assert channel.state == "terhubung"
        _, headers, body = sms("https://aduan.contoh.go.id", "Lampu mati", "SM2")
        bus = EmbeddedBus(tmp_path / "bus" / "log.sqlite")
        intake = Intake(bus, {(TENANT, "sms"): channel}, b"", system_clock)
        web = Web(intake, given.intake, Metrics(bus).render)
        transport = httpx.ASGITransport(web.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.9") as client:
            answer = await client.post(f"/hooks/{TENANT}/sms", headers=headers, content=body)
        assert answer.status_code == 200
        (record,) = await bus.read("raw", {}, 9)
        assert not RawMessage.model_validate_json(record.value).simulated
        await bus.close()

    asyncio.run(main())


def test_what_is_not_proved_is_refused_and_counted(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        url, headers, body = sms(house.base, "Jalan", "SM1")
        unsigned = {"content-type": headers["content-type"]}
        other = sms(house.base, "Jalan", "SM1", token="another")[1]
        asked = [
            await house.client.post(url, headers=unsigned, content=body),
            await house.client.post(url, headers=other, content=body),
            await house.client.post(url, headers=headers, content=body + b"x"),
            await house.client.post(url, headers=headers, content=b""),
            await house.client.get(url),
            await house.client.post(url.replace("/sms", "/merpati"), content=b"x"),
            await house.client.post(url.replace(TENANT, "kab-lain"), content=b"x"),
            await house.client.post(url.replace("/sms", "/sp4n"), content=b"x"),
        ]
        assert [a.status_code for a in asked] == [403, 403, 403, 403, 405, 404, 404, 404]
        assert await house.raws() == []
        assert await house.counts() == {
            "refused:unsigned": 1, "refused:wrong_signature": 3, "refused:method": 1,
            "refused:unknown": 3,
        }  # fmt: skip

    run(tmp_path, scenario)


async def talk(house: House, sent: bytes, *, hang_up: bool = False) -> bytes:
    """Send bytes as they are and return everything that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.settings.intake.port)
    writer.write(sent)
    await writer.drain()
    if hang_up:
        writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


def head(**fields: object) -> bytes:
    lines = [f"POST /hooks/{TENANT}/sms HTTP/1.1", "Host: x"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.mark.parametrize(
    ("sent", "hang_up", "code", "reason"),
    [
        (head(content_length=1_048_577), False, b"413", "too_large"),
        (head(content_length=10**15), False, b"413", "too_large"),
        (head(content_length=100) + b"only this", False, b"408", "slow"),
        (head(content_length=100) + b"only this", True, b"400", "truncated"),
        (
            head(transfer_encoding="chunked") + b"100001\r\n" + b"x" * 0x100001 + b"\r\n",
            False, b"413", "too_large",
        ),
    ],
)  # fmt: skip
def test_a_body_that_is_too_large_slow_or_cut_is_refused(
    tmp_path: Path, sent: bytes, hang_up: bool, code: bytes, reason: str
) -> None:
    async def scenario(house: House) -> None:
        await house.client.get("/health")
        answer = await talk(house, sent, hang_up=hang_up)
        assert answer.split(b" ")[1] == code
        assert await house.counts() == {f"refused:{reason}": 1}
        assert await house.raws() == []
        url, headers, body = sms(house.base, "sesudahnya", "SM9")
        assert (await house.client.post(url, headers=headers, content=body)).status_code == 200

    run(tmp_path, scenario, body_seconds=0.5)


def test_heads_are_bounded_in_time_and_size(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        await house.client.get("/health")
        assert await talk(house, b"POST /hooks/x/y HTTP/1.1\r\nHost: x\r\n") == b""
        assert b" 431 " in await talk(house, head(x="a" * 20_000))
        many = {f"x_{n}": n for n in range(5000)}
        assert (await talk(house, head(**many))).split(b" ")[1] in (b"431", b"400")
        assert await house.raws() == []

    run(tmp_path, scenario, header_seconds=0.5)


def test_a_full_disk_is_503_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        acked, codes = set(), set()
        for number in range(400):
            url, headers, body = sms(house.base, "penuh " * 150, f"SM{number}")
            answer = await house.client.post(url, headers=headers, content=body)
            codes.add(answer.status_code)
            if answer.status_code == 200:
                acked.add(f"SM{number}")
            elif answer.status_code == 503:
                assert answer.headers["retry-after"]
                break
        assert codes == {200, 503}
        assert (await house.client.get("/ready")).status_code in (200, 503)
        assert (await house.client.get("/health")).status_code == 200
        assert {raw.external_id for raw in await house.raws()} == acked

    run(tmp_path, scenario, max_pages=120)


def test_an_unwritable_log_is_503_and_not_ready(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        await house.bus.close()
        url, headers, body = sms(house.base, "Jalan", "SM1")
        assert (await house.client.post(url, headers=headers, content=body)).status_code == 503
        assert (await house.client.get("/ready")).status_code == 503

    run(tmp_path, scenario)


def test_a_bug_in_a_channel_is_500_so_that_the_provider_comes_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario(house: House) -> None:
        url, headers, body = sms(house.base, "isi yang rahasia", "SM1")
        assert (await house.client.post(url, headers=headers, content=body)).status_code == 500
        assert (await house.client.get("/ready")).status_code == 200

    run(tmp_path, scenario, broken=True)
    logged = capsys.readouterr().err
    assert "ZeroDivisionError" in logged
    assert "isi yang rahasia" not in logged


DECISION = {
    "tenant": TENANT, "decision_id": "d1", "kind": "verify", "case_id": "c1", "actor": "lokal",
    "decided_at": "2026-11-25T02:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "note", "status", "topic"),
    [
        (f"/decisions/{TENANT}", DECISION, 200, "decisions"),
        (f"/decisions/{TENANT}", DECISION | {"tenant": "kab-lain"}, 400, ""),
        (f"/decisions/{TENANT}", DECISION | {"kind": "hapus"}, 400, ""),
        (f"/decisions/{TENANT}", [], 400, ""),
        ("/decisions/kab-lain", DECISION, 404, ""),
        (f"/audit/{TENANT}", {"audit_id": "a1", "action": "buka"}, 200, "audit"),
        (f"/audit/{TENANT}", {"action": "buka"}, 400, ""),
        (f"/audit/{TENANT}", {"audit_id": ""}, 400, ""),
        (f"/audit/{TENANT}", {"audit_id": None}, 400, ""),
        (f"/audit/{TENANT}", {"audit_id": 7}, 400, ""),
        # Further east than the calendar begins.
        (f"/decisions/{TENANT}", DECISION | {"decided_at": "0001-01-01T00:00:00+14:00"}, 400, ""),
    ],
)
def test_acts_and_audit_notes_are_stored_once_and_only_if_ours(
    tmp_path: Path, path: str, note: object, status: int, topic: str
) -> None:
    async def scenario(house: House) -> None:
        body = json.dumps(note).encode()
        key = keys.internal_key(house.settings.data_dir)
        signed = {INTERNAL_HEADER: sign_internal(key, path, body, system_clock())}
        if status != 404:
            assert (await house.client.post(path, content=body)).status_code == 403
        for _ in range(2):
            answer = await house.client.post(path, content=body, headers=signed)
            assert answer.status_code == status
        stored = [len(await house.bus.read(t, {}, 9)) for t in ("decisions", "audit")]
        assert stored == [topic == "decisions", topic == "audit"]

    run(tmp_path, scenario)


def test_the_metrics_tell_the_counts(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        url, headers, body = sms(house.base, "Jalan", "SM1")
        await house.client.post(url, headers=headers, content=body)
        await house.client.post(url, content=body)
        await house.intake.flush()
        consumer = await house.bus.subscribe("normalizer", ["raw"])
        assert (await consumer.take(10, 5)).records
        # A fresh house: some topics have no record at all.
        await house.bus.subscribe("dedup", ["normalized", "decisions"])
        text = (await house.client.get("/metrics")).text
        stored = f'kanal_messages_total{{channel="sms",outcome="stored",tenant="{TENANT}"}} 1.0'
        assert stored in text
        assert 'reason="unsigned"' in text
        assert 'kanal_lag_records{group="dedup",topic="decisions"} 0.0' in text

    run(tmp_path, scenario)


def test_two_processes_ids_do_not_meet(tmp_path: Path) -> None:
    """The same event through two intakes is one record, counted as a redelivery."""

    async def scenario(house: House) -> None:
        url, headers, body = sms(house.base, "Jalan", "SM1")
        other = Intake(house.bus, wiring.channels(house.settings), b"", system_clock)
        path = f"/hooks/{TENANT}/sms"
        request = Request("POST", house.base + path, "", headers, body)
        answers = await asyncio.gather(
            house.client.post(url, headers=headers, content=body),
            other.hook(TENANT, "sms", request),
        )
        assert answers[1].status == 200
        assert len(await house.raws()) == 1
        assert await house.counts() == {"received": 2, "stored": 1, "redelivered": 1}

    run(tmp_path, scenario)


def test_a_channel_that_is_switched_off_has_no_address(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        path = f"/hooks/{TENANT}/radio"
        body = json.dumps({"form_id": "6b616e61-6c00-4000-8000-000000000001", "isi": "x"}).encode()
        signature = sign_internal(keys.internal_key(tmp_path), path, body, system_clock())
        answer = await house.client.post(path, content=body, headers={INTERNAL_HEADER: signature})
        assert (answer.status_code, await house.raws()) == (404, [])

    run(tmp_path, scenario, off="radio")
