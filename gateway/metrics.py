"""What `/metrics` shows: counts that are rows of the log, lags, and the heads of the topics."""

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from core.bus import Bus, Status


async def render(bus: Bus) -> bytes:
    """Return the metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Collector(await bus.status()))
    return generate_latest(registry)


class _Collector(Collector):
    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> list[CounterMetricFamily | GaugeMetricFamily]:
        messages = CounterMetricFamily(
            "kanal_messages", "Raw messages by outcome.", labels=("tenant", "channel", "outcome")
        )
        refused = CounterMetricFamily(
            "kanal_requests_refused", "Requests refused.", labels=("tenant", "channel", "reason")
        )
        for (tenant, channel, what), n in sorted(self._status.tallies.items()):
            if what.startswith("refused:"):
                refused.add_metric((tenant, channel, what.removeprefix("refused:")), n)
            elif what != "probe":
                messages.add_metric((tenant, channel, what), n)
        lag = GaugeMetricFamily(
            "kanal_lag_records", "Records a stage has not handled.", labels=("group", "topic")
        )
        for (group, topic), n in sorted(self._status.lags.items()):
            lag.add_metric((group, topic), n)
        return [messages, refused, lag]
