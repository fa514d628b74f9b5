"""`/metrics` of one daemon (`kanal run STAGE --metrics-port N`): its process, and the bus."""

import asyncio
import contextlib
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.errors import GatewayError
from core.settings import Settings
from gateway import wiring
from gateway.metrics import bus_metrics
from gateway.ports import try_port

_HOST = "127.0.0.1"


@contextlib.contextmanager
def served(settings: Settings, port: int | None) -> Iterator[None]:
    """Serve the metrics on loopback meanwhile; without a port, nothing. Raises ConfigError."""
    if port is None:
        yield
        return
    try_port("metrik", _HOST, port, "--metrics-port")
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Bus(settings))
    server, thread = start_http_server(port, _HOST, registry)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Bus(Collector):
    """Reads the bus anew at each scrape, in the server's thread: the stage's loop is not asked."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def describe(self) -> Iterator[Metric]:
        # Nothing is read when it is registered.
        return iter(())

    def collect(self) -> Iterator[Metric]:
        readable = GaugeMetricFamily("kanal_bus_readable", "1 = the bus could be read.")
        try:
            yield from asyncio.run(self._read())
            readable.add_metric((), 1)
        except GatewayError:
            readable.add_metric((), 0)
        yield readable

    async def _read(self) -> list[Metric]:
        bus = wiring.bus(self._settings)
        try:
            return list(await bus_metrics(bus))
        finally:
            await bus.close()
