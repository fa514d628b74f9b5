"""The intake: proves a request, stores it durably, and only then answers."""

import asyncio
import itertools
import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core import topics
from core.bus import Bus, Outgoing, Tally
from core.clock import Clock
from core.connector import Delivery, Push, Request
from core.errors import CannotStore, RejectedRequest
from core.ids import digest
from core.log import get_logger
from core.schema import Decision, RawMessage
from core.signatures import INTERNAL_HEADER, verify_internal
from gateway.wiring import Channel, Key

_FLUSH_SECONDS = 1.0
_JSON = "application/json"
_PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the sender."""

    status: int
    body: bytes = b""
    content_type: str = _PLAIN


class _Note(BaseModel):
    """What every note of who opened what must have; the rest is the dashboard's."""

    model_config = ConfigDict(strict=True)
    audit_id: str = Field(min_length=1)


FAILED = Answer(500, b"galat di pihak kami; kirim lagi nanti")


class Intake:
    """Takes what is pushed: provider webhooks, our own forms, people's acts."""

    def __init__(
        self, bus: Bus, channels: Mapping[Key, Channel], internal_key: bytes, clock: Clock
    ) -> None:
        self._bus = bus
        self._channels = {
            key: channel
            for key, channel in channels.items()
            # What the office has switched off is no address; what lacks a secret refuses itself.
            if hasattr(channel.connector, "accept") and channel.state != "mati"
        }
        self._tenants = {tenant for tenant, _ in channels}
        self._key = internal_key
        self._clock = clock
        # delivery_id = node + position: a repeat of the same delivery is not counted again.
        self._node, self._position = secrets.token_hex(8), itertools.count(1)
        self._refused: Counter[tuple[str, str, str]] = Counter()

    async def hook(self, tenant: str, channel: str, request: Request) -> Answer:
        """Take a provider's request: durable first, then its 2xx."""
        found = self._channels.get((tenant, channel))
        if found is None:
            return self.refuse("", "", "unknown", 404, "kantor atau kanal tidak dikenal")
        try:
            delivery = cast(Push, found.connector).accept(request)
        except RejectedRequest as error:
            reason = error.reason if error.status == 403 else _REASONS.get(error.status, "refused")
            return self.refuse(tenant, channel, reason, error.status, error.reason)
        return await self._store(found, delivery)

    async def decide(self, tenant: str, request: Request) -> Answer:
        """Take a person's act, signed by our own dashboard."""
        if answer := self._not_ours(tenant, "decisions", request):
            return answer
        try:
            decision = Decision.model_validate_json(request.body)
        except ValidationError as error:
            return self.refuse("", "", "malformed", 400, _field_of(error))
        if decision.tenant != tenant:
            return self.refuse("", "", "malformed", 400, "tenant: tidak sesuai alamat")
        record = Outgoing(
            topics.DECISIONS.name, topics.DECISIONS.partition(tenant),
            decision.event_id, decision.to_bytes(),
        )  # fmt: skip
        return await self._keep(record, {"decision_id": decision.decision_id})

    async def audit(self, tenant: str, request: Request) -> Answer:
        """Take a note of who opened what; it is stored before the secret is shown."""
        if answer := self._not_ours(tenant, "audit", request):
            return answer
        try:
            audit_id = _Note.model_validate_json(request.body).audit_id
        except ValidationError:
            return self.refuse("", "", "malformed", 400, "audit_id: wajib diisi")
        record = Outgoing(
            topics.AUDIT.name, topics.AUDIT.partition(tenant),
            digest("audit", tenant, audit_id), request.body,
        )  # fmt: skip
        return await self._keep(record, {"audit_id": audit_id})

    def refuse(self, tenant: str, channel: str, reason: str, status: int, words: str) -> Answer:
        """Count a refusal by its reason; nothing is stored of the request."""
        self._refused[tenant, channel, f"refused:{reason}"] += 1
        return Answer(status, words.encode("utf-8", "replace"))

    def knows(self, tenant: str, channel: str) -> bool:
        """Say whether a refusal may be counted under these names."""
        return (tenant, channel) in self._channels

    async def ready(self) -> bool:
        """Say whether a message could be stored now, by storing a count of nothing."""
        try:
            await self._bus.publish((), (Tally("", "", "probe", 0),))
        except CannotStore:
            return False
        return True

    async def count_refusals(self, stop: asyncio.Event) -> None:
        """Write the refusals down once a second: a flood of forgeries must not fill the log."""
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), _FLUSH_SECONDS)
            except TimeoutError:
                await self.flush()
        await self.flush()

    async def flush(self) -> None:
        """Write what has been refused since the last time."""
        counted, self._refused = self._refused, Counter()
        if not counted:
            return
        try:
            await self._bus.publish((), [Tally(*key, n) for key, n in counted.items()])
        except CannotStore:
            self._refused.update(counted)

    async def _store(self, channel: Channel, delivery: Delivery) -> Answer:
        key = (channel.tenant, channel.spec.name)
        ignored = [Tally(*key, what, delivery.ignored) for what in ("received", "ignored")]
        try:
            await self._bus.publish(
                self._outgoing(delivery.messages), ignored if delivery.ignored else ()
            )
        except CannotStore:
            # 503, never 200: the provider keeps it and comes again.
            get_logger().error("message_refused", tenant=key[0], channel=key[1], status=503)
            return self.refuse(*key, "cannot_store", 503, "penyimpanan penuh; kirim lagi nanti")
        return Answer(delivery.status, delivery.reply, delivery.content_type)

    def _outgoing(self, raws: Sequence[RawMessage]) -> list[Outgoing]:
        return [raw_record(raw, f"{self._node}:{next(self._position)}") for raw in raws]

    async def _keep(self, record: Outgoing, answer: dict[str, str]) -> Answer:
        try:
            await self._bus.publish((record,))
        except CannotStore:
            return Answer(503, b"penyimpanan penuh; coba lagi")
        return Answer(200, json.dumps(answer).encode(), _JSON)

    def _not_ours(self, tenant: str, what: str, request: Request) -> Answer | None:
        if tenant not in self._tenants:
            return self.refuse("", "", "unknown", 404, "kantor tidak dikenal")
        try:
            verify_internal(
                [self._key], request.header(INTERNAL_HEADER), f"/{what}/{tenant}",
                request.body, self._clock(),
            )  # fmt: skip
        except RejectedRequest as error:
            return self.refuse("", "", error.reason, error.status, error.reason)
        return None


_REASONS = {400: "malformed", 405: "method"}


def raw_record(raw: RawMessage, delivery_id: str) -> Outgoing:
    """Make the record of one provider event; the bus counts it where it is decided."""
    raw = raw.model_copy(update={"delivery_id": delivery_id})
    return Outgoing(
        topics.RAW.name,
        raw.partition,
        raw.event_id,
        raw.to_bytes(),
        counted=(raw.tenant, raw.channel),
        delivery=delivery_id,
    )


def _field_of(error: ValidationError) -> str:
    slip = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(p) for p in slip['loc']) or 'JSON'}: {slip['type']}"
