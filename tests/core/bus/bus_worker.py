"""A process of its own with a handle on the log, for tests that need several or that kill one."""

import asyncio
import sys
from pathlib import Path

from core.bus.embedded import EmbeddedBus
from tests.contract.bus_engines import event


async def _same(path: Path, count: int) -> None:
    """Publish events 0..count one by one, at the same instant as whoever reads the same line."""
    bus = EmbeddedBus(path)
    print("ready", flush=True)
    sys.stdin.readline()
    new = 0
    for n in range(count):
        new += (await bus.publish([event(n)])).new[0]
    await bus.close()
    print(new, flush=True)


if __name__ == "__main__":
    mode, log, number = sys.argv[1:4]
    asyncio.run({"same": _same}[mode](Path(log), int(number)))
