"""A publisher and the sink in one process of its own, for rows that fail it at a chosen syscall.

It goes on from where the files stand, says on stdout what was acknowledged, and ends at `total`.
In the mode `early N` it commits its position before the effect and dies between the two at its
N-th batch: the negative control. In the mode `halfway` it stores two thirds, sinks half of them,
all in one order, and dies.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[1]))

from core.bus import Batch, Consumer, Outgoing
from core.bus.embedded import EmbeddedBus
from core.bus.embedded_file import Host
from core.clock import system_clock
from core.errors import CannotStore, RetryLater
from sink import Sink
from tests.sink.sink_makers import PART, TENANT, many

Say = Callable[[str], None]
TOPIC = "deduplicated"
_PAGE = 3
_BATCH = 20
LEAST_BATCHES = 3
"""So many batches are sure of the 60 records that the rows send."""
_TRIES = 40
# Both files copy their write-ahead logs often, for the fault may fall into that.
_BUS_PAGES, _DUCKDB_CHECKPOINT = 40, "20KB"


def records(total: int) -> list[Outgoing]:
    """Return the whole workload; the same in every process."""
    return [Outgoing(TOPIC, PART, f"{n:032x}", r.value) for n, r in enumerate(many(total))]


def open_sink(folder: Path) -> Sink:
    """Open the store of a folder as the daemon would."""
    return Sink(folder, {TENANT: ZoneInfo("Asia/Jakarta")}, {TENANT: b"k"}, system_clock)


def open_bus(folder: Path) -> EmbeddedBus:
    """Open the log of a folder."""
    return EmbeddedBus(folder / "log.sqlite", host=Host(checkpoint_pages=_BUS_PAGES))


async def work(folder: Path, total: int, say: Say, *, early: int = 0) -> None:
    """Publish what is missing and sink it all."""
    bus, sink = open_bus(folder), open_sink(folder)
    with sink.store.connection() as con:
        con.execute(f"SET checkpoint_threshold = '{_DUCKDB_CHECKPOINT}'")
    positions = None if early else sink.positions()
    consumer = await bus.subscribe("sink", [TOPIC], positions, member="one")
    async with asyncio.TaskGroup() as group:
        publishing = group.create_task(_publish(bus, total, say))
        group.create_task(_drain(consumer, sink, publishing, say, early=early))
    sink.close()
    await bus.close()


async def _publish(bus: EmbeddedBus, total: int, say: Say) -> None:
    made = records(total)
    for at in range(0, total, _PAGE):
        page = made[at : at + _PAGE]
        await _insist(bus, page, say)
        say("\n".join(f"acked {r.event_id}" for r in page))


async def _insist(bus: EmbeddedBus, page: list[Outgoing], say: Say) -> None:
    """Publish until it is told to be stored, as every runner does."""
    for _ in range(_TRIES):
        try:
            await bus.publish(page)
        except CannotStore:
            say("refused")
            await asyncio.sleep(0.01)
        else:
            return
    raise CannotStore


async def _drain(
    consumer: Consumer, sink: Sink, publishing: "asyncio.Task[None]", say: Say, *, early: int
) -> None:
    while True:
        last = publishing.done()
        batch = await consumer.take(_BATCH, 0.02)
        if batch.records:
            if early:
                await consumer.commit(batch, ())
                early -= 1
                if not early:
                    os.kill(os.getpid(), signal.SIGKILL)
            await _handle(consumer, sink, batch, say, early=bool(early))
        elif last:
            return


async def _handle(consumer: Consumer, sink: Sink, batch: Batch, say: Say, *, early: bool) -> None:
    for _ in range(_TRIES):
        try:
            sink.handle(batch)
            sink.maybe_publish(system_clock())
            if not early:
                await consumer.commit(batch, ())
        except (RetryLater, CannotStore):
            say("again")
            await asyncio.sleep(0.01)
        else:
            return
    raise CannotStore


async def work_halfway(folder: Path, total: int) -> None:
    """Leave the files of a process that was killed, write-ahead logs and all: always the same."""
    bus, sink = open_bus(folder), open_sink(folder)
    with sink.store.connection() as con:
        con.execute(f"SET checkpoint_threshold = '{_DUCKDB_CHECKPOINT}'")
    stored = records(total)[: total * 2 // 3]
    for at in range(0, len(stored), _PAGE):
        await bus.publish(stored[at : at + _PAGE])
    consumer = await bus.subscribe("sink", [TOPIC], sink.positions(), member="one")
    while max(sink.positions().values(), default=0) < len(stored) // 2:
        batch = await consumer.take(_BATCH, 1.0)
        sink.handle(batch)
        sink.maybe_publish(system_clock())
        await consumer.commit(batch, ())
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Work in the folder that is named until everything is stored."""
    folder, total = Path(sys.argv[1]), int(sys.argv[2])
    if sys.argv[3:4] == ["halfway"]:
        asyncio.run(work_halfway(folder, total))
    early = int(sys.argv[4]) if sys.argv[3:4] == ["early"] else 0
    asyncio.run(work(folder, total, lambda line: print(line, flush=True), early=early))


if __name__ == "__main__":
    main()
