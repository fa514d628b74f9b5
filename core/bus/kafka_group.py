"""What a group's reader says to the broker, and hears of its partitions moving."""

import asyncio
from typing import Any, Protocol

from aiokafka import (  # type: ignore[import-untyped]
    ConsumerRebalanceListener,
    TopicPartition,
)

from core.bus import Positions
from core.bus.kafka_settings import KafkaSettings
from core.log import get_logger

_COMMIT_SECONDS = 10.0


class Moving(Protocol):
    """A reader whose partitions may move."""

    async def revoked(self) -> None:
        """Let the batch in hand be committed before its partitions move on."""
        ...

    def assigned(self) -> None:
        """Take note of a new assignment."""
        ...


async def tell_broker(client: Any, settings: KafkaSettings, group: str, after: Positions) -> None:
    """Commit to the broker: for lag tools, and where a stage has no store of its own."""
    offsets = {
        TopicPartition(settings.topic(topic), part): offset + 1
        for (topic, part), offset in after.items()
    }
    try:
        async with asyncio.timeout(_COMMIT_SECONDS):
            await client.commit(offsets)
    except Exception as error:
        # Moved on in the meantime, or away: whoever reads these again repeats event ids.
        get_logger().warning("offsets_not_committed", stage=group, error=type(error).__name__)


def listener(consumer: Moving) -> Any:
    """Return what aiokafka tells of rebalances."""

    class Listener(ConsumerRebalanceListener):  # type: ignore[misc]
        async def on_partitions_revoked(self, _revoked: set[Any]) -> None:
            await consumer.revoked()

        def on_partitions_assigned(self, _assigned: set[Any]) -> None:
            consumer.assigned()

    return Listener()
