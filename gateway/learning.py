"""`kanal learn`: words from operators' corrections, in numbered files that can be taken back."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core import topics
from core.bus import Bus, walk
from core.errors import ConfigError
from core.schema import Complaint, Decision
from core.settings import Settings
from gateway import wiring
from normalizer import lessons
from normalizer.lessons import Example, Lessons, Report

CURRENT = "pelajaran.toml"
_KEPT = "pelajaran"
_NUMBERED = re.compile(r"(\d{4})\.toml")


@dataclass(frozen=True, slots=True)
class Learnt:
    """What the corrections teach, and what it would do."""

    lessons: Lessons
    report: Report


async def learn(settings: Settings, bus: Bus, tenant: str) -> Learnt:
    """Read an office's corrections and its complaints, and learn from them; nothing is written."""
    examples = await _examples(bus, tenant)
    rules = wiring.rules(settings)[tenant]
    return Learnt(lessons.learn(examples, rules), lessons.test(examples, rules))


async def _examples(bus: Bus, tenant: str) -> list[Example]:
    """Return the complaints of an office, each with the kategori an operator or the rules gave."""
    right = {}
    async for record in walk(bus, topics.DECISIONS.name):
        decision = Decision.model_validate_json(record.value)
        told = decision.value.get("kategori")
        if decision.tenant == tenant and decision.kind == "correct" and isinstance(told, str):
            right[decision.complaint_id] = told
    found: dict[str, Example] = {}
    async for record in walk(bus, topics.NORMALIZED.name):
        complaint = Complaint.model_validate_json(record.value)
        if complaint.tenant != tenant or complaint.stub or complaint.rahasia:
            continue
        kode = right.get(complaint.complaint_id)
        found[complaint.complaint_id] = Example(
            complaint.title_masked, complaint.text_masked, kode or complaint.kategori, bool(kode)
        )
    return list(found.values())


def write(folder: Path, learnt: Learnt) -> Path:
    """Keep the lessons under the next number and make them current; return the numbered file."""
    kept = folder / _KEPT
    kept.mkdir(exist_ok=True)
    number = max(_numbers(kept), default=0) + 1
    path = kept / f"{number:04}.toml"
    path.write_text("\n".join(_toml(number, learnt)) + "\n", encoding="utf-8")
    _make_current(folder, path)
    return path


def undo(folder: Path) -> str:
    """Go back to the lessons before the current ones. Raises ConfigError if there are none."""
    kept = folder / _KEPT
    now = _current(folder)
    if now is None:
        raise ConfigError(f"{folder / CURRENT}: belum ada pelajaran yang berlaku")
    earlier = [number for number in _numbers(kept) if number < now]
    if not earlier:
        (folder / CURRENT).unlink()
        return "tanpa pelajaran"
    _make_current(folder, kept / f"{max(earlier):04}.toml")
    return f"pelajaran {max(earlier):04}"


def _make_current(folder: Path, path: Path) -> None:
    fresh = folder / f".{CURRENT}.baru"
    fresh.write_bytes(path.read_bytes())
    fresh.replace(folder / CURRENT)


def _current(folder: Path) -> int | None:
    try:
        found = re.search(r"^versi = (\d+)$", (folder / CURRENT).read_text(), re.M)
    except FileNotFoundError:
        return None
    return int(found[1]) if found else None


def _numbers(kept: Path) -> list[int]:
    names = [_NUMBERED.fullmatch(path.name) for path in kept.iterdir()] if kept.exists() else []
    return sorted(int(found[1]) for found in names if found)


def _toml(number: int, learnt: Learnt) -> Iterator[str]:
    yield "# Ditulis kanal learn dari koreksi operator; kanal learn --undo mengembalikannya."
    for line in learnt.report.lines():
        yield f"# {line}"
    yield f"versi = {number}"
    for kode, words in learnt.lessons.items():
        yield from ("", "[[kategori]]", f'kode = "{kode}"', f"sedang = {_list(words)}")


def _list(words: Sequence[str]) -> str:
    return json.dumps(list(words), ensure_ascii=False)
