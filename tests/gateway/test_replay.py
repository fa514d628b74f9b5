"""`kanal replay` and `kanal learn`: shown first, applied on request, and taken back."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.sp4n.connector import Sp4n
from core import keys, topics
from core.bus import Outgoing
from core.bus.memory import MemoryBus
from core.clock import system_clock
from core.connector import BadRow
from core.errors import ConfigError
from core.schema import Complaint, Decision
from core.settings import Settings, load
from gateway import learning, wiring
from gateway.founding import found
from gateway.replay import Difference, Span, replay
from gateway.understanding import Understanding
from tests.connectors.sp4n_export import reports, write_csv

LONG_AGO = Span(datetime(2020, 1, 1, tzinfo=UTC))


@pytest.fixture
def office(tmp_path: Path) -> Settings:
    found("35.05", "kab-blitar", tmp_path / "config")
    return load(tmp_path / "config", tmp_path / "data")


async def take_in(settings: Settings, count: int) -> MemoryBus:
    """Store reports as an import does, and understand them by the rules as they are."""
    settings.data_dir.mkdir(exist_ok=True)
    bus = MemoryBus()
    channels = wiring.channels(settings)
    connector = channels["kab-blitar", "sp4n"].connector
    assert isinstance(connector, Sp4n)
    path = settings.data_dir / "ekspor.csv"
    write_csv(path, reports(count))
    for raw in connector.read(path):
        assert not isinstance(raw, BadRow)
        await bus.publish(
            [Outgoing(topics.RAW.name, raw.partition, raw.event_id, raw.model_dump_json().encode())]
        )
    understanding = Understanding(
        {key: channel.connector for key, channel in channels.items()},
        wiring.rules(settings),
        keys.installation_key(settings.data_dir),
        system_clock,
    )
    for record in await bus.read(topics.RAW.name, {}, count):
        await bus.publish(list(understanding.handle(record)))
    return bus


async def complaints(bus: MemoryBus) -> list[Complaint]:
    records = await bus.read(topics.NORMALIZED.name, {}, 1000)
    return [Complaint.model_validate_json(record.value) for record in records]


def lamps_are_waste(settings: Settings) -> None:
    """Change a rule: whoever says lampu means sampah."""
    path = settings.config_dir / "categories.toml"
    text = path.read_text()
    changed = re.sub(
        r'(kode = "sampah".*?kuat = \[)', r'\1"lampu ~ mati", "lampu jalan",', text, flags=re.S
    )
    changed = re.sub(r'(kode = "pju".*?kuat = )\[.*?\]', r"\1[]", changed, flags=re.S)
    changed = re.sub(r'(kode = "pju".*?sedang = )\[.*?\]', r"\1[]", changed, flags=re.S)
    path.write_text(changed)


def test_the_same_rules_change_nothing(office: Settings) -> None:
    async def work() -> Difference:
        return await replay(office, await take_in(office, 10), LONG_AGO, apply=True)

    difference = asyncio.run(work())
    assert (difference.read, difference.changed, difference.published) == (10, 0, 0)


def test_new_rules_are_shown_then_applied_then_quiet(office: Settings) -> None:
    async def work() -> tuple[Difference, int, Difference, list[Complaint], Difference]:
        bus = await take_in(office, 10)
        lamps_are_waste(office)
        shown = await replay(office, bus, LONG_AGO)
        untouched = len(await complaints(bus))
        applied = await replay(office, bus, LONG_AGO, apply=True)
        after = await complaints(bus)
        return shown, untouched, applied, after, await replay(office, bus, LONG_AGO)

    shown, untouched, applied, after, again = asyncio.run(work())
    assert shown.fields["kategori"] == {("pju", "sampah"): 2}
    told = "\n".join(shown.lines())
    assert "pju -> sampah: 2" in told
    assert "gang" not in told
    assert (untouched, applied.published, len(after)) == (10, 2, 12)
    assert [c.kategori for c in after].count("sampah") == 2 + 2
    assert again.changed == 0


def test_only_what_is_asked_for_is_read(office: Settings) -> None:
    async def work(span: Span) -> int:
        return (await replay(office, await take_in(office, 3), span)).read

    assert asyncio.run(work(Span(datetime(2020, 1, 1, tzinfo=UTC), channel="sms"))) == 0
    assert asyncio.run(work(Span(datetime(2100, 1, 1, tzinfo=UTC)))) == 0


async def corrected(settings: Settings, count: int) -> MemoryBus:
    """Take in reports, and let an operator call every lamp a matter of order."""
    bus = await take_in(settings, count)
    wrong = [c for c in await complaints(bus) if c.kategori == "pju"]
    for number, complaint in enumerate(wrong):
        decision = Decision(
            tenant="kab-blitar", decision_id=str(number), kind="correct",
            complaint_id=complaint.complaint_id, value={"kategori": "ketertiban_umum"},
            actor="operator", decided_at=datetime(2026, 11, 1, tzinfo=UTC),
        )  # fmt: skip
        await bus.publish(
            [Outgoing(topics.DECISIONS.name, 0, decision.event_id, decision.to_bytes())]
        )
    return bus


def test_corrections_teach_and_can_be_taken_back(office: Settings) -> None:
    folder = office.config_dir / "tenants" / "kab-blitar"
    plain = wiring.rules(office)["kab-blitar"].version

    async def work() -> learning.Learnt:
        return await learning.learn(office, await corrected(office, 60), "kab-blitar")

    learnt = asyncio.run(work())
    assert "lampu" in learnt.lessons["ketertiban_umum"]
    # half of the twelve are rahasia: nothing is learnt from those
    assert (learnt.report.corrections, learnt.report.others_changed) == (6, 0)
    first = learning.write(folder, learnt)
    taught = wiring.rules(office)["kab-blitar"].version
    second = learning.write(folder, learnt)
    assert (first.name, second.name) == ("0001.toml", "0002.toml")
    assert taught != plain
    assert learning.undo(folder) == "pelajaran 0001"
    assert learning.undo(folder) == "tanpa pelajaran"
    assert wiring.rules(office)["kab-blitar"].version == plain
    with pytest.raises(ConfigError, match="belum ada pelajaran"):
        learning.undo(folder)


def test_without_corrections_nothing_is_learnt(office: Settings) -> None:
    async def work() -> learning.Learnt:
        return await learning.learn(office, await take_in(office, 5), "kab-blitar")

    assert asyncio.run(work()).lessons == {}
