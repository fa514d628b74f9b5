"""An office whose public door is open, over real HTTP and over nothing but ASGI."""

import asyncio
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from core import keys
from core.bus import Bus
from core.bus.embedded import EmbeddedBus
from core.bus.embedded_file import Host
from core.clock import Clock, FrozenClock, system_clock
from core.schema import Message, RawMessage
from core.settings import Settings, load
from gateway import wiring
from gateway.front import Front
from gateway.intake import Intake
from gateway.metrics import Metrics
from gateway.web import Web, serve
from tests.gateway.house import CONFIG, TENANT, free_port

OPEN = {"enabled": True, "dasar_hukum": "Perbup contoh 1/2026"}
FORM = f"/lapor/{TENANT}"
NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)


@dataclass
class Street:
    """What a test has of the outside: a client, what was stored, what was counted."""

    settings: Settings
    bus: Bus
    intake: Intake
    client: httpx.AsyncClient
    clock: FrozenClock

    async def raws(self) -> list[RawMessage]:
        found = await self.bus.read("raw", {}, 1000)
        return [RawMessage.model_validate_json(record.value) for record in found]

    async def messages(self) -> list[Message]:
        connector = wiring.channels(self.settings)[TENANT, "web"].connector
        return [message for raw in await self.raws() for message in connector.parse(raw)]

    async def counts(self) -> dict[str, int]:
        await self.intake.flush()
        status = await self.bus.status()
        return {what: n for (_, channel, what), n in status.tallies.items() if channel == "web"}

    async def nonce(self) -> str:
        page = await self.client.get(FORM)
        found = re.search(r'name="nonce" value="([^"]+)"', page.text)
        assert found
        return found[1]


def settings(data: Path, web: dict[str, Any] | None = None, **more: object) -> Settings:
    """Return the shipped settings with the web channel as given."""
    data.mkdir(parents=True, exist_ok=True)
    ports = {"intake": {"port": free_port()}, "dashboard": {"port": free_port()}}
    channels = {"channels": {"web": OPEN if web is None else web}}
    overrides = ports | {"tenants": {TENANT: channels}} | more
    return load(CONFIG, data, environ={}, overrides=overrides)


def run(
    data: Path,
    scenario: Callable[[Street], Awaitable[None]],
    web: dict[str, Any] | None = None,
    **more: Any,
) -> None:
    """Run a scenario against the ASGI application."""

    async def main() -> None:
        async with asyncio.timeout(60), opened(data, web, **more) as street:
            await scenario(street)

    asyncio.run(main())


@asynccontextmanager
async def opened(
    data: Path,
    web: dict[str, Any] | None = None,
    *,
    served: bool = False,
    max_pages: int | None = None,
    **more: object,
) -> AsyncIterator[Street]:
    """Open an office; `served` over a real port, else over ASGI alone and at a frozen time."""
    given, clock = settings(data, web, **more), FrozenClock(NOW)
    bus = EmbeddedBus(data / "bus" / "log.sqlite", host=Host(max_pages=max_pages))
    now: Clock = system_clock if served else clock
    channels = wiring.channels(given, now)
    intake = Intake(bus, channels, keys.internal_key(data), now)
    front = Front(given, intake, channels, now)
    door = Web(intake, given.intake, Metrics(bus).render, front.routes)
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(door, given.intake, stop)) if served else None
    transport = httpx.AsyncHTTPTransport(retries=20) if served else httpx.ASGITransport(door.app())
    try:
        async with httpx.AsyncClient(transport=transport, base_url=given.intake.address) as client:
            yield Street(given, bus, intake, client, clock)
    finally:
        stop.set()
        if serving:
            await serving
        front.close()
        await bus.close()


def picture(side: int = 2000, kind: str = "JPEG") -> bytes:
    """Return a photo with a place and a phone's name hidden in it."""
    written = io.BytesIO()
    image = Image.new("RGB", (side, side // 2), (90, 120, 60))
    exif = image.getexif()
    exif[0x010F] = "HP CONTOH"
    exif[0x0112] = 6
    image.save(written, kind, exif=exif)
    return written.getvalue()


def later(**by: float) -> datetime:
    """Return a moment after the frozen one."""
    return NOW + timedelta(**by)
