"""What every channel of the registry keeps to, shown on the samples in its folder.

A sample is one of four: `raw` (a stored record, to be parsed), `request` (a signed call of a
webhook), `files` (what is dropped into a folder) or `import` (files an operator brings). What must
come of it stands beside it in `<case>.expected.json`, which `python tests/golden.py` rewrites.
"""

import asyncio
import base64
import json
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from connectors import CHANNELS
from core.clock import FrozenClock
from core.connector import (
    BadRow,
    ChannelSpec,
    Connector,
    Context,
    Importer,
    Page,
    Pull,
    Push,
    Request,
)
from core.errors import ConfigError, RejectedRequest, Unparseable
from core.schema import Message, RawMessage

FOLDER = Path(__file__).parents[2] / "connectors"
HEADINGS = ("Langkah", "Batas", "Harga", "Butuh alamat publik?", "Apa yang tidak mungkin")
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
    """Return the body of a sample; binary ones are written in base64."""
    if "body_base64" in given:
        return base64.b64decode(given["body_base64"])
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


CASES = [pytest.param(n, p, id=f"{n}-{p.stem}") for n in CHANNELS for p in samples_of(n)]
REQUESTS = [case for case in CASES if "request" in load(cast(Path, case.values[1]))]
DROPS = [case for case in CASES if "files" in load(cast(Path, case.values[1]))]
FACES = {"push": "accept", "pull": "fetch", "import": "read"}
SPECS = [pytest.param(name, spec, id=name) for name, spec in CHANNELS.items()]


def test_the_registry_is_the_list_of_folders() -> None:
    folders = {p.parent.name for p in FOLDER.glob("*/__init__.py")}
    assert set(CHANNELS) == folders


@pytest.mark.parametrize(("name", "spec"), SPECS)
def test_a_folder_holds_what_a_channel_needs(name: str, spec: ChannelSpec) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert spec.name == name
    assert spec.settings.__module__ == f"connectors.{name}"
    readme = (FOLDER / name / "README.md").read_text()
    assert [h for h in HEADINGS if f"\n## {h}\n" not in readme] == []
    assert re.search(r"^Tanggal diperiksa: \d{4}-\d{2}-\d{2}$", readme, re.MULTILINE)
    samples = samples_of(name)
    assert len(samples) >= 5
    assert "malformed" in {path.stem for path in samples}
    assert all(expected_of(path).exists() for path in samples)
    # A channel shows how it takes messages in: by a recorded request, dropped files or a test.
    kinds = {kind for path in samples for kind in load(path)}
    own_test = Path(__file__).parents[1] / "connectors" / f"test_{name}.py"
    assert {"request", "files", "import"} & kinds or (spec.mode == "pull" and own_test.exists())


@pytest.mark.parametrize(("name", "spec"), SPECS)
def test_settings_are_described_and_strict(name: str, spec: ChannelSpec) -> None:
    fields = spec.settings.model_fields
    assert [n for n, field in fields.items() if not field.description] == []
    plain = [n for n, field in fields.items() if "SecretStr" not in str(field.annotation)]
    assert [n for n in plain if re.search(r"(token|secret|password|key)(_previous)?$", n)] == []
    assert set(spec.required) | set(spec.trial) <= set(fields)
    assert set(spec.trial).isdisjoint(plain)
    with pytest.raises(ValidationError):
        spec.settings.model_validate({"salah_ketik": 1})


@pytest.mark.parametrize(("name", "spec"), SPECS)
def test_a_channel_without_secrets_is_built_and_still_reads(
    name: str, spec: ChannelSpec, tmp_path: Path
) -> None:
    channel = build(name, {}, tmp_path)
    assert hasattr(channel, FACES[spec.mode])
    assert spec.mode != "pull" or cast(Pull, channel).every > 0
    raw = raw_of(name, load(FOLDER / name / "samples" / "malformed.json"))
    with pytest.raises(Unparseable):
        list(channel.parse(raw))


@pytest.mark.parametrize(("name", "path"), CASES)
def test_a_sample_comes_out_as_expected_twice(name: str, path: Path, tmp_path: Path) -> None:
    expected = json.loads(expected_of(path).read_text())
    assert outcome(name, load(path), tmp_path / "1") == expected
    assert outcome(name, load(path), tmp_path / "2") == expected
    # An unknown kind of message is kept as a placeholder, never as nothing.
    assert expected != []


@pytest.mark.parametrize(("name", "path"), CASES)
def test_nothing_a_citizen_wrote_reaches_a_log(
    name: str,
    path: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.DEBUG):
        found = outcome(name, load(path), tmp_path)
    printed = capsys.readouterr()
    logged = caplog.text + printed.out + printed.err
    assert [word for word in private(found) if word in logged] == []


def private(found: Any) -> Iterator[str]:
    """Yield every text, name and address in an outcome."""
    if isinstance(found, dict):
        for name, value in found.items():
            if name in ("text", "name", "contact") and len(value) > 3:
                yield value
            yield from private(value)
    elif isinstance(found, list):
        for value in found:
            yield from private(value)


def forgeries(good: Request) -> list[Request]:
    """Return what a stranger could send instead of a signed request."""
    kept = {k: v for k, v in good.headers.items() if k == "content-type"}
    signed = {k: v for k, v in good.headers.items() if k not in kept}
    spoilt = {k: v[:-1] + ("0" if v[-1] != "0" else "1") for k, v in signed.items()}
    headers = (kept, kept | spoilt, kept | dict.fromkeys(signed, "\u00e9=,"))
    # Truncated, empty, and one byte more than a megabyte.
    bodies = (good.body[:-1], b"", good.body.ljust(1_048_577, b"x"))
    return [replace(good, headers=h) for h in headers] + [replace(good, body=b) for b in bodies]


@pytest.mark.parametrize(("name", "path"), REQUESTS)
def test_only_what_is_signed_is_accepted(name: str, path: Path, tmp_path: Path) -> None:
    sample = load(path)
    channel, good = cast(Push, build(name, sample, tmp_path)), request_of(sample)
    first, again = channel.accept(good), channel.accept(good)
    assert first.messages or first.ignored
    assert [m.event_id for m in first.messages] == [m.event_id for m in again.messages]
    for forgery in forgeries(good):
        with pytest.raises(RejectedRequest) as refused:
            channel.accept(forgery)
        assert 400 <= refused.value.status < 500


@pytest.mark.parametrize(("name", "path"), REQUESTS)
def test_without_a_secret_nothing_is_accepted(name: str, path: Path, tmp_path: Path) -> None:
    bare = load(path) | {"settings": {}, "internal_key": ""}
    with pytest.raises((RejectedRequest, ConfigError)):
        cast(Push, build(name, bare, tmp_path)).accept(request_of(bare))


@pytest.mark.parametrize(("name", "path"), DROPS)
def test_a_taken_file_is_not_taken_again(name: str, path: Path, tmp_path: Path) -> None:
    sample = load(path)
    drop(sample, tmp_path)
    # The first process dies before anything is put away; the next one takes it all once more.
    lost = fetch(build(name, sample, tmp_path), finish=False)
    channel = build(name, sample, tmp_path)
    pages = fetch(channel)
    ids = [[raw.event_id for page in turn for raw in page.messages] for turn in (lost, pages)]
    assert ids[0] == ids[1]
    assert fetch(channel, pages[-1].cursor) == []
