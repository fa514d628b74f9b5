"""A process of its own with a handle on the log, for tests that need several or that harm one."""

import asyncio
import os
import resource
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from core.bus import Batch, Limits
from core.bus.embedded import EmbeddedBus
from core.errors import CannotStore
from tests.contract.bus_engines import event

NOBODY = 65534


async def same(path: Path, count: int) -> None:
    """Publish events 0..count one by one, from the same instant on as whoever reads a line too."""
    bus = EmbeddedBus(path)
    print("ready", flush=True)
    sys.stdin.readline()
    new = 0
    for n in range(count):
        new += (await bus.publish([event(n)])).new[0]
    await bus.close()
    print(new, flush=True)


async def publish(path: Path, count: int) -> None:
    """Publish events 0..count from ten publishers; say of each when it is acknowledged."""
    bus = EmbeddedBus(path)
    numbers = iter(range(count))

    async def publisher() -> None:
        for n in numbers:
            await bus.publish([event(n, partition=n % 12)])
            print(n, flush=True)

    await asyncio.gather(*(publisher() for _ in range(10)))
    await bus.close()


async def stage(path: Path, number: int) -> None:
    """Be member `number` of a stage that copies raw to normalized; say what was committed."""
    bus = EmbeddedBus(path)
    consumer = await bus.subscribe("stage", ["raw"], member=f"m{number}")
    print("ready", flush=True)
    while True:
        batch: Batch = await consumer.take(5, 0.2)
        if batch.records:
            outputs = [event(int(r.value.split()[1]), "normalized") for r in batch.records]
            await consumer.commit(batch, outputs)
            print(len(outputs), flush=True)


async def full(path: Path, count: int) -> None:
    """Publish on a disk that is full for a while: no file may grow beyond the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    bus = EmbeddedBus(path, Limits(free_floor=0, hard_floor=0))
    for n in range(count):
        while True:
            try:
                await bus.publish([event(n, value=b"x" * 2000)])
            except CannotStore:
                print("refused", flush=True)
                resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            else:
                break
    await bus.close()
    print("done", flush=True)


async def readonly(path: Path, _count: int) -> None:
    """Open a log in a folder, and then one that this process may read and not write."""
    bus = EmbeddedBus(path)
    await bus.publish([event(1)])
    await bus.close()
    for file in path.parent.iterdir():
        file.chmod(0o444)
    path.parent.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
    for log in (path, path.parent / "new" / "log.sqlite"):
        try:
            EmbeddedBus(log)
        except CannotStore as error:
            print(type(error).__name__, flush=True)


MODES: dict[str, Callable[[Path, int], Awaitable[None]]] = {
    "same": same, "publish": publish, "stage": stage, "full": full, "readonly": readonly,
}  # fmt: skip


async def main(mode: str, log: str, number: str) -> None:
    await MODES[mode](Path(log), int(number))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
