"""Makes Meta's webhook calls as Meta does: one JSON body, signed on its raw bytes."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from core.clock import FrozenClock
from core.connector import Connector, Context, Delivery, Push, Request
from core.errors import Unparseable
from core.schema import Message, RawMessage
from core.signatures import hmac_sha256_hex

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
STAMP = 1795224000  # ten minutes before
SECRET = "rahasia-aplikasi-contoh"
PAGE = "100000000000001"


def context(inbox: Path = Path(), *, trial: bool = False) -> Context:
    return Context("kab-blitar", ZoneInfo("Asia/Jakarta"), inbox, b"", FrozenClock(NOW), trial)


def post(body: bytes, secret: str = SECRET) -> Request:
    signature = f"sha256={hmac_sha256_hex(secret.encode(), body)}"
    return Request("POST", "", "", {"x-hub-signature-256": signature}, body)


def get(query: str) -> Request:
    return Request("GET", "", query, {}, b"")


def batch(*entries: Any, product: str = "page") -> bytes:
    return json.dumps({"object": product, "entry": list(entries)}).encode()


def change(value: Any, field: str = "feed", time: Any = STAMP) -> dict[str, Any]:
    return {"id": PAGE, "time": time, "changes": [{"field": field, "value": value}]}


def message(value: dict[str, Any], time: Any = STAMP * 1000 + 500) -> dict[str, Any]:
    item = {"sender": {"id": 2}, "recipient": {"id": PAGE}, "timestamp": STAMP * 1000 + 123}
    return {"id": PAGE, "time": time, "messaging": [item | value]}


def deliver(channel: Push, *entries: Any, product: str = "page") -> Delivery:
    return channel.accept(post(batch(*entries, product=product)))


def fate(channel: Push, delivery: Delivery) -> list[str]:
    """Say of each event of a delivery whether it was ignored, parked, or what it says."""
    told = ["(diabaikan)"] * delivery.ignored
    return told + [words(channel, raw) for raw in delivery.messages]


def words(channel: Connector, raw: RawMessage) -> str:
    try:
        (found,) = channel.parse(raw)
    except Unparseable:
        return "(ditahan)"
    return found.text or f"({found.given.get('keadaan') or len(found.attachments)})"


def latest(channel: Connector, raws: Sequence[RawMessage]) -> Message:
    """Choose the version that stands, as the sink does: by its time, else the last come."""
    found = [message for raw in raws for message in channel.parse(raw)]
    ranked = [(m.edited_at or NOW, position, m) for position, m in enumerate(found)]
    return max(ranked, key=lambda rank: rank[:2])[2]
