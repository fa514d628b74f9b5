"""The topics on a Kafka cluster: made with fixed partition counts and retention, else refused."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka.admin import NewTopic, RecordsToDelete  # type: ignore[import-untyped]
from aiokafka.admin.config_resource import (  # type: ignore[import-untyped]
    ConfigResource,
    ConfigResourceType,
)

from core.bus.kafka_admin import admin
from core.bus.kafka_settings import KafkaSettings
from core.errors import ConfigError
from core.log import get_logger
from core.topics import MAX_RECORD_BYTES, TOPICS

_DAY = 86_400_000
_FOR_EVER = "-1"

# Compaction is how a personal payload is erased (the same key is written again), and keys are
# unique, so nothing else is lost by it. `delete` beside it with no time limit lets the archiver
# cut off a verified month; only `normalized` is made again from `raw` and may grow old.
_KEPT: dict[str, dict[str, str]] = {
    "raw": {"cleanup.policy": "compact,delete", "retention.ms": _FOR_EVER},
    "normalized": {"cleanup.policy": "compact,delete", "retention.ms": str(90 * _DAY)},
    "decisions": {"cleanup.policy": "compact", "retention.ms": _FOR_EVER},
    "deduplicated": {"cleanup.policy": "compact", "retention.ms": _FOR_EVER},
    "dead_letter": {"cleanup.policy": "compact,delete", "retention.ms": _FOR_EVER},
    "cursors": {"cleanup.policy": "compact", "retention.ms": _FOR_EVER},
    "alarms": {"cleanup.policy": "compact", "retention.ms": _FOR_EVER},
    "books": {"cleanup.policy": "compact", "retention.ms": _FOR_EVER},
    "audit": {"cleanup.policy": "delete", "retention.ms": _FOR_EVER},
}
_LAGS = {
    # A reader that is at most an hour behind never meets a compacted past ...
    "min.compaction.lag.ms": str(_DAY // 24),
    # ... and an erased payload is gone from the disks after a week at the latest.
    "max.compaction.lag.ms": str(7 * _DAY),
}


def configs(name: str, replication: int) -> dict[str, str]:
    """Return the settings with which a topic is created."""
    kept = {"retention.bytes": _FOR_EVER, "max.message.bytes": str(MAX_RECORD_BYTES)} | _KEPT[name]
    if "compact" in kept["cleanup.policy"]:
        kept |= _LAGS
    if replication == 1:
        # A lone broker answers from the page cache; an answer is to mean "on disk".
        kept["flush.messages"] = "1"
    elif replication >= 3:
        kept["min.insync.replicas"] = "2"
    return kept


async def ensure_topics(settings: KafkaSettings) -> None:
    """Create what is missing. Raises ConfigError for a topic unlike ours, CannotStore if away."""
    async with admin(settings) as client:
        found = await _partitions(client, settings)
        if missing := [name for name in TOPICS if name not in found]:
            await _create(client, settings, missing)
            found = await _until_led(client, settings)
        _check_counts(settings, found)
        await _check_retention(client, settings)


async def delete_before(settings: KafkaSettings, ends: Mapping[Any, int]) -> None:
    """Delete the records before these offsets, as an archiver may."""
    if ends:
        async with admin(settings) as client:
            wanted = {tp: RecordsToDelete(before_offset=end) for tp, end in ends.items()}
            await client.delete_records(wanted)


async def _partitions(client: Any, settings: KafkaSettings) -> dict[str, list[Mapping[str, Any]]]:
    """Return our topics' partitions; asking for all makes no broker create a topic by itself."""
    ours = {settings.topic(name): name for name in TOPICS}
    found = await client.describe_topics(None)
    return {ours[t["topic"]]: t["partitions"] for t in found if t["topic"] in ours}


async def _create(client: Any, settings: KafkaSettings, missing: list[str]) -> None:
    wanted = [
        NewTopic(
            settings.topic(name),
            TOPICS[name].partitions,
            settings.replication,
            topic_configs=configs(name, settings.replication),
        )
        for name in missing
    ]
    answer = await client.create_topics(wanted)
    for topic, code, message in answer.topic_errors:
        # 36: another process of ours was faster.
        if code not in (0, 36):
            raise ConfigError(f"Topik Kafka {topic} tidak dapat dibuat: {message} (kode {code}).")
    get_logger().info("topics_created", count=len(missing))


async def _until_led(client: Any, settings: KafkaSettings) -> dict[str, list[Mapping[str, Any]]]:
    while True:
        found = await _partitions(client, settings)
        parts = [p for topic in found.values() for p in topic]
        if len(found) == len(TOPICS) and all(p["leader"] >= 0 for p in parts):
            return found
        await asyncio.sleep(0.05)


def _check_counts(settings: KafkaSettings, found: Mapping[str, list[Mapping[str, Any]]]) -> None:
    for name, topic in TOPICS.items():
        if (count := len(found[name])) != topic.partitions:
            raise ConfigError(
                f"Topik Kafka {settings.topic(name)} punya {count} partisi, sedangkan program ini "
                f"memakai {topic.partitions}; jumlah partisi tidak boleh diubah sesudah dibuat."
            )


async def _check_retention(client: Any, settings: KafkaSettings) -> None:
    asked = [ConfigResource(ConfigResourceType.TOPIC, settings.topic(name)) for name in TOPICS]
    for answer in await client.describe_configs(asked):
        for code, _, _, full_name, entries in answer.resources:
            if code:  # a cluster may not let us read settings; then its operator vouches for them
                get_logger().warning("topic_settings_unread", topic=full_name, reason=str(code))
                continue
            has = {entry[0]: entry[1] for entry in entries}
            _check_kept(full_name, _KEPT[full_name.removeprefix(settings.prefix)], has)


def _check_kept(full_name: str, wanted: Mapping[str, str], has: Mapping[str, str]) -> None:
    policy = has["cleanup.policy"]
    if set(policy.split(",")) != set(wanted["cleanup.policy"].split(",")):
        raise ConfigError(
            f"Topik Kafka {full_name} memakai cleanup.policy={policy}, seharusnya "
            f"{wanted['cleanup.policy']}."
        )
    if "delete" not in policy:
        return
    kept, least = int(has["retention.ms"]), int(wanted["retention.ms"])
    if kept != -1 and (least == -1 or kept < least):
        raise ConfigError(
            f"Topik Kafka {full_name} menghapus rekaman sesudah {kept} ms, seharusnya paling "
            f"cepat {'tidak pernah (-1)' if least == -1 else f'{least} ms'}."
        )
    if has["retention.bytes"] != _FOR_EVER:
        raise ConfigError(f"Topik Kafka {full_name} dibatasi retention.bytes, seharusnya -1.")
