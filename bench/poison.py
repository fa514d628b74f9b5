"""Inputs meant to break something: parked or refused one by one, their neighbours stored."""

import asyncio
import contextlib
import gzip
import json
import random
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx

from bench.figures import Figures, Terms
from bench.load import ACCOUNT, Load, form_of, sid_of, sign
from bench.watch import audit
from core import keys
from core.bus.embedded import EmbeddedBus
from core.clock import system_clock
from core.signatures import INTERNAL_HEADER, sign_internal
from tests.acceptance.running import Running
from tests.contract.bus_engines import event
from tests.gateway.house import TENANT

_FORM = "application/x-www-form-urlencoded"
_MB = 1024 * 1024
# The intake answers 413 and hangs up while we still write: the answer may not reach us.
_CUT = 599
_TIMES = ("2026-13-45T99:99", "kemarin", "0001-01-01", "9999-12-31T23:59:59Z", "\u0661\u0662", "")
# Texts that are strange and still somebody's complaint: stored, not parked.
_STRANGE = (
    "\U0001f621 jalan \U0001f468\u200d\U0001f469\u200d\U0001f467", "\u202ejalan\u202c rusak",
    "jalan\x00rusak", "a\u0300\u0301\u0302" * 200, "\ud7ff\ue000\ufffe jalan",
    "'; DROP TABLE complaints; --", "=cmd|' /C calc'!A0", "<script>alert(1)</script> jalan",
    "%s%n{0}${x}", " \t\r\n ", "\u200b" * 500, "x" * 200_000, "jalan rusak " * 20_000,
)  # fmt: skip


@dataclass
class _Told:
    """What the intake answered to the poison, and how much of it was to be parked."""

    answers: list[int] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    parked: int = 0
    odd: list[str] = field(default_factory=list)


def poison(terms: Terms) -> Figures:
    """Row 11: every good neighbour arrives, every unreadable one is parked, nothing stops."""
    found, told = Figures(), _Told()
    seeded = random.Random(terms.seed)
    house = Running(terms.folder / "rumah")
    house.start()
    try:
        house.ready()
        load = Load(house.base, connections=8)
        rounds = terms.pick(1, 40)
        for n in range(rounds):
            asyncio.run(_round(house, load, n, told, seeded))
        found.sent = load.sent + len(told.answers)
        audit(house, [*load.accepted, *told.stored], found)
        _check(house, told, found)
    finally:
        house.stop()
    return found


async def _round(
    house: Running, load: Load, number: int, told: _Told, seeded: random.Random
) -> None:
    """Send the corpus in an order of its own, with good messages between."""
    key = keys.internal_key(house.data)
    shots = [*_forms(house.base, number, told), *_radio(key, seeded)]
    seeded.shuffle(shots)
    good = asyncio.create_task(load.send_all(iter(range(number * 50, number * 50 + 50))))
    async with httpx.AsyncClient(base_url=house.base, trust_env=False, timeout=30) as client:
        for path, headers, body, wanted in shots:
            try:
                status = (await client.post(path, headers=headers, content=body)).status_code
            except httpx.TransportError:
                status = _CUT
            told.answers.append(status)
            if status not in wanted:
                told.odd.append(f"{path.rsplit('/', 1)[-1]} {status} ({len(body)} bytes)")
    await good


_Shot = tuple[str, dict[str, str], bytes, tuple[int, ...]]


def _forms(base: str, number: int, told: _Told) -> list[_Shot]:
    """Signed SMS: strange texts, no SMS at all, too long, compressed, no text at all."""
    shots = []
    for n, text in enumerate(_STRANGE):
        sid = sid_of(number * 100 + n, "P")
        shots.append(_signed(base, form_of(n, sid) | {"Body": text}))
        told.stored.append(sid)
    for n in range(4):
        shots.append(_signed(base, {"AccountSid": ACCOUNT, "Aneh": f"{number}-{n}"}))
        told.parked += 1
    headers = {"content-type": _FORM, "x-twilio-signature": "x"}
    path = f"/hooks/{TENANT}/sms"
    bomb = gzip.compress(bytes(50 * _MB))
    return [
        *shots,
        (path, headers, b"Body=" + b"x" * (10 * _MB), (413, _CUT)),
        (path, headers | {"content-encoding": "gzip"}, bomb, (403, 413, 415)),
        (path, headers, b"\xff\xfe\x00" * 100, (400, 403)),
        (path, headers, b"&" * 100_000, (400, 403)),
    ]


def _signed(base: str, form: dict[str, str]) -> _Shot:
    headers = {"content-type": _FORM, "x-twilio-signature": sign(base, form)}
    return f"/hooks/{TENANT}/sms", headers, urlencode(form).encode(), (200,)


def _radio(key: bytes, seeded: random.Random) -> list[_Shot]:
    """Forms of our own that are wrong: refused with the field, nothing is stored."""
    good = {"form_id": str(uuid.UUID(int=seeded.getrandbits(128), version=4)), "isi": "jalan"}
    bodies = [
        b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b"null", b"[]", b"NaN", b"{}", b"",
        json.dumps(good | {"form_id": "1"}).encode(), json.dumps(good | {"isi": 7}).encode(),
        json.dumps(good | {"isi": "x" * 20_000}).encode(),
        *(json.dumps(good | {"waktu_siar": at}).encode() for at in _TIMES[:3]),
    ]  # fmt: skip
    path = f"/hooks/{TENANT}/radio"
    return [
        (path, {INTERNAL_HEADER: sign_internal(key, path, body, system_clock())}, body, (400,))
        for body in bodies
    ]


def _check(house: Running, told: _Told, found: Figures) -> None:
    found.check(not told.odd, f"answered otherwise than it should: {', '.join(told.odd[:5])}")
    house.wait_for("SELECT count(*) FROM parked", told.parked, 30)
    found.parked = told.parked
    found.more["refused"] = sum(status >= 400 for status in told.answers)
    restarted = sum("stage_restarted" in line for line in house.lines)
    found.check(not restarted, f"{restarted} stages were restarted")
    bugs = sum("record_parked" in line or "request_failed" in line for line in house.lines)
    found.check(not bugs, f"{bugs} records were parked by a bug")


def decoded_outside_the_guard(terms: Terms) -> Figures:
    """Row 11a, a control: a stage that decodes before its guard never gets past the poison."""
    return asyncio.run(_decoded_outside(terms))


async def _decoded_outside(terms: Terms) -> Figures:
    bus = EmbeddedBus(terms.folder / "log.sqlite")
    good = [event(n) for n in range(20)]
    await bus.publish([*good[:10], event(100, value=b"\xff\xfe"), *good[10:]])
    for _ in range(3):
        # As its supervisor would, once more from where it stands.
        consumer = await bus.subscribe("control", ["raw"], member="one")
        with contextlib.suppress(UnicodeDecodeError):
            batch = await consumer.take(100, 0.1)
            for record in batch.records:
                record.value.decode()
            await consumer.commit(batch, ())
    waiting = (await bus.status()).lags["control", "raw"]
    await bus.close()
    return Figures(sent=len(good), lost=waiting - 1)
