"""The public's door: which offices hold it open, how often one may knock, and what goes in."""

import asyncio
import ipaddress
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request as HttpRequest

from connectors import CHANNELS
from connectors.web import Settings as WebSettings
from core.clock import Clock
from core.connector import Request
from core.settings import Settings, TenantSettings
from core.settings_notice import Notice
from core.signatures import INTERNAL_HEADER, sign_internal
from gateway import wiring
from gateway.bodies import Refused, promised, read_body
from gateway.intake import Intake
from gateway.rate import Buckets
from gateway.wiring import Channel, Key

WEB = "web"
# A photo over a village's network takes its time; so few at once that memory stays bounded. What
# is no longer than words waits for no photo, or a few slow senders would shut the door for all.
_SECONDS, _AT_ONCE = 60.0, 16
WORDS, _WORDS_SECONDS = 200_000, 15.0
_READS_PER_MINUTE, _READS_AT_ONCE = 120.0, 60


@dataclass(frozen=True, slots=True)
class Office:
    """An office whose door is open."""

    tenant: TenantSettings
    web: WebSettings
    notice: Notice
    demo: bool

    @property
    def name(self) -> str:
        """Its name in addresses."""
        return self.tenant.name


class Door:
    """What the public form and Open311 have in common."""

    def __init__(
        self,
        settings: Settings,
        intake: Intake,
        channels: Mapping[Key, Channel],
        internal_key: bytes,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.offices = {
            name: _office(settings, name)
            for name in settings.tenants
            if (channel := channels.get((name, WEB))) and channel.running
        }
        self.clock = clock
        self._base, self._intake, self._key = settings.intake.address, intake, internal_key
        self._writes, self._reads = Buckets(monotonic), Buckets(monotonic)
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    def knock(self, office: Office, request: HttpRequest) -> int:
        """Return 0 if this address may send now, else after how many seconds; count a refusal."""
        web = office.web
        who = f"{office.name} {address_of(request)}"
        after = self._writes.take(who, web.per_menit, web.sekaligus)
        if after:
            self.count(office, "throttled", 429)
        return after

    def look(self, request: HttpRequest) -> int:
        """Return 0 if this address may read now, else after how many seconds."""
        return self._reads.take(address_of(request), _READS_PER_MINUTE, _READS_AT_ONCE)

    def count(self, office: Office, reason: str, status: int) -> None:
        """Count what was turned away at the door."""
        self._intake.refuse(office.name, WEB, reason, status, "")

    async def body(self, request: HttpRequest, most: int) -> bytes:
        """Read a body within its bounds. Raises Refused."""
        words = most <= WORDS or 0 < promised(request, most) <= WORDS
        if words:
            return await read_body(request, most, _WORDS_SECONDS)
        return await read_body(request, most, _SECONDS, self._at_once)

    async def send(self, office: Office, form: Mapping[str, object]) -> str:
        """Store a form durably and return the complaint's id. Raises Refused."""
        path = f"/hooks/{office.name}/{WEB}"
        told = dict(form) | {"sumber": WEB, "simulasi": office.demo}
        body = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")
        signature = sign_internal(self._key, path, body, self.clock())
        headers = {INTERNAL_HEADER: signature, "content-type": "application/json"}
        answer = await self._intake.hook(
            office.name, WEB, Request("POST", self._base + path, "", headers, body)
        )
        if answer.status != 200:
            raise Refused("refused", answer.status, answer.body.decode("utf-8", "replace"))
        return str(json.loads(answer.body)["complaint_id"])


def address_of(request: HttpRequest) -> str:
    """Name who calls: behind a proxy of this machine, the last address it was told."""
    peer = request.client.host if request.client else ""
    told = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        if told and ipaddress.ip_address(peer).is_loopback:
            peer = told
        address = ipaddress.ip_address(peer)
    except ValueError:
        return "?"
    # One household has a whole network of IPv6.
    bits = 64 if address.version == 6 else 32
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


def _office(settings: Settings, name: str) -> Office:
    tenant = settings.tenants[name]
    web = cast(WebSettings, wiring.channel_settings(settings, name, CHANNELS[WEB]))
    return Office(tenant, web, tenant.privasi.of(tenant.office), settings.demo)
