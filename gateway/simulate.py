"""`kanal simulate`: sends what simulated citizens tell, as real signed requests and real files."""

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from connectors import CHANNELS, sms
from core import keys
from core.clock import system_clock
from core.errors import ConfigError
from core.settings import Settings
from core.signatures import INTERNAL_HEADER, sign_internal
from gateway import wiring
from gateway.citizens import Citizens, Told

_AT_ONCE = 16
_TRIES = 6
_TO = "1708"


@dataclass(frozen=True, slots=True)
class Plan:
    """How many messages, whose, how many again, how fast (per second; 0 = as accepted)."""

    count: int
    seed: int
    duplicates: float
    rate: float


@dataclass(slots=True)
class Result:
    """What became of what was sent; a redelivery counts as sent and accepted again."""

    sent: int = 0
    accepted: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Shot:
    """A request as a provider would make it."""

    path: str
    headers: dict[str, str]
    body: bytes


def simulate(settings: Settings, plan: Plan, progress: Callable[[Result], None]) -> Result:
    """Send everything and return the counts. Raises ConfigError where real citizens could write."""
    tenant = next(iter(settings.tenants))
    forge = Forge(settings, tenant)
    places = _places(settings, tenant)
    told = Citizens(plan.seed, places, system_clock).tell(plan.count)
    return asyncio.run(Sender(settings, forge, plan, progress).send(told))


class Forge:
    """Makes the requests and files of each channel, signed with the trial secrets."""

    def __init__(self, settings: Settings, tenant: str) -> None:
        self._settings, self._tenant = settings, tenant
        if (tenant, "sms") not in settings.trial:
            raise ConfigError(
                "kanal simulate hanya untuk instalasi percobaan: kanal sms tidak memakai kunci "
                "percobaan. Jalankan `kanal up` pada folder data baru, mis. --data data-demo."
            )
        configured = wiring.channel_settings(settings, tenant, CHANNELS["sms"])
        assert isinstance(configured, sms.Settings)
        assert configured.auth_token is not None
        self._validator = RequestValidator(configured.auth_token.get_secret_value())
        self._key = keys.internal_key(settings.data_dir)

    def shot(self, told: Told) -> Shot:
        """Return the signed request of a message."""
        return self._sms(told) if told.way == "sms" else self._radio(told)

    def _sms(self, told: Told) -> Shot:
        sid = "SM" + told.id.replace("-", "")
        form = {
            "AccountSid": "AC" + "0" * 32, "ApiVersion": "2010-04-01", "Body": told.text,
            "From": told.phone, "MessageSid": sid, "NumMedia": "0", "NumSegments": "1",
            "SmsMessageSid": sid, "SmsSid": sid, "SmsStatus": "received", "To": _TO, "ToCity": "",
        }  # fmt: skip
        path = f"/hooks/{self._tenant}/sms"
        signature = self._validator.compute_signature(
            self._settings.intake.public_base + path, form
        )
        headers = {
            "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature,
        }  # fmt: skip
        return Shot(path, headers, urlencode(form).encode())

    def _radio(self, told: Told) -> Shot:
        path = f"/hooks/{self._tenant}/radio"
        form = {
            "form_id": told.id, "program": "Sambung Rasa", "waktu_siar": told.at.isoformat(),
            "penelepon": told.name, "telepon": told.phone, "isi": told.text, "lokasi": "",
            "anonim": False, "rahasia": False, "simulasi": True,
        }  # fmt: skip
        body = json.dumps(form, ensure_ascii=False).encode()
        signature = sign_internal(self._key, path, body, system_clock())
        return Shot(path, {"content-type": "application/json", INTERNAL_HEADER: signature}, body)

    def drop(self, told: Told) -> None:
        """Lay a transcript into the folder for exercises, whole or not at all."""
        folder = self._settings.data_dir / "inbox" / self._tenant / "call112" / "simulasi"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        call = {
            "call_id": f"SIM-{told.id}", "waktu": told.at.isoformat(), "nomor": told.phone,
            "nama": told.name, "transkrip": told.text,
        }  # fmt: skip
        _lay(folder / f"panggilan-{told.id}.json", json.dumps(call, ensure_ascii=False).encode())


class Sender:
    """Sends at a pace, a few at once, and tries again where a provider would."""

    def __init__(
        self, settings: Settings, forge: Forge, plan: Plan, progress: Callable[[Result], None]
    ) -> None:
        self._settings, self._forge, self._plan = settings, forge, plan
        self._progress = progress
        self._again = random.Random(plan.seed)
        self.result = Result()

    async def send(self, told: Iterable[Told]) -> Result:
        """Send every message, some of them twice."""
        gate = asyncio.Semaphore(_AT_ONCE)
        started = time.monotonic()
        async with (
            httpx.AsyncClient(base_url=self._settings.intake.address, trust_env=False) as client,
            asyncio.TaskGroup() as group,
        ):
            for number, one in enumerate(told):
                await self._keep_pace(started, number)
                await gate.acquire()
                task = group.create_task(self._one(client, one))
                task.add_done_callback(lambda _: gate.release())
        return self.result

    async def _keep_pace(self, started: float, number: int) -> None:
        if self._plan.rate:
            due = started + number / self._plan.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _one(self, client: httpx.AsyncClient, told: Told) -> None:
        times = 2 if self._again.random() < self._plan.duplicates else 1
        for _ in range(times):
            good = await self._deliver(client, told)
            self.result.sent += 1
            self.result.accepted += good
            self.result.refused += not good
        self._progress(self.result)

    async def _deliver(self, client: httpx.AsyncClient, told: Told) -> bool:
        if told.way == "call112":
            await asyncio.to_thread(self._forge.drop, told)
            return True
        for attempt in range(_TRIES):
            shot = self._forge.shot(told)
            try:
                answer = await client.post(shot.path, content=shot.body, headers=shot.headers)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code < 500:
                return answer.is_success
            await asyncio.sleep(min(0.2 * 2**attempt, 3.0))
        return False


def tell_progress(result: Result) -> None:
    """Show how far it is, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\rdikirim {result.sent}, diterima {result.accepted}", end="", file=sys.stderr)


def _places(settings: Settings, tenant: str) -> list[tuple[str, str]]:
    gazetteer = wiring.rules(settings)[tenant].gazetteer
    found = []
    for desa in gazetteer.desa:
        parent = gazetteer.parent(desa.kode)
        if parent is not None and gazetteer.at_home(desa):
            found.append((desa.nama, parent.nama))
    return sorted(found)


def _lay(path: Path, body: bytes) -> None:
    hidden = path.with_name(path.name + ".tmp")
    hidden.write_bytes(body)
    hidden.replace(path)
