"""The bus: publish durably, take in batches, commit outputs and position together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from core.errors import ConfigError
from core.topics import TOPICS

Positions = dict[tuple[str, int], int]
"""(topic, partition) -> offset of the last record handled; -1 before the first."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to be published; `event_id` makes it once, `key` is set for compacted topics.

    With `counted` (tenant, channel) the bus tallies it as received and as stored or redelivered,
    in the transaction that decides which; a repeat of the same `delivery` is not counted again.
    """

    topic: str
    partition: int
    event_id: str
    value: bytes
    key: str = ""
    counted: tuple[str, str] | None = None
    delivery: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as the bus keeps it; offsets rise within a partition and may have gaps."""

    topic: str
    partition: int
    offset: int
    event_id: str
    value: bytes
    key: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """A count that is written in the same transaction as what it counts."""

    tenant: str
    channel: str
    what: str
    n: int = 1


@dataclass(frozen=True, slots=True)
class Published:
    """What became of each record of one publish: True = new, False = already known."""

    new: tuple[bool, ...]


@dataclass(slots=True)
class Batch:
    """Records taken together, and the positions that stand once they are handled."""

    records: list[Stored] = field(default_factory=list)
    before: Positions = field(default_factory=dict)
    after: Positions = field(default_factory=dict)


class Consumer(Protocol):
    """One group's reader of some topics; exactly one task uses it at a time."""

    async def take(self, max_batch: int, linger: float) -> Batch:
        """Wait up to `linger` seconds for records; an empty batch says there were none."""
        ...

    async def commit(
        self, batch: Batch, outputs: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        """Store outputs and position in one step. Raises Fenced if another process moved it."""
        ...

    async def close(self) -> None:
        """Let go of the group."""
        ...


class Bus(Protocol):
    """A durable log of topics. Every method may raise CannotStore or an engine's I/O error."""

    async def publish(
        self, records: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        """Append records whose event id is new; they are on disk when this returns."""
        ...

    async def subscribe(
        self, group: str, topics: Sequence[str], positions: Positions | None = None
    ) -> Consumer:
        """Join a group; `positions` (kept with the effect, as the sink does) win over the bus's."""
        ...

    async def read(self, topic: str, after: Positions, limit: int) -> list[Stored]:
        """Read a topic outside any group, partition by partition in order."""
        ...

    async def latest(self, topic: str) -> Mapping[str, bytes]:
        """Return the newest value of each key of a compacted topic."""
        ...

    async def status(self) -> "Status":
        """Return counts, heads and lags for the summary line and the metrics."""
        ...

    async def close(self) -> None:
        """Finish what is accepted and let go of the files."""
        ...


def check(records: Sequence[Outgoing]) -> None:
    """Raise ValueError for a record that no engine could store, before it meets its neighbours."""
    for record in records:
        topic = TOPICS.get(record.topic)
        if topic is None or not 0 <= record.partition < topic.partitions:
            raise ValueError(f"no partition {record.partition} of topic {record.topic}")


@dataclass(frozen=True, slots=True)
class Status:
    """Heads per topic, lag per (group, topic) and every tally."""

    heads: Mapping[str, int]
    lags: Mapping[tuple[str, str], int]
    tallies: Mapping[tuple[str, str, str], int]


def open_bus(engine: str, data: Path) -> Bus:
    """Open the configured engine over a data folder. Raises ConfigError or CannotStore."""
    if engine == "embedded":
        from core.bus.embedded import EmbeddedBus

        return EmbeddedBus(data / "bus" / "log.sqlite")
    raise ConfigError(f'bus = "{engine}" belum didukung rilis ini; pakai "embedded".')
