"""The dedup stage in a process of its own, which kills itself in the middle of its work.

kill_worker.py LOG KILL   (KILL: after so many records; negative: after so many commits; 0: never)
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from core import topics
from core.bus import Outgoing, Stored, claims
from core.bus.embedded import EmbeddedBus
from core.clock import system_clock
from core.stage import commit, handle_batch
from gateway.sequencers import Sequencers
from tests.dedup.test_pieces import sequencer

BATCH = 7


async def work(path: Path, kill: int) -> None:
    """Enter all there is; die where it was said."""
    bus = EmbeddedBus(path)
    made, entered, committed = Sequencers(sequencer), 0, 0
    inputs = [topics.NORMALIZED.name, topics.DECISIONS.name]
    consumer = await claims.subscribe(bus, "dedup", inputs, made, system_clock, "uji")

    def enter(record: Stored) -> Sequence[Outgoing]:
        nonlocal entered
        entered += 1
        outputs = made.enter(record)
        if entered == kill:
            os.kill(os.getpid(), signal.SIGKILL)
        return outputs

    def park(record: Stored, reason: str) -> Sequence[Outgoing]:
        raise AssertionError(f"{record.topic}/{record.offset}: {reason}")

    while (batch := await consumer.take(BATCH, 0.2)).records or committed == 0:
        await commit(consumer, batch, await handle_batch(batch, enter, park), asyncio.Event())
        committed += bool(batch.records)
        if committed == -kill:
            os.kill(os.getpid(), signal.SIGKILL)
    await consumer.close()
    await bus.close()
    print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), int(sys.argv[2])))
