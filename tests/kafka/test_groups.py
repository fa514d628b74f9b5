"""What the brokers tell of several groups at once (aiokafka misreads an answer about two)."""

import asyncio
from pathlib import Path

from core.bus.kafka import KafkaBus
from tests.kafka.engine import settings


def test_the_members_of_every_group_are_told(tmp_path: Path) -> None:
    async def played() -> None:
        bus = KafkaBus(settings(tmp_path))
        try:
            for group, topic in (("normalizer", "raw"), ("dedup", "normalized")):
                consumer = await bus.subscribe(group, [topic], member=f"{group}-1")
                await consumer.take(1, 5.0)
            members = (await bus.status()).members
        finally:
            await bus.close()
        assert {key: len(parts) for key, parts in members.items()} == {
            ("normalizer", "normalizer-1"): 12,
            ("dedup", "dedup-1"): 48,
        }

    asyncio.run(played())
