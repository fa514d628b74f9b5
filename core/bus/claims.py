"""The deduplicator's reader: it holds its partitions of the register before it works on them."""

import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from core.bus import Batch, Bus, Consumer, Outgoing, Positions, Published, Stored, Tally
from core.bus.register import RegisterReader
from core.clock import Clock
from core.errors import CannotStore, Fenced
from core.log import get_logger
from core.schema import Origin, RegisterEntry
from core.topics import DEDUPLICATED

_PAGE = 5000
# Beyond every offset: "nothing of this partition, please".
_NOTHING = 2**62

Starts = Callable[[frozenset[int]], Awaitable[Positions]]


class Memory(Protocol):
    """What a deduplicator remembers of its partitions' registers."""

    def forget(self, partitions: frozenset[int]) -> None:
        """Drop what is known of these partitions."""
        ...

    def learn(self, partition: int, entry: RegisterEntry) -> None:
        """Take one entry of the past."""
        ...


@runtime_checkable
class ClaimedBus(Bus, Protocol):
    """An engine on which position and outputs are not one step (Kafka)."""

    async def send(self, records: Sequence[Outgoing]) -> list[int]:
        """Publish and return the offsets (-1 = unknown)."""
        ...

    async def subscribe(
        self,
        group: str,
        topics: Sequence[str],
        positions: Positions | None = None,
        starts: Starts | None = None,
        *,
        member: str = "",
    ) -> Consumer:
        """Join a group; `starts` says at each assignment where its partitions go on."""
        ...


async def subscribe(
    bus: Bus, group: str, topics: Sequence[str], memory: Memory, clock: Clock, member: str = ""
) -> "RegisterConsumer":
    """Join as a deduplicator, on either engine: `memory` is taught before records come."""
    register = Register(bus, memory, clock)
    if isinstance(bus, ClaimedBus):
        inner = await bus.subscribe(group, topics, starts=register.claim, member=member)
    else:
        inner = await bus.subscribe(group, topics, member=member)
    return RegisterConsumer(inner, register, claimed=isinstance(bus, ClaimedBus))


class RegisterConsumer:
    """A consumer whose outputs to the register count, or whose commit raises Fenced.

    After Fenced the memory holds what does not stand: drop it and subscribe anew.
    """

    def __init__(self, inner: Consumer, register: "Register", *, claimed: bool) -> None:
        self._inner, self._register, self._claimed = inner, register, claimed

    def owner(self, partition: int) -> str:
        """The name to be written into entries of this partition ("" where none is needed)."""
        return self._register.owner(partition)

    async def take(self, max_batch: int, linger: float) -> Batch:
        batch = await self._inner.take(max_batch, linger)
        if not self._claimed:
            await self._register.follow(batch.gained, batch.lost)
        return batch

    async def commit(
        self, batch: Batch, outputs: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Published:
        if not self._claimed:
            return await self._inner.commit(batch, outputs, tallies)
        # The key holds the owner: a late rival's record must not compact the one that stands.
        signed = [
            replace(o, key=self.owner(o.partition)) if o.topic == DEDUPLICATED.name else o
            for o in outputs
        ]
        try:
            published = await self._inner.commit(batch, signed, tallies)
        except CannotStore as error:
            # What became of them only the log can tell: whoever claims next will read it.
            raise Fenced("hasil penulisan register tidak diketahui") from error
        await self._register.wrote(batch, signed, published)
        return published

    async def close(self) -> None:
        await self._inner.close()


class Register:
    """One deduplicator's hold on its partitions: claim, fold, and notice a rival's claim."""

    def __init__(self, bus: Bus, memory: Memory, clock: Clock) -> None:
        self._bus, self._memory, self._clock = bus, memory, clock
        self._names: dict[int, str] = {}
        # How far each partition's register is known to us, and how far its input is entered.
        self._known: dict[int, int] = {}
        self._done: Positions = {}
        self._reader = RegisterReader()

    def owner(self, partition: int) -> str:
        """The name under which entries of this partition are written."""
        return self._names.get(partition, "")

    async def follow(self, gained: frozenset[int], lost: frozenset[int]) -> None:
        """Learn and forget partitions where nobody needs a claim (the embedded bus)."""
        if lost:
            self._drop(lost)
        known = dict.fromkeys(gained, -1)
        while records := await self._read(gained, known):
            for record in records:
                self._learn(record)
                known[record.partition] = record.offset

    async def claim(self, partitions: frozenset[int]) -> Positions:
        """Hold exactly these partitions; return where their input goes on."""
        held = frozenset(self._known)
        kept = await self._undisturbed(held & partitions)
        if gone := held - kept:
            self._drop(gone)
        if fresh := partitions - kept:
            await self._claim(fresh)
        return dict(self._done)

    def _drop(self, partitions: frozenset[int]) -> None:
        self._memory.forget(partitions)
        self._reader.drop(partitions)
        for part in partitions:
            self._names.pop(part, None)
            self._known.pop(part, None)
        self._done = {key: n for key, n in self._done.items() if key[1] not in partitions}

    async def _undisturbed(self, partitions: frozenset[int]) -> frozenset[int]:
        """Of partitions that a rebalance took and gave back, those nobody wrote to meanwhile."""
        changed = {r.partition for r in await self._read(partitions, self._known)}
        return partitions - changed

    async def _read(self, partitions: frozenset[int], known: Mapping[int, int]) -> list[Stored]:
        after = {
            (DEDUPLICATED.name, part): known[part] if part in partitions else _NOTHING
            for part in range(DEDUPLICATED.partitions)
        }
        return await self._bus.read(DEDUPLICATED.name, after, _PAGE) if partitions else []

    async def _claim(self, partitions: frozenset[int]) -> None:
        """Write a claim to each partition, then learn what stands before it."""
        assert isinstance(self._bus, ClaimedBus)
        order = sorted(partitions)
        self._names |= {part: secrets.token_hex(8) for part in order}
        offsets = await self._bus.send([self._claim_record(part) for part in order])
        until = dict(zip(order, offsets, strict=True))
        known = dict.fromkeys(order, -1)
        count = 0
        while behind := frozenset(part for part in order if known[part] < until[part]):
            for record in await self._page(behind, known):
                if record.offset <= until[record.partition]:
                    known[record.partition] = record.offset
                    count += self._learn(record)
        if any(self._reader.fold(part).owner != self._names[part] for part in order):
            raise CannotStore("klaim register tidak ditemukan kembali")
        self._known |= known
        for part in order:
            self._done |= self._reader.fold(part).positions
        get_logger().info("register_claimed", count=count)

    async def _page(self, behind: frozenset[int], known: Mapping[int, int]) -> list[Stored]:
        found = await self._read(behind, known)
        if not found:
            raise CannotStore("register lebih pendek daripada klaimnya")
        return found

    def _learn(self, record: Stored) -> bool:
        entry = self._reader.entry(record)
        if entry is not None:
            self._memory.learn(record.partition, entry)
        return entry is not None

    def _claim_record(self, partition: int) -> Outgoing:
        owner = self._names[partition]
        claim = RegisterEntry(
            tenant="",
            kind="claim",
            source=Origin(topic=DEDUPLICATED.name, partition=partition, offset=-1),
            owner=owner,
            entered_at=self._clock(),
        )
        return Outgoing(DEDUPLICATED.name, partition, claim.event_id, claim.to_bytes(), key=owner)

    async def wrote(self, batch: Batch, outputs: Sequence[Outgoing], published: Published) -> None:
        """Make sure that what was just written stands. Raises Fenced if a rival has claimed.

        Offsets that follow one another leave no room for a claim; else what is between is read.
        """
        offsets = getattr(published, "offsets", ())
        written: dict[int, list[int]] = defaultdict(list)
        for output, offset in zip(outputs, offsets, strict=True):
            if output.topic == DEDUPLICATED.name:
                written[output.partition].append(offset)
        for part, found in written.items():
            first = self._known.get(part, -2) + 1
            if found != list(range(first, first + len(found))):
                await self._between(part, max(found) if min(found) >= 0 else -1)
            self._known[part] = found[-1]
        self._done |= batch.after

    async def _between(self, part: int, last: int) -> None:
        fold, known = self._reader.fold(part), dict(self._known)
        while part in known and known[part] < last:
            for record in await self._page(frozenset({part}), known):
                known[part] = record.offset
                fold.stands(RegisterEntry.model_validate_json(record.value))
        if last < 0 or part not in known or fold.owner != self._names[part]:
            raise Fenced(f"register partisi {part} sudah diklaim proses lain")
