"""The normalizer's work on one record, and the parking of what nobody can handle."""

from collections.abc import Mapping, Sequence

from core import stage, topics
from core.bus import Outgoing, Stored
from core.clock import Clock
from core.connector import Connector
from core.errors import Unparseable
from core.ids import complaint_id
from core.schema import DeadLetter, Origin, RawMessage
from gateway.wiring import Key
from normalizer import Envelope, Rules, normalize, stub


class Parking:
    """Turns a record that could not be handled into its dead letter."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._stage = name
        self._clock = clock

    def letter(
        self, record: Stored, reason: str, raw: RawMessage | None = None
    ) -> Sequence[Outgoing]:
        """Keep the original bytes and why; what is too large to be kept twice stays where it is."""
        kept = record.value
        if len(kept) > stage.MAX_OUTPUT_BYTES:
            kept = b""
            reason += f"; isi asli {len(record.value)} byte tetap di topik asalnya"
        named = {} if raw is None else {"tenant": raw.tenant, "channel": raw.channel}
        letter = DeadLetter(
            tenant=named.get("tenant", ""),
            channel=named.get("channel", ""),
            stage=self._stage,
            reason=reason,
            source=Origin(topic=record.topic, partition=record.partition, offset=record.offset),
            event_id_of=record.event_id,
            complaint_id="" if raw is None else future_id(raw),
            original=kept,
            parked_at=self._clock(),
        )
        part = record.partition % topics.DEAD_LETTER.partitions
        return (Outgoing(topics.DEAD_LETTER.name, part, letter.event_id, letter.to_bytes()),)


def future_id(raw: RawMessage) -> str:
    """Return the complaint id a raw message will have once it is understood."""
    return complaint_id(raw.tenant, raw.channel, raw.account, raw.external_id)


class Understanding:
    """The normalizer's work on one record: parse by its channel, understand by its office."""

    def __init__(
        self,
        connectors: Mapping[Key, Connector],
        rules: Mapping[str, Rules],
        key: bytes,
        clock: Clock,
    ) -> None:
        self._connectors = connectors
        self._rules = rules
        self._key = key
        self._parking = Parking("normalizer", clock)

    def handle(self, record: Stored) -> Sequence[Outgoing]:
        """Return the complaints of a raw message. Raises Unparseable."""
        raw = _raw(record)
        connector, rules = (
            self._connectors.get((raw.tenant, raw.channel)),
            self._rules.get(raw.tenant),
        )
        if connector is None or rules is None:
            raise Unparseable("kantor atau kanal ini tidak ada di pengaturan")
        envelope = _envelope(raw)
        messages = list(connector.parse(raw))
        if not messages:
            raise Unparseable("tidak ada pesan di dalamnya")
        complaints = [
            normalize(m, envelope, rules, self._key).model_copy(
                update={"raw_id": raw.event_id, "raw_first": not n}
            )
            for n, m in enumerate(messages)
        ]
        return [
            Outgoing(topics.NORMALIZED.name, topics.NORMALIZED.partition(c.tenant), c.event_id,
                     c.to_bytes())
            for c in complaints
        ]  # fmt: skip

    def park(self, record: Stored, reason: str) -> Sequence[Outgoing]:
        """Keep the record and let a stub stand for it, under its future complaint id."""
        try:
            raw = _raw(record)
        except Unparseable:
            return self._parking.letter(record, reason)
        letter = self._parking.letter(record, reason, raw)
        rules = self._rules.get(raw.tenant)
        if rules is None:
            return letter
        seen = stub(_envelope(raw), raw.external_id, raw.version, reason, rules.version)
        seen = seen.model_copy(update={"raw_id": raw.event_id})
        part = topics.NORMALIZED.partition(seen.tenant)
        return (*letter, Outgoing(topics.NORMALIZED.name, part, seen.event_id, seen.to_bytes()))


def _raw(record: Stored) -> RawMessage:
    try:
        return RawMessage.model_validate_json(record.value)
    except ValueError as error:
        raise Unparseable("catatan mentah rusak") from error


def _envelope(raw: RawMessage) -> Envelope:
    return Envelope(
        raw.tenant, raw.channel, raw.account, raw.received_at, raw.history, raw.simulated
    )
