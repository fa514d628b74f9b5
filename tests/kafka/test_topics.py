"""Topics are made with their counts and retention; Kanal refuses to start on others."""

import asyncio
from pathlib import Path

import pytest
from aiokafka.admin import NewTopic  # type: ignore[import-untyped]
from aiokafka.admin.config_resource import (  # type: ignore[import-untyped]
    ConfigResource,
    ConfigResourceType,
)

from core.bus.kafka import KafkaBus
from core.bus.kafka_admin import admin
from core.bus.kafka_settings import KafkaSettings
from core.bus.kafka_topics import configs, ensure_topics
from core.errors import CannotStore, ConfigError
from core.topics import TOPICS
from tests.kafka.engine import settings

RETENTION = {
    "raw": ("compact,delete", "-1"),
    "normalized": ("compact,delete", "7776000000"),
    "decisions": ("compact", "-1"),
    "deduplicated": ("compact", "-1"),
    "cursors": ("compact", "-1"),
    "audit": ("delete", "-1"),
}


async def described(told: KafkaSettings, name: str) -> dict[str, str]:
    async with admin(told) as client:
        asked = [ConfigResource(ConfigResourceType.TOPIC, told.topic(name))]
        [answer] = await client.describe_configs(asked)
        return {entry[0]: entry[1] for entry in answer.resources[0][4]}


def test_topics_are_made_with_fixed_counts_and_kept_as_the_design_says(tmp_path: Path) -> None:
    async def story() -> None:
        told = settings(tmp_path)
        await asyncio.gather(ensure_topics(told), ensure_topics(told))  # two processes at once
        async with admin(told) as client:
            found = {t["topic"]: len(t["partitions"]) for t in await client.describe_topics(None)}
        for name, topic in TOPICS.items():
            assert found[told.topic(name)] == topic.partitions
        for name, (policy, milliseconds) in RETENTION.items():
            has = await described(told, name)
            assert (has["cleanup.policy"], has["retention.ms"]) == (policy, milliseconds)
            assert has["flush.messages"] == "1"  # a lone broker answers when it is on disk

    asyncio.run(story())


def test_a_cluster_of_three_waits_for_two() -> None:
    made = configs("raw", 3)
    assert made["min.insync.replicas"] == "2"
    assert "flush.messages" not in made


WRONG = [
    ("normalized", 12, {}, "normalized punya 12 partisi, sedangkan program ini memakai 48"),
    ("deduplicated", 48, {"cleanup.policy": "delete"}, "seharusnya compact"),
    ("raw", 12, {"cleanup.policy": "compact,delete", "retention.ms": "604800000"}, "604800000 ms"),
    ("raw", 12, {"cleanup.policy": "compact,delete", "retention.ms": "-1",
                 "retention.bytes": "1000000"}, "retention.bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "count", "kept", "sentence"), WRONG)
def test_a_topic_unlike_ours_is_refused_in_a_sentence(
    tmp_path: Path, name: str, count: int, kept: dict[str, str], sentence: str
) -> None:
    async def story() -> None:
        told = settings(tmp_path)
        async with admin(told) as client:
            await client.create_topics([NewTopic(told.topic(name), count, 1, topic_configs=kept)])
        bus = KafkaBus(told)
        try:
            with pytest.raises(ConfigError, match=sentence):
                await bus.read("raw", {}, 1)
        finally:
            await bus.close()

    asyncio.run(story())


def test_a_broker_that_is_away_is_no_mistake_of_the_operator() -> None:
    async def story() -> None:
        bus = KafkaBus(KafkaSettings("127.0.0.1:1", send_seconds=1.0))
        with pytest.raises(CannotStore):
            await bus.read("raw", {}, 1)
        await bus.close()

    asyncio.run(story())
