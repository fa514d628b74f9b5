"""The one loop of every stage: take a batch, handle it, publish and commit, retry, park."""

import asyncio
from collections.abc import Callable, Sequence

from core.backoff import backoff
from core.bus import Batch, Consumer, Outgoing, Stored
from core.errors import CannotStore, ConfigError, Fenced, RetryLater, Unparseable
from core.log import get_logger, where
from core.topics import MAX_RECORD_BYTES

Handle = Callable[[Stored], Sequence[Outgoing]]
Park = Callable[[Stored, str], Sequence[Outgoing]]

MAX_BATCH = 500
LINGER = 0.5
# Half of what a bus takes: the stages behind add to it, and keep state that cannot be undone.
MAX_OUTPUT_BYTES = MAX_RECORD_BYTES // 2


async def run(
    consumer: Consumer,
    handle: Handle,
    park: Park,
    stop: asyncio.Event,
    *,
    keeps_state: bool = False,
    max_batch: int = MAX_BATCH,
) -> None:
    """Work until `stop` is set. Raises Fenced, ConfigError or an engine error: then start again.

    A stage that keeps state beside the bus cannot go on after a fenced commit: what it holds is
    ahead of what stands, so it raises.
    """
    while not stop.is_set():
        batch = await consumer.take(max_batch, LINGER)
        if not batch.records:
            continue
        outputs = await handle_batch(batch, handle if keeps_state else bounded(handle), park)
        try:
            await commit(consumer, batch, outputs, stop)
        except Fenced:
            if keeps_state:
                raise
            # Another member has these partitions now; the next take tells which are still ours.
            get_logger().warning("work_dropped", count=len(batch.records))


def bounded(handle: Handle) -> Handle:
    """Let a record whose outcome no bus would ever take be parked, not tried for ever."""

    def handled(record: Stored) -> Sequence[Outgoing]:
        outputs = handle(record)
        largest = max((len(output.value) for output in outputs), default=0)
        if largest > MAX_OUTPUT_BYTES:
            raise Unparseable(f"hasil {largest} byte melebihi batas {MAX_OUTPUT_BYTES} byte")
        return outputs

    return handled


async def handle_batch(batch: Batch, handle: Handle, park: Park) -> list[Outgoing]:
    """Turn a batch into its outputs; a bad record is parked and does not stop its neighbours."""
    outputs: list[Outgoing] = []
    for record in batch.records:
        outputs.extend(await _handle_one(record, handle, park))
        # Lets timers, signals and (on Kafka) heartbeats run between two records.
        await asyncio.sleep(0)
    return outputs


async def _handle_one(record: Stored, handle: Handle, park: Park) -> Sequence[Outgoing]:
    attempt = 0
    while True:
        try:
            return handle(record)
        except RetryLater as error:
            attempt += 1
            await asyncio.sleep(error.after or backoff(0.2, attempt, 30.0))
        except Unparseable as error:
            return park(record, str(error))
        except (ConfigError, Fenced, CannotStore):
            raise
        except Exception as error:
            get_logger().error(
                "record_parked", topic=record.topic, position=record.offset,
                error=type(error).__name__, where=where(error),
            )  # fmt: skip
            return park(record, f"galat tak terduga: {type(error).__name__}")


async def commit(
    consumer: Consumer, batch: Batch, outputs: Sequence[Outgoing], stop: asyncio.Event
) -> None:
    """Store outputs and position; while the log cannot take them, wait and try the same again.

    The outcome of a failed try is unknown. If it was stored after all, the next one is Fenced.
    """
    attempt = 0
    while True:
        try:
            await consumer.commit(batch, outputs)
        except CannotStore:
            attempt += 1
            if attempt == 1:
                get_logger().error("commit_refused", count=len(outputs))
            if stop.is_set():
                raise
            await asyncio.sleep(backoff(0.2, attempt, 5.0))
        else:
            if attempt:
                get_logger().info("commit_resumed", attempt=attempt)
            return
