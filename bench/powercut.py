"""Power cuts of the embedded log, simulated and seeded: what was acknowledged must be there.

Each cut runs a publisher and a stage on a disk that forgets what was not synced, stops at one of
its writes, and opens what is left with a healthy disk. `--synchronous normal` is the negative
control: it must lose.
"""

import argparse
import asyncio
import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.disk import Disk
from core.bus import Bus, Consumer, Limits, Outgoing
from core.bus.embedded import EmbeddedBus
from core.bus.embedded_file import Host
from core.errors import CannotStore, ConfigError
from core.ids import digest

MESSAGES = 30
_GROUP = "stage"


@dataclass(frozen=True)
class Cut:
    """What one cut left; everything but the counts must be empty."""

    seed: int
    sent: int
    acked: int
    stored: int
    lost: frozenset[str] = frozenset()
    invented: frozenset[str] = frozenset()
    doubled: int = 0
    half_done: int = 0
    """Outputs without their position, or a position without its outputs."""
    damage: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Say whether nothing was lost, invented, doubled, half done or damaged."""
        return not (self.lost or self.invented or self.doubled or self.half_done or self.damage)


@dataclass
class _Run:
    """One run up to its cut."""

    seeded: random.Random
    sent: list[str] = field(default_factory=list)
    acked: list[str] = field(default_factory=list)
    left: dict[str, bytes] | None = None
    acked_then: frozenset[str] = frozenset()
    sent_then: frozenset[str] = frozenset()


def cut(folder: Path, seed: int, synchronous: str = "full", messages: int = MESSAGES) -> Cut:
    """Run until a seeded moment, cut the power, and look at what is left."""
    seeded = random.Random(seed)
    run = _Run(seeded)
    disk = Disk(checksums=True)
    # One run makes about eleven changes to the disk per message, and a few to lay the tables.
    moment = seeded.randrange(1, 40 + 11 * messages)

    before, after = folder / f"{seed}-before", folder / f"{seed}-after"

    def on_op(number: int) -> None:
        if run.left is None and number >= moment:
            run.left = disk.cut(seeded)
            # The mark is not synced; the worst is that all of it was kept. The control goes
            # without it, for it would be told that its log is behind and could not look.
            mark = before / "log.mark"
            if mark.exists() and synchronous == "full":
                run.left[str(mark)] = mark.read_bytes()
            run.acked_then, run.sent_then = frozenset(run.acked), frozenset(run.sent)

    disk.on_op = on_op
    try:
        asyncio.run(_work(before / "log.sqlite", disk.vfs, synchronous, run, messages))
        if run.left is None:
            on_op(1 << 60)
    finally:
        disk.close()
    assert run.left is not None
    _lay_out(run.left, before, after)
    return asyncio.run(_look(after / "log.sqlite", seed, run))


async def _work(log: Path, vfs: str, synchronous: str, run: _Run, messages: int) -> None:
    # Checkpoints come often, for the cut may fall into one and into what follows it.
    host = Host(vfs=vfs, synchronous=synchronous, checkpoint_pages=40)
    bus = EmbeddedBus(log, _LIMITS, host=host)
    try:
        consumer = await bus.subscribe(_GROUP, ["raw"])
        for n in range(messages):
            await _publish(bus, n, run)
            if run.seeded.random() < 0.4:
                await _handle(consumer)
            if run.seeded.random() < 0.1:
                await bus.erase("raw", run.acked[-1], b"erased")
            if run.left is not None:
                return
    finally:
        await bus.close()


_LIMITS = Limits(free_floor=0, hard_floor=0)


async def _publish(bus: Bus, n: int, run: _Run) -> None:
    size = run.seeded.choice([10, 300, 1000, 6000])
    records = [
        Outgoing("raw", n % 12, digest("cut", str(n), str(k)), bytes([n % 256]) * size)
        for k in range(run.seeded.randrange(1, 4))
    ]
    run.sent += [r.event_id for r in records]
    await bus.publish(records)
    run.acked += [r.event_id for r in records]


async def _handle(consumer: Consumer) -> None:
    batch = await consumer.take(20, 0.0)
    if batch.records:
        outputs = [Outgoing("normalized", 0, r.event_id, b"understood") for r in batch.records]
        await consumer.commit(batch, outputs)


def _lay_out(left: dict[str, bytes], before: Path, after: Path) -> None:
    """Write the files that were left into a folder of their own."""
    after.mkdir(parents=True)
    for path, content in left.items():
        if Path(path).parent == before:
            (after / Path(path).name).write_bytes(content)


async def _look(log: Path, seed: int, run: _Run) -> Cut:
    """Open what is left as the next start would, and compare it with what was acknowledged."""
    acked, sent = run.acked_then, run.sent_then
    try:
        bus = EmbeddedBus(log, _LIMITS)
    except (ConfigError, CannotStore) as error:
        return Cut(seed, len(sent), len(acked), 0, acked, damage=(str(error),))
    try:
        damage = (await bus.verify()).problems
        raw = await bus.read("raw", {}, 1 << 30)
        outputs = await bus.read("normalized", {}, 1 << 30)
        consumer = await bus.subscribe(_GROUP, ["raw"])
        rest = (await consumer.take(1 << 30, 0.0)).records
    finally:
        await bus.close()
    ids = [r.event_id for r in raw]
    handled = set(ids) - {r.event_id for r in rest}
    return Cut(
        seed, len(sent), len(acked), len(ids),
        lost=acked - set(ids),
        invented=frozenset(set(ids) - sent),
        doubled=len(ids) - len(set(ids)),
        half_done=len(handled ^ {r.event_id for r in outputs}),
        damage=damage,
    )  # fmt: skip


def cuts(seeds: Iterable[int], synchronous: str = "full") -> Iterator[Cut]:
    """Cut the power once per seed, each time on a new log; in a process of its own (see Disk)."""
    spawned = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="powercut-") as folder,
        ProcessPoolExecutor(1, mp_context=spawned) as pool,
    ):
        for seed in seeds:
            yield pool.submit(cut, Path(folder), seed, synchronous).result()


def main() -> None:
    """Cut, print one line, and exit 1 if a cut broke anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1, help="of the first cut")
    parser.add_argument("--synchronous", choices=["full", "normal"], default="full")
    args = parser.parse_args()
    started = time.monotonic()
    found = list(cuts(range(args.seed, args.seed + args.cuts), args.synchronous))
    broken = [c for c in found if not c.clean]
    print(
        f"powercut synchronous={args.synchronous} seed={args.seed} cuts={len(found)}"
        f" sent={sum(c.sent for c in found)} acked={sum(c.acked for c in found)}"
        f" lost={sum(len(c.lost) for c in found)} in_runs={sum(bool(c.lost) for c in found)}"
        f" doubled={sum(c.doubled for c in found)} invented={sum(len(c.invented) for c in found)}"
        f" half_done={sum(c.half_done for c in found)} damaged={sum(bool(c.damage) for c in found)}"
        f" wall={time.monotonic() - started:.1f}s"
    )
    for one in broken[:5]:
        print(f"  seed {one.seed}: lost {len(one.lost)}, {one.damage or 'no damage'}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
