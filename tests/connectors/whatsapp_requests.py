"""WhatsApp's requests as its providers would make them, and the channel they call."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from connectors.whatsapp import Settings, build
from core.clock import FrozenClock
from core.connector import Context, Delivery, Push, Request
from core.schema import Message
from core.signatures import hmac_sha256_hex

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
URL = "https://aduan.contoh.go.id/hooks/kab-blitar/whatsapp"
SECRET = "kunci-contoh"
ONE, TWO = "6281200000001", "6281200000002"


def whatsapp(*, trial: bool = False, **settings: Any) -> Push:
    context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", FrozenClock(NOW), trial)
    return build(Settings.model_validate({"app_secret": SECRET} | settings), context)


def signed(body: bytes, secret: str = SECRET) -> Request:
    signature = hmac_sha256_hex(secret.encode(), body)
    return Request("POST", URL, "", {"x-hub-signature-256": f"sha256={signature}"}, body)


def accept(payload: Any, channel: Push | None = None) -> Delivery:
    return (channel or whatsapp()).accept(signed(json.dumps(payload).encode()))


def payload(*messages: Any, **value: Any) -> dict[str, Any]:
    metadata = {"metadata": {"phone_number_id": "2001"}}
    change = {"field": "messages", "value": metadata | {"messages": list(messages)} | value}
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}


def said(name: str, text: str = "air mati", at: int = 1795228200, **more: Any) -> dict[str, Any]:
    body = {"id": name, "from": ONE, "timestamp": str(at), "type": "text", "text": {"body": text}}
    return body | more


def read(delivery: Delivery) -> list[Message]:
    return [message for raw in delivery.messages for message in whatsapp().parse(raw)]


def form(**fields: str) -> Request:
    told = {"MessageSid": "SM1", "From": f"whatsapp:+{ONE}", "Body": "air mati"} | fields
    signature = RequestValidator(SECRET).compute_signature(URL, told)
    return Request("POST", URL, "", {"x-twilio-signature": signature}, urlencode(told).encode())
