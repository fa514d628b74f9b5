"""kill -9 in the middle of a burst: the register is that of an undisturbed run, byte for byte."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from core import topics
from core.bus import Outgoing, Stored
from core.bus.embedded import EmbeddedBus
from core.ids import case_id
from core.schema import Complaint, Decision, RegisterEntry
from tests.dedup.makers import PART, TLOGO, act, told
from tests.dedup.test_pieces import sequencer

ROOT = Path(__file__).parents[2]
TREE = "Pohon tumbang menutup jalan raya dekat pasar Minggirsari"
CHANNELS = ("sms", "whatsapp", "call112", "radio", "telegram")
# After so many records, inside a batch of seven; negative: right after so many commits.
KILLS = (1, 5, 9, -1, -2, 12, 3, 6, 10, 2)


def burst() -> list[Complaint | Decision]:
    """Fourteen people of one tree, some in pieces, a template, edits, repeats, and acts on them."""
    made: list[Complaint | Decision] = []
    for n in range(14):
        tree = told(n, TREE, channel=CHANNELS[n % 5], kategori="pohon", direct=n % 2 == 0)
        made += [tree, tree] if n % 5 == 0 else [tree]
        if n % 4 == 0:
            more = told(100 + n, "masih menutup jalan", kategori="pohon", minutes=n,
                        channel=tree.channel, direct=True, reporter_ref=f"orang{n}")  # fmt: skip
            made.append(more)
        made.append(told(200 + n, TREE, kategori="pohon", place=TLOGO, rahasia=n == 3))
        made.append(told(300 + n, "Saya belum menerima bantuan sosial", kategori="bansos_sosial"))
    first, second = told(0, TREE), told(1, TREE, channel="whatsapp")
    case = case_id(first.complaint_id)
    made += [
        act(1, "verify", case_id=case),
        act(2, "split", complaint_id=second.complaint_id),
        act(3, "not_same", complaint_id=second.complaint_id, value={"case_id": case}),
        act(4, "merge", case_id=case, value={"case_id": case_id(told(200, TREE).complaint_id)}),
        told(1, TREE + " besar", channel="whatsapp", kategori="pohon", version="v2"),
        told(50, TREE, kategori="pohon", minutes=50),
        act(5, "disposisi", case_id=case, value={"opd": "DPUPR"}, seen=0),
    ]
    return made


async def publish(path: Path) -> None:
    bus = EmbeddedBus(path)
    for record in burst():
        topic = topics.DECISIONS if isinstance(record, Decision) else topics.NORMALIZED
        await bus.publish([Outgoing(topic.name, PART, record.event_id, record.to_bytes())])
    await bus.close()


async def read(path: Path, topic: str) -> list[Stored]:
    bus = EmbeddedBus(path)
    found: list[Stored] = []
    while page := await bus.read(topic, {(topic, PART): found[-1].offset} if found else {}, 500):
        found += page
    await bus.close()
    return found


def run(path: Path, kill: int) -> int:
    command = [sys.executable, str(ROOT / "tests" / "dedup" / "kill_worker.py"), str(path)]
    done = subprocess.run(
        [*command, str(kill)], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=120,
        check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == (-9 if kill else 0), done.stderr.decode()[-2000:]
    return done.returncode


def test_the_register_after_ten_kills_is_that_of_an_undisturbed_run(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    asyncio.run(publish(path))
    for kill in KILLS:
        run(path, kill)
    run(path, 0)
    register = asyncio.run(read(path, topics.DEDUPLICATED.name))
    inputs = {
        (record.topic, record.offset): record
        for topic in (topics.NORMALIZED.name, topics.DECISIONS.name)
        for record in asyncio.run(read(path, topic))
    }
    entries = [RegisterEntry.model_validate_json(record.value) for record in register]
    order = [(entry.source.topic, entry.source.offset) for entry in entries]
    assert len(set(order)) == len(order)
    # What a repeat leaves nothing of is entered too: it must change nothing.
    silent = [record for key, record in inputs.items() if key not in set(order)]
    undisturbed = sequencer()
    written = [out for key in order for out in undisturbed.enter(inputs[key])]
    entered = [out.value for out in written if out.topic == topics.DEDUPLICATED.name]
    assert entered == [record.value for record in register]
    assert [out for record in silent for out in undisturbed.enter(record)] == []
    tickets = {e.complaint.ticket_no: e.complaint.complaint_id for e in entries if e.complaint}
    assert len(set(tickets.values())) == len(tickets)
    relations = {entry.relation for entry in entries}
    assert {"opened", "joined", "continued", "edited"} <= relations
