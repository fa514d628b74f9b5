"""What `/metrics` shows: counts that are rows of the log, lags and ages, and how channels stand."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core import topics
from core.bus import Bus, Status
from core.state import ChannelState
from gateway import processes

_KEPT_SECONDS = 1.0


class Metrics:
    """The metrics of a bus; whoever scrapes faster than once a second gets the same answer.

    With `data` also those of the stages' processes under its supervisor.
    """

    def __init__(self, bus: Bus, data: Path | None = None) -> None:
        self._bus = bus
        self._data = data
        self._made = 0.0
        self._text = b""

    async def render(self) -> bytes:
        """Return the metrics in Prometheus' text format. Raises CannotStore."""
        if time.monotonic() - self._made > _KEPT_SECONDS:
            registry = CollectorRegistry()
            stages = processes.noted(self._data) if self._data else ()
            registry.register(await _seen(self._bus, stages))
            self._text, self._made = generate_latest(registry), time.monotonic()
        return self._text


async def bus_metrics(bus: Bus) -> Iterator[Metric]:
    """Return the metrics of a bus alone. Raises CannotStore."""
    return (await _seen(bus, ())).collect()


async def _seen(bus: Bus, stages: Sequence[processes.StageProcess]) -> "_Collector":
    stored = await bus.latest(topics.CURSORS.name)
    states = [ChannelState.model_validate_json(value) for value in stored.values()]
    return _Collector(await bus.status(), states, stages)


class _Collector(Collector):
    def __init__(
        self,
        status: Status,
        states: Sequence[ChannelState],
        stages: Sequence[processes.StageProcess],
    ) -> None:
        self._status = status
        self._states = states
        self._stages = stages

    def collect(self) -> Iterator[Metric]:
        yield from self._counts()
        yield from self._waiting()
        yield from self._channels()
        yield from processes.metrics(self._stages)

    def _counts(self) -> Iterator[Metric]:
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
        records = CounterMetricFamily("kanal_records", "Records stored.", labels=("topic",))
        for topic, n in sorted(self._status.records.items()):
            records.add_metric((topic,), n)
        yield from (messages, refused, records)

    def _waiting(self) -> Iterator[Metric]:
        names = ("group", "topic")
        lag = GaugeMetricFamily(
            "kanal_lag_records", "Records a stage has not handled.", labels=names
        )
        for key, n in sorted(self._status.lags.items()):
            lag.add_metric(key, n)
        age = GaugeMetricFamily(
            "kanal_oldest_waiting_seconds", "Age of the oldest of them.", labels=names
        )
        for key in sorted(self._status.lags):
            age.add_metric(key, self._status.oldest.get(key, 0.0))
        yield from (lag, age)

    def _channels(self) -> Iterator[Metric]:
        names = ("tenant", "channel")
        up = GaugeMetricFamily("kanal_channel_up", "1 = it works or waits.", labels=names)
        success = GaugeMetricFamily(
            "kanal_channel_last_success_timestamp_seconds", "When it last worked.", labels=names
        )
        for state in self._states:
            key = (state.tenant, state.channel)
            up.add_metric(key, state.state in ("terhubung", "percobaan"))
            if state.last_success:
                success.add_metric(key, state.last_success.timestamp())
        yield from (up, success)
