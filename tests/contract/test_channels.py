"""What every channel of the registry keeps to, shown on the samples in its folder."""

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import ValidationError

from connectors import CHANNELS
from core.connector import ChannelSpec, Pull, Push, Request
from core.errors import ConfigError, RejectedRequest, Unparseable
from gateway import scaffold
from tests.contract.channel_samples import (
    FOLDER,
    build,
    drop,
    expected_of,
    fetch,
    load,
    outcome,
    raw_of,
    request_of,
    samples_of,
)

HEADINGS = ("Langkah", "Batas", "Harga", "Butuh alamat publik?", "Apa yang tidak mungkin")
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


@pytest.mark.parametrize("name", CHANNELS)
def test_nothing_of_the_scaffold_is_left_to_fill_in(name: str) -> None:
    files = [path for path in (FOLDER / name).rglob("*") if path.suffix in (".py", ".md", ".json")]
    assert files
    assert [path.name for path in files if scaffold.MARK in path.read_text("utf-8")] == []


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
