"""A 112 inbox for tests: lay files in it, take a turn, look what is left."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors.call112 import Settings, build
from core.clock import FrozenClock
from core.connector import Context, Page, Pull
from core.schema import Message, RawMessage

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Jakarta")


def channel(inbox: Path, **settings: Any) -> Pull:
    context = Context("kab-blitar", ZONE, inbox, b"", FrozenClock(NOW))
    return build(Settings.model_validate(settings), context)


def drop(inbox: Path, name: str, data: bytes | str, age: float = 60) -> Path:
    path = inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return dated(path, age)


def dated(path: Path, age: float) -> Path:
    moment = NOW.timestamp() - age
    os.utime(path, (moment, moment), follow_symlinks=False)
    return path


def fetch(pull: Pull, *, finish: bool = True) -> list[Page]:
    async def turn() -> list[Page]:
        pages = []
        async for page in pull.fetch(None):
            pages.append(page)
            if finish:
                page.done()
        return pages

    return asyncio.run(turn())


def taken(pull: Pull) -> list[RawMessage]:
    return [raw for page in fetch(pull) for raw in page.messages]


def left(inbox: Path) -> list[str]:
    found = sorted(inbox.rglob("*"))
    return [str(p.relative_to(inbox)) for p in found if p.is_symlink() or not p.is_dir()]


def parsed(raw: RawMessage) -> Message:
    (message,) = channel(Path()).parse(raw)
    return message


def row(body: dict[str, Any] | bytes, content_type: str = "application/json") -> RawMessage:
    return RawMessage(
        tenant="kab-blitar",
        channel="call112",
        external_id="x",
        headers={"content-type": content_type},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        received_at=NOW,
    )
