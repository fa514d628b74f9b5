"""Copies of the log taken while it is written, and a house that is built anew from one."""

import asyncio
import shutil
import time
from pathlib import Path

from bench.figures import Figures, Terms
from bench.load import Load, raw_id
from bench.sleepers import sending
from bench.watch import audit
from core import topics
from core.bus import Stored
from core.bus.embedded import EmbeddedBus
from core.schema import RawMessage
from tests.acceptance.running import Running, command

_RATE = 150.0
_ALL = 1 << 30


def backup_while_writing(terms: Terms) -> Figures:
    """Row 19: every copy is a prefix of the log, and a house restored from it has the same."""
    found = Figures()
    house = Running(terms.folder / "rumah")
    house.start()
    try:
        house.ready()
        with sending(house, _RATE) as load:
            copies = [_copy(house, load, terms.folder, n, found) for n in range(terms.pick(2, 6))]
        found.sent = load.sent
        audit(house, load.accepted, found)
    finally:
        house.stop()
    whole = asyncio.run(_read(house.data / "bus" / "log.sqlite", found))
    for path, acked in copies:
        _compare(asyncio.run(_read(path, found)), whole, acked, found)
    _restore(copies[-1][0], terms.folder / "pulih", house, found)
    found.more["copies"] = len(copies)
    return found


def _copy(
    house: Running, load: Load, folder: Path, number: int, found: Figures
) -> tuple[Path, set[str]]:
    """Take a copy while citizens write; what was accepted before it began must be in it."""
    time.sleep(1.0)
    target, acked = folder / f"copy-{number}.sqlite", set(load.accepted)
    started = time.monotonic()
    done = command("bus", "backup", str(target), "--data", str(house.data))
    found.recoveries.append(time.monotonic() - started)
    found.check(done.returncode == 0, f"backup {number} failed")
    return target, acked


async def _read(path: Path, found: Figures) -> dict[str, list[Stored]]:
    bus = EmbeddedBus(path)
    try:
        problems = (await bus.verify()).problems
        found.check(not problems, f"{path.name}: {len(problems)} problems")
        return {name: await _all(bus, name) for name in topics.TOPICS}
    finally:
        await bus.close()


async def _all(bus: EmbeddedBus, topic: str) -> list[Stored]:
    after: dict[tuple[str, int], int] = {}
    rows: list[Stored] = []
    while more := await bus.read(topic, after, 5000):
        rows += more
        for record in more:
            after[topic, record.partition] = record.offset
    return rows


def _compare(
    copy: dict[str, list[Stored]], whole: dict[str, list[Stored]], acked: set[str], found: Figures
) -> None:
    last = max((r.offset for rows in copy.values() for r in rows), default=-1)
    for topic, rows in copy.items():
        if topics.TOPICS[topic].compacted:
            continue
        prefix = {r.offset: r for r in whole[topic] if r.offset <= last}
        found.check({r.offset: r for r in rows} == prefix, f"{topic} of a copy is no prefix")
    missing = {raw_id(sid) for sid in acked} - {r.event_id for r in copy[topics.RAW.name]}
    found.check(not missing, f"{len(missing)} accepted before a copy are not in it")


def _restore(copy: Path, data: Path, original: Running, found: Figures) -> None:
    """Start a house on the copy alone; tickets must be those of the original."""
    (data / "bus").mkdir(parents=True)
    raws = asyncio.run(_read(copy, found))[topics.RAW.name]
    shutil.copy(copy, data / "bus" / "log.sqlite")
    house = Running(data)
    house.start()
    try:
        house.ready()
        sids = [RawMessage.model_validate_json(r.value).external_id for r in raws]
        restored = Figures()
        audit(house, sids, restored)
        sql = "SELECT complaint_id, ticket_no FROM complaints"
        was = {r["complaint_id"]: r["ticket_no"] for r in original.sql(sql)}
        now = {r["complaint_id"]: r["ticket_no"] for r in house.sql(sql)}
    finally:
        house.stop()
    same = sum(was.get(key) == ticket for key, ticket in now.items())
    found.more["restored"] = restored.unique
    found.check(not restored.lost, f"{restored.lost} of the copy were not restored")
    # What the copy held unsequenced is sequenced again, in the same order: the same numbers.
    found.check(same == len(now), f"{len(now) - same} tickets differ after the restore")
