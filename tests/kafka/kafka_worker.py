"""A deduplicator in a process of its own, for tests that pause it between taking and committing."""

import asyncio
import signal
import sys

from core import log
from core.bus import Outgoing, Stored, claims
from core.bus.kafka import KafkaBus, KafkaSettings
from core.clock import system_clock
from core.errors import Fenced
from core.schema import Origin, RegisterEntry
from core.topics import DEDUPLICATED


class Tickets:
    """What the worker remembers: the last ticket of each partition."""

    def __init__(self) -> None:
        self.last: dict[int, int] = {}

    def forget(self, partitions: frozenset[int]) -> None:
        for part in partitions:
            self.last.pop(part, None)

    def learn(self, partition: int, entry: RegisterEntry) -> None:
        assert int(entry.sentence) == self.last.get(partition, 0) + 1
        self.last[partition] = int(entry.sentence)

    def enter(self, record: Stored, owner: str) -> Outgoing:
        """Give the record the next ticket."""
        self.last[record.partition] = self.last.get(record.partition, 0) + 1
        entry = RegisterEntry(
            tenant="kab-uji",
            kind="complaint",
            source=Origin(topic=record.topic, partition=record.partition, offset=record.offset),
            owner=owner,
            entered_at=system_clock(),
            sentence=str(self.last[record.partition]),
        )
        return Outgoing(DEDUPLICATED.name, record.partition, entry.event_id, entry.to_bytes())


async def work(settings: KafkaSettings, member: str, pause_at: int, batch_size: int) -> None:
    """Enter records for ever; stop oneself between take and commit of the `pause_at`-th batch."""
    bus, tickets, batches = KafkaBus(settings), Tickets(), 0
    consumer = await claims.subscribe(
        bus, "dedup", ["normalized", "decisions"], tickets, system_clock, member
    )
    while True:
        batch = await consumer.take(batch_size, 0.2)
        if batch.gained or batch.lost:
            print(f"owns {len(batch.gained)}", flush=True)
        if not batch.records:
            continue
        outputs = [tickets.enter(r, consumer.owner(r.partition)) for r in batch.records]
        batches += 1
        if batches == pause_at:
            print("pausing", flush=True)
            signal.raise_signal(signal.SIGSTOP)
        try:
            await consumer.commit(batch, outputs)
        except Fenced:
            print("fenced", flush=True)
            break
        print(f"entered {len(outputs)}", flush=True)
    await bus.close()


if __name__ == "__main__":
    log.configure(json=True)
    bootstrap, prefix, session, member, pause_at, batch_size = sys.argv[1:]
    told = KafkaSettings(
        bootstrap, prefix=prefix, session_seconds=float(session), send_seconds=float(session) * 2
    )
    asyncio.run(work(told, member, int(pause_at), int(batch_size)))
