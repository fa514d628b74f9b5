"""The e-mail channel under test: a mailbox's mails, and turns as the runner takes them."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from connectors.email import Settings, build
from core.clock import FrozenClock
from core.connector import Context, Page, Pull
from core.schema import Message, RawMessage
from tests.connectors.dovecot import PASSWORD

NOW = datetime.now(UTC).replace(microsecond=0)


def channel(port: int, user: str = "x", **settings: Any) -> Pull:
    context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", FrozenClock(NOW))
    given = {
        "host": "127.0.0.1", "port": port, "security": "none", "username": user,
        "password": PASSWORD, "timeout": 10,
    }  # fmt: skip
    return build(Settings.model_validate(given | settings), context)


def turn(pull: Pull, cursor: str | None = None, most: int = 1_000) -> list[Page]:
    """Take one turn as the runner would, or die after so many pages."""

    async def fetch() -> list[Page]:
        taken: list[Page] = []
        pages = cast(Any, pull.fetch(cursor))
        async for page in pages:
            taken.append(page)
            if len(taken) == most:
                break
        await pages.aclose()
        return taken

    return asyncio.run(fetch())


def taken(pages: list[Page]) -> list[RawMessage]:
    return [raw for page in pages for raw in page.messages]


def mail(number: int, text: str = "Air PDAM mati", **headers: str) -> bytes:
    told = {
        "From": "Warga Contoh <warga@contoh.id>",
        "Date": NOW.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "Message-ID": f"<{number}@contoh.id>",
        "Subject": f"Laporan {number}",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items() if value)
    return (head + "\r\n" + text + "\r\n").encode()


def read(raw: RawMessage) -> Message:
    (found,) = channel(0).parse(raw)
    assert Message.model_validate_json(found.to_bytes()) == found
    return found
