"""One group's reader on Kafka: assignment, positions, gaps, and a watchdog that ends the process.

aiokafka's heartbeat shares our loop. A handler that blocks it for longer than `session_seconds`
(30) loses its partitions: work of more than a second a record belongs in `asyncio.to_thread`.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import (  # type: ignore[import-untyped]
    AIOKafkaConsumer,
    TopicPartition,
)
from aiokafka.coordinator.assignors.range import (  # type: ignore[import-untyped]
    RangePartitionAssignor,
)

from core.bus import NONE, Batch, Outgoing, Positions, Published, Stored, Tally, check
from core.bus.claims import Starts
from core.bus.kafka_group import listener, tell_broker
from core.bus.kafka_reader import CONSUMING, Reader, stored
from core.bus.kafka_settings import KafkaSettings
from core.bus.kafka_watch import Stalled, Watch
from core.bus.kafka_writer import Writer
from core.errors import CannotStore, Fenced
from core.log import get_logger

# How long a rebalance waits for the batch in hand, so that few records are handled twice.
_HANDOVER_SECONDS = 10.0
_CLOSE_SECONDS = 10.0
_NEWS_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class PublishedAt(Published):
    """What Kafka says of each output: new as far as it knows, and its offset (-1 = unknown)."""

    offsets: tuple[int, ...] = ()


class KafkaConsumer:
    """With `positions` it reads every partition and no other process may; else it shares them.

    A rebalance lets the batch in hand be committed first; one that takes too long is Fenced. What
    a process that lost a partition had sent by then is a repeat: dropped by its event id, or (in
    the register) by its owner.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        group: str,
        topics: Sequence[str],
        positions: Positions | None = None,
        starts: Starts | None = None,
        member: str = "",
    ) -> None:
        self._member = member
        self._settings, self._group, self._topics = settings, group, tuple(topics)
        self._positions, self._starts = positions, starts
        self._reader, self._writer = Reader(settings), Writer(settings)
        self._client: Any = None
        self._watch = Watch(settings.stall_seconds)
        # Where the records handed out and committed end; the client's own position runs ahead.
        self._at: Positions = {}
        # What is placed, and what the user of this consumer was last told to own.
        self._parts, self._told, self._news = NONE, NONE, False
        self._moving = False
        self._assigned_times, self._placed = 0, 0
        self._in_hand: Batch | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self.gaps: Positions = {}

    # -- joining --------------------------------------------------------------------------------

    async def open(self) -> "KafkaConsumer":
        """Join the group. Raises CannotStore while the broker is away."""
        session = int(self._settings.session_seconds * 1000)
        client = self._client = AIOKafkaConsumer(
            **self._settings.connection(self._member),
            **CONSUMING,
            group_id=self._settings.group(self._group),
            session_timeout_ms=session,
            heartbeat_interval_ms=min(3000, session // 6),
            rebalance_timeout_ms=int(self._settings.rebalance_seconds * 1000),
            # Folding a long register is one turn; a hung loop is silent to the broker anyway.
            max_poll_interval_ms=3_600_000,
            # Range: partition p of every topic of a group meets in one process.
            partition_assignment_strategy=(RangePartitionAssignor,),
        )
        if self._positions is None:
            names = [self._settings.topic(name) for name in self._topics]
            client.subscribe(names, listener=listener(self))
        else:
            client.assign(self._reader.partitions(self._topics))
            self.assigned()
        try:
            async with asyncio.timeout(self._settings.rebalance_seconds + 15.0):
                await client.start()
        except Exception as error:
            await self.close()
            raise CannotStore(f"Kafka tidak menjawab: {type(error).__name__}") from error
        except BaseException:
            await self.close()
            raise
        return self

    async def revoked(self) -> None:
        """Let the batch in hand be committed before its partitions move on."""
        self._moving = True
        try:
            await asyncio.wait_for(self._idle.wait(), _HANDOVER_SECONDS)
        except TimeoutError:
            get_logger().warning("handover_timed_out", stage=self._group)

    def assigned(self) -> None:
        """Take note of a new assignment; `take` places it."""
        self._moving = False
        self._assigned_times += 1

    @property
    def _settled(self) -> bool:
        return not self._moving and self._placed == self._assigned_times

    async def _place(self) -> None:
        """Seek every partition of a new assignment to where its effect stands."""
        times, parts = self._assigned_times, self._client.assignment()
        numbers = frozenset(tp.partition for tp in parts)
        wanted = await self._wanted(numbers, parts)
        begins = await self._begins(list(parts))
        if self._moving or times != self._assigned_times:
            return
        self._at = {}
        for tp in parts:
            key = self._key(tp)
            self._at[key] = wanted.get(key, -1)
            self._note_gap(key, begins[tp])
            self._client.seek(tp, self._at[key] + 1)
        self._parts, self._placed, self._in_hand, self._news = numbers, times, None, True
        self._watch.reset()

    async def _wanted(self, numbers: frozenset[int], parts: Iterable[Any]) -> Positions:
        if self._positions is not None:
            return self._positions
        if self._starts is not None:
            return await self._starts(numbers)
        tps = list(parts)
        async with asyncio.timeout(self._settings.send_seconds):
            offsets = await asyncio.gather(*(self._client.committed(tp) for tp in tps))
        return {self._key(tp): (n or 0) - 1 for tp, n in zip(tps, offsets, strict=True)}

    async def _begins(self, tps: list[Any]) -> dict[Any, int]:
        async with asyncio.timeout(self._settings.send_seconds):
            return await self._client.beginning_offsets(tps) if tps else {}

    def _key(self, tp: Any) -> tuple[str, int]:
        return tp.topic.removeprefix(self._settings.prefix), tp.partition

    def _note_gap(self, key: tuple[str, int], begin: int) -> None:
        """Say so when records were deleted before they were handled, and go on behind them."""
        at = self._at[key]
        if 0 <= at < begin - 1:
            count = begin - 1 - at
            self.gaps[key] = self.gaps.get(key, 0) + count
            get_logger().error(
                "retention_gap_found", stage=self._group, topic=key[0], partition=key[1],
                position=at, count=count,
            )  # fmt: skip
        self._at[key] = max(at, begin - 1)

    # -- taking ---------------------------------------------------------------------------------

    async def take(self, max_batch: int, linger: float) -> Batch:
        """Wait for records. Raises Stalled, or CannotStore when the client cannot go on."""
        self._idle.set()
        clock = asyncio.get_running_loop().time
        deadline = clock() + linger
        try:
            while True:
                if not self._moving and not self._settled:
                    await self._place()
                    # News waits a moment for records to come with it.
                    deadline = min(deadline, clock() + _NEWS_SECONDS)
                self._rewind()
                found = await self._poll(max_batch, deadline - clock())
                if found or clock() >= deadline:
                    return self._batch(found)
        except (CannotStore, Stalled):
            raise
        except Exception as error:
            raise CannotStore(f"Kafka tidak terbaca: {type(error).__name__}") from error

    def _rewind(self) -> None:
        """Give again what was taken and not committed."""
        if self._in_hand is not None and self._settled:
            for topic, part in self._in_hand.after:
                tp = TopicPartition(self._settings.topic(topic), part)
                self._client.seek(tp, self._at[topic, part] + 1)
        self._in_hand = None

    async def _poll(self, max_batch: int, patience: float) -> dict[Any, list[Any]]:
        clock = asyncio.get_running_loop().time
        began = clock()
        # In slices: a client whose partitions are moving is not woken by the new assignment.
        patience = max(0.0, min(patience, 1.0))
        found: dict[Any, list[Any]] = await self._client.getmany(
            timeout_ms=int(patience * 1000), max_records=max_batch
        )
        if not self._settled:
            found = {}  # of partitions that are moving; they are read anew by whoever gets them
        for tp, records in found.items():
            if records[0].offset > self._at[self._key(tp)] + 1:
                begins = await self._begins([tp])
                self._note_gap(self._key(tp), begins[tp])
        if not self._settled:
            return {}
        await self._judge(self._watch.stuck(self._client, self._moving, clock() - began))
        return found

    async def _judge(self, stuck: list[Any] | None) -> None:
        """End a process whose client gets nothing although the broker has something for it."""
        if stuck is None:
            return
        try:
            _, ends = await self._reader.bounds(stuck or self._reader.partitions(self._topics))
        except CannotStore:
            get_logger().warning("broker_unreachable", stage=self._group)
            self._watch.reset()
            return
        if self._moving or any(ends[tp] > self._at[self._key(tp)] + 1 for tp in stuck):
            raise Stalled(f"grup {self._group}: rekaman menunggu tetapi tidak datang")
        self._watch.reset()

    def _batch(self, found: dict[Any, list[Any]]) -> Batch:
        # In the order of the subscription: a complaint comes before a decision about it.
        order = sorted(found, key=lambda tp: (self._topics.index(self._key(tp)[0]), tp.partition))
        records: list[Stored] = [
            stored(self._settings.prefix, record)
            for tp in order
            for record in found[tp]
            if record.value is not None
        ]
        after = {self._key(tp): found[tp][-1].offset for tp in order}
        batch = Batch()
        if self._news:
            # Whoever was away for a moment cannot know that nobody else was here: both.
            batch.lost, batch.gained = self._told, self._parts
            self._told, self._news = self._parts, False
        if not records:  # of a compacted topic's deletions there is nothing to handle
            self._at.update(after)
            return batch
        batch.records, batch.after = records, after
        batch.before = {key: self._at[key] for key in after}
        self._in_hand = batch
        self._idle.clear()
        return batch

    # -- committing -----------------------------------------------------------------------------

    async def commit(
        self, batch: Batch, outputs: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> PublishedAt:
        """Store the outputs, then the position. Raises Fenced if the partitions moved on.

        After CannotStore the outcome is unknown; the same batch may be offered again.
        """
        check(outputs)
        if tallies:
            raise ValueError("counts are kept by the outbox in front of Kafka")
        # While its partitions are being handed over they are still ours; later they may not be.
        if self._in_hand is not batch or self._placed != self._assigned_times:
            raise Fenced(f"partisi grup {self._group} sudah dibagi ulang")
        # Whoever keeps its position with the effect looks there, rather than send twice.
        offsets = await self._writer.send(outputs, once=self._starts is not None)
        if self._placed == self._assigned_times:
            self._at.update(batch.after)
            await tell_broker(self._client, self._settings, self._group, batch.after)
        self._in_hand = None
        self._idle.set()
        return PublishedAt((True,) * len(outputs), tuple(offsets))

    async def close(self) -> None:
        """Leave the group and let go of the connections."""
        self._idle.set()
        client, self._client = self._client, None
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                if client is not None:
                    await client.stop()
        except Exception as error:
            get_logger().warning("consumer_left", stage=self._group, error=type(error).__name__)
        await self._writer.close()
        await self._reader.close()
