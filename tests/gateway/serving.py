"""An intake served over real HTTP on a free port, for the length of a scenario."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from core import keys
from core.bus import Bus
from core.bus.embedded import EmbeddedBus
from core.bus.embedded_file import Host
from core.clock import system_clock
from core.connector import Delivery, Request
from core.schema import Message, RawMessage
from core.settings import Settings
from gateway import wiring
from gateway.intake import Intake
from gateway.metrics import Metrics
from gateway.web import Web, serve
from tests.gateway.house import TENANT, settings


@dataclass
class House:
    settings: Settings
    bus: Bus
    intake: Intake
    client: httpx.AsyncClient

    @property
    def base(self) -> str:
        return self.settings.intake.address

    async def raws(self) -> list[RawMessage]:
        found = await self.bus.read("raw", {}, 1000)
        return [RawMessage.model_validate_json(record.value) for record in found]

    async def counts(self) -> dict[str, int]:
        await self.intake.flush()
        status = await self.bus.status()
        return {what: n for (_, _, what), n in status.tallies.items() if what != "probe"}


@asynccontextmanager
async def opened(
    data: Path,
    *,
    max_pages: int | None = None,
    broken: bool = False,
    off: str = "",
    **intake: object,
) -> AsyncIterator[House]:
    given = settings(data, **intake)
    bus = EmbeddedBus(data / "bus" / "log.sqlite", host=Host(max_pages=max_pages))
    channels = wiring.channels(given)
    if broken:
        key = (TENANT, "sms")
        channels[key] = wiring.Channel(TENANT, channels[key].spec, _Broken(), "terhubung", "")
    if off:
        channels[TENANT, off] = replace(channels[TENANT, off], state="mati")
    taking = Intake(bus, channels, keys.internal_key(data), system_clock)
    stop = asyncio.Event()
    web = Web(taking, given.intake, Metrics(bus).render)
    serving = asyncio.create_task(serve(web, given.intake, stop))
    try:
        transport = httpx.AsyncHTTPTransport(retries=20)
        async with httpx.AsyncClient(transport=transport, base_url=given.intake.address) as client:
            yield House(given, bus, taking, client)
    finally:
        stop.set()
        await serving
        await bus.close()


class _Broken:
    """A connector with a bug."""

    def accept(self, request: Request) -> Delivery:
        raise ZeroDivisionError

    def parse(self, raw: RawMessage) -> list[Message]:
        return []


def run(data: Path, scenario: Callable[[House], Awaitable[None]], **given: object) -> None:
    async def main() -> None:
        async with asyncio.timeout(30), opened(data, **given) as house:  # type: ignore[arg-type]
            await scenario(house)

    asyncio.run(main())
