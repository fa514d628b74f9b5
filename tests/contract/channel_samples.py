"""The samples of the channels: what each is, and what the gateway would make of it.

A sample is one of four: `raw` (a stored record, to be parsed), `request` (a signed call of a
webhook), `files` (what is dropped into a folder) or `import` (files an operator brings). What must
come of it stands beside it in `<case>.expected.json`, which `python tests/golden.py` rewrites.
"""

import asyncio
import base64
import json
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from connectors import CHANNELS
from core.clock import FrozenClock
from core.connector import BadRow, Connector, Context, Importer, Page, Pull, Push, Request
from core.errors import Unparseable
from core.reading import dump
from core.schema import Message, RawMessage

FOLDER = Path(__file__).parents[2] / "connectors"
Sample = dict[str, Any]


def samples_of(name: str) -> list[Path]:
    """Return the inputs among a channel's samples."""
    found = sorted((FOLDER / name / "samples").glob("*.json"))
    return [path for path in found if not path.name.endswith(".expected.json")]


def expected_of(path: Path) -> Path:
    """Return where the expected outcome of a sample stands."""
    return path.with_name(path.stem + ".expected.json")


def load(path: Path) -> Sample:
    """Read a sample."""
    return cast(Sample, json.loads(path.read_text()))


def build(name: str, sample: Sample, inbox: Path) -> Connector:
    """Build the channel a sample speaks to, with the sample's own secrets and clock."""
    context = Context(
        tenant="kab-blitar",
        zone=ZoneInfo("Asia/Jakarta"),
        inbox=inbox,
        internal_key=sample.get("internal_key", "").encode(),
        clock=FrozenClock(datetime.fromisoformat(sample.get("at", "2026-11-21T01:30:00Z"))),
    )
    spec = CHANNELS[name]
    return spec.build(spec.settings.model_validate(sample.get("settings", {})), context)


def body_of(given: Sample) -> bytes:
    """Return the body of a sample: its text, what is binary in base64, or an object of JSON."""
    if "body_base64" in given:
        return base64.b64decode(given["body_base64"])
    if "body_json" in given:
        return dump(given["body_json"])
    return cast(str, given["body_text"]).encode()


def raw_of(name: str, sample: Sample) -> RawMessage:
    """Make the stored record of a sample."""
    fields = {"tenant": "kab-blitar", "channel": name} | sample["raw"]
    return RawMessage.model_validate(fields | {"body": body_of(sample["raw"])})


def request_of(sample: Sample) -> Request:
    """Make the request of a sample."""
    given = sample["request"]
    query = given["url"].partition("?")[2]
    return Request(given["method"], given["url"], query, given["headers"], body_of(given))


def bring(name: str, sample: Sample, folder: Path) -> list[RawMessage | BadRow]:
    """Read the files of a sample as `kanal import` would; binary ones are written in base64."""
    folder.mkdir(parents=True, exist_ok=True)
    channel = cast(Importer, build(name, sample, folder))
    found: list[RawMessage | BadRow] = []
    for file, content in sample["import"].items():
        path = folder / file
        path.write_bytes(content.encode() if isinstance(content, str) else body_of(content))
        found += channel.read(path)
    return found


def drop(sample: Sample, inbox: Path) -> None:
    """Lay the files of a sample into the folder, a second apart, long enough ago."""
    at = datetime.fromisoformat(sample["at"]).timestamp() - 60
    for second, (name, text) in enumerate(sample["files"].items()):
        path = inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        os.utime(path, (at + second, at + second))


def fetch(channel: Connector, cursor: str | None = None, *, finish: bool = True) -> list[Page]:
    """Take one turn of a pull channel as the runner would."""

    async def turn() -> list[Page]:
        pages = []
        async for page in cast(Pull, channel).fetch(cursor):
            pages.append(page)
            if finish:
                page.done()
        return pages

    return asyncio.run(turn())


def outcome(name: str, sample: Sample, inbox: Path) -> Any:
    """Do with a sample what the gateway would, and write down what came of it."""
    channel = build(name, sample, inbox)
    if "raw" in sample:
        return messages_of(channel, raw_of(name, sample))
    if "request" in sample:
        delivery = cast(Push, channel).accept(request_of(sample))
        return {
            "status": delivery.status,
            "content_type": delivery.content_type,
            "reply": delivery.reply.decode(),
            "ignored": delivery.ignored,
        } | stored(channel, delivery.messages)
    if "import" in sample:
        rows = bring(name, sample, inbox)
        bad = [f"{row.where}, {row.reason}" for row in rows if isinstance(row, BadRow)]
        return {"rejected": bad} | stored(channel, [r for r in rows if isinstance(r, RawMessage)])
    drop(sample, inbox)
    pages = fetch(channel)
    return {
        "cursor": pages[-1].cursor,
        "rejected": [sentence for page in pages for sentence in page.rejected],
        "left": sorted(str(p.relative_to(inbox)) for p in inbox.rglob("*") if p.is_file()),
    } | stored(channel, [raw for page in pages for raw in page.messages])


def messages_of(channel: Connector, raw: RawMessage) -> Any:
    """Parse a record into what the expectation holds."""
    try:
        parsed = list(channel.parse(raw))
    except Unparseable:
        return {"error": "Unparseable"}
    for message in parsed:
        assert Message.model_validate_json(message.to_bytes()) == message
    return [message.model_dump(mode="json", exclude_defaults=True) for message in parsed]


def stored(channel: Connector, raws: Any) -> Sample:
    """Write down the records that would be stored, and what is read in them."""
    skip = {"tenant", "channel", "body", "received_at"}
    return {
        "raws": [
            raw.model_dump(mode="json", exclude=skip, exclude_defaults=True)
            | {"event_id": raw.event_id}
            for raw in raws
        ],
        "messages": [messages_of(channel, raw) for raw in raws],
    }


def rewrite() -> Iterator[Path]:
    """Write every expectation anew; the diff is for a person to review."""
    for name in CHANNELS:
        for path in samples_of(name):
            with tempfile.TemporaryDirectory() as inbox:
                found = outcome(name, load(path), Path(inbox))
            text = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
            if not expected_of(path).exists() or expected_of(path).read_text() != text:
                expected_of(path).write_text(text)
                yield expected_of(path)
