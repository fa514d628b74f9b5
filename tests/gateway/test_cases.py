"""`kanal decide` stores what a file of acts says, once; `kanal cases explain` says why."""

import asyncio
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from core import topics
from core.bus import Batch, Stored
from core.clock import FrozenClock
from core.errors import ConfigError
from core.ids import case_id
from core.schema import Complaint, Decision
from gateway import wiring
from gateway.cases import decided, explained
from gateway.cli import _add_groups, app
from sink import Sink
from tests.dedup import makers
from tests.gateway.house import TENANT, settings

HOLE = "Jalan berlubang di depan balai desa Minggirsari banyak pengendara jatuh"
AT = makers.START.replace(year=2027)
RUNNER = CliRunner()


def publish(data: Path, *records: Complaint | Decision) -> None:
    """Let dedup enter records and the sink publish what it wrote."""
    made, offset, written = makers.sequencer(), 0, []
    for offset, record in enumerate(records):
        for out in made.enter(makers.stored(record, offset)):
            written.append(Stored(out.topic, out.partition, offset, out.event_id, out.value))
    sink = Sink(data, {TENANT: ZoneInfo("Asia/Jakarta")}, {TENANT: b"analysts"}, FrozenClock(AT))
    sink.handle(Batch(written, {}, {("deduplicated", makers.PART): offset}))
    sink.maybe_publish(AT)
    sink.close()


def why(data: Path, *records: Complaint | Decision) -> list[str]:
    publish(data, *records)
    known = [r.complaint_id for r in records if isinstance(r, Complaint)]
    return list(explained(settings(data), TENANT, "blt-000001-3", known[-1]))


ONE, TWO = makers.told(1, HOLE), makers.told(2, HOLE)
SPLIT = makers.act(1, "split", complaint_id=TWO.complaint_id)


def test_why_two_are_together(tmp_path: Path) -> None:
    lines = why(tmp_path, ONE, TWO)
    assert lines[0].startswith("BLT-000001-3 (sms, kasus ")
    assert 'joined: kata sama "jalan berlubang"; Desa Minggirsari' in lines[1]
    assert lines[2] == "keduanya satu kasus"
    assert "digabung sendiri; aturan dedup" in lines[3]
    assert any("+" in line and "desa yang sama" in line for line in lines)


def test_why_two_are_apart_and_who_said_so(tmp_path: Path) -> None:
    lines = why(tmp_path, ONE, TWO, SPLIT)
    assert "keduanya bukan satu kasus" in lines
    assert any(line.startswith("keputusan siti, ") for line in lines)


def test_nothing_is_told_of_what_is_confidential(tmp_path: Path) -> None:
    lines = why(tmp_path, ONE, TWO.model_copy(update={"rahasia": True}))
    assert lines[-1] == "laporan rahasia tidak dibandingkan dengan laporan lain"
    assert "berlubang" not in lines[1]


def test_an_unknown_complaint_is_named(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    with pytest.raises(ConfigError, match="BLT-9"):
        list(explained(settings(tmp_path), TENANT, ONE.complaint_id, "BLT-9"))


LINE = json.dumps({"kind": "verify", "case_id": case_id(ONE.complaint_id), "actor": "siti"})


def test_acts_from_a_file_are_stored_once(tmp_path: Path) -> None:
    house = settings(tmp_path)
    clock = FrozenClock(AT)
    first = asyncio.run(decided(house, "", [LINE], clock))
    again = asyncio.run(decided(house, "", [LINE], clock))
    assert [new for _, new in (*first, *again)] == [True, False]

    async def stored() -> list[Decision]:
        bus = wiring.bus(house)
        try:
            kept = await bus.read(topics.DECISIONS.name, {}, 10)
        finally:
            await bus.close()
        return [Decision.model_validate_json(record.value) for record in kept]

    (decision,) = asyncio.run(stored())
    assert (decision.tenant, decision.kind, decision.decided_at) == (TENANT, "verify", AT)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "baris 2: bukan JSON"),
        ("[]", "baris 2: harus berupa objek"),
        ('{"kind": "verify"}', "baris 2, actor: wajib diisi"),
        ('{"kind": "gaib", "actor": "a"}', "baris 2, kind: tidak sah"),
        ('{"kind": "note", "actor": "a", "tenant": "lain"}', "kantornya"),
    ],
)
def test_a_bad_line_stores_nothing(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        asyncio.run(decided(settings(tmp_path), "", [LINE, line], FrozenClock(AT)))
    assert asyncio.run(decided(settings(tmp_path), "", [LINE], FrozenClock(AT)))[0][1]


def test_the_commands_are_there(tmp_path: Path) -> None:
    _add_groups()
    done = RUNNER.invoke(app, ["decide", "--data", str(tmp_path)], input=LINE + "\n")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == "baru=1"
    publish(tmp_path, ONE, TWO)
    asked = ["cases", "explain", ONE.complaint_id, TWO.complaint_id, "--data", str(tmp_path)]
    assert "keduanya satu kasus" in RUNNER.invoke(app, asked).output
