"""A Bot API on loopback that keeps updates until they are confirmed, and the channel asking it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from connectors.telegram import Settings, build
from connectors.telegram.connector import Telegram
from core.clock import FrozenClock
from core.connector import Context, Page
from core.schema import RawMessage
from tests.connectors.fake_http import Answer, Asked, reply

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
SENT = 1795228200
TOKEN, SECRET = "1000000001:contoh_bukan_token", "kata-sandi"
WEBHOOK: dict[str, Any] = {"receive": "webhook", "secret_token": SECRET}
OK: dict[str, Any] = {"url": "https://aduan.contoh.go.id", "pending_update_count": 0}


def context(now: datetime = NOW) -> Context:
    return Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", FrozenClock(now))


def telegram(now: datetime = NOW, **settings: Any) -> Telegram:
    made = build(Settings.model_validate({"bot_token": TOKEN, "wait": 0} | settings), context(now))
    return cast(Telegram, made)


def update(number: int, text: str = "air mati", kind: str = "message", **more: Any) -> Any:
    writer = {"id": 5000000001, "is_bot": False, "first_name": "Sari"}
    message = {
        "message_id": number % 1000, "date": SENT, "from": writer, "text": text,
        "chat": {"id": 5000000001, "type": "private"},
    }  # fmt: skip
    return {"update_id": number, kind: message | more}


class BotApiServer:
    """A Bot API that keeps updates until they are confirmed, as Telegram does."""

    def __init__(self, *updates: Any, webhook: dict[str, Any] | None = None) -> None:
        self.updates = list(updates)
        self.webhook = webhook or {"url": ""}
        self.offsets: list[str] = []

    def __call__(self, asked: Asked) -> Answer:
        told = dict(parse_qsl(asked.body.decode()))
        method = asked.path.rpartition("/")[2]
        if method == "getMe":
            return ok({"id": 1000000001, "username": "aduan_bot"})
        if method == "getWebhookInfo":
            return ok(self.webhook)
        assert asked.path == f"/bot{TOKEN}/getUpdates"
        offset = told.get("offset", "")
        self.offsets.append(offset)
        if offset:
            self.updates = [u for u in self.updates if u["update_id"] >= int(offset)]
        return ok(self.updates[: int(told["limit"])])


def ok(result: Any) -> Answer:
    return reply({"ok": True, "result": result})


def turn(channel: Telegram, cursor: str | None = None, pages: int = 99) -> list[Page]:
    """Take a turn; with fewer pages than there are the process dies there."""

    async def walk() -> list[Page]:
        found: list[Page] = []
        fetched = channel.fetch(cursor)
        async for page in fetched:
            found.append(page)
            if len(found) == pages:
                break
        await cast(Any, fetched).aclose()
        return found

    return asyncio.run(walk())


def raws(pages: list[Page]) -> list[RawMessage]:
    return [raw for page in pages for raw in page.messages]
