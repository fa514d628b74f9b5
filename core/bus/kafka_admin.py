"""What a Kafka cluster knows of our groups: what they have done, and who is in them."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
from aiokafka.conn import collect_hosts, create_conn  # type: ignore[import-untyped]
from aiokafka.coordinator.protocol import ConsumerProtocol  # type: ignore[import-untyped]
from aiokafka.errors import (  # type: ignore[import-untyped]
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
)

from core.bus import Positions
from core.bus.kafka_settings import CLIENT, KafkaSettings
from core.errors import CannotStore, ConfigError, GatewayError


@dataclass(frozen=True, slots=True)
class Group:
    """One of our groups as the brokers know it."""

    done: Positions = field(default_factory=dict)
    members: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@asynccontextmanager
async def admin(settings: KafkaSettings) -> AsyncIterator[Any]:
    """Connect for a moment. Raises CannotStore when the cluster does not answer or refuses."""
    client = AIOKafkaAdminClient(**settings.connection())
    try:
        async with asyncio.timeout(settings.send_seconds):
            await client.start()
            yield client
    except GatewayError:
        raise
    except Exception as error:
        if isinstance(error, KafkaConnectionError) and (refused := await _refusal(settings)):
            raise ConfigError(refused) from error
        raise CannotStore(f"Kafka tidak menjawab: {type(error).__name__}") from error
    finally:
        await client.close()


async def _refusal(settings: KafkaSettings) -> str:
    """Tell a broker that refuses us from one that is away; the client itself does not."""
    told = settings.connection()
    del told["bootstrap_servers"], told["metadata_max_age_ms"]
    for host, port, _ in collect_hosts(settings.bootstrap):
        try:
            connection = await create_conn(host, port, **told)
        except SaslAuthenticationFailed:
            return "[kafka] broker menolak username atau password."
        except ssl.SSLCertVerificationError as error:
            return f"[kafka] sertifikat broker tidak dipercaya ({error.verify_message}): cafile?"
        except (OSError, KafkaError, TimeoutError):
            continue
        connection.close()
    return ""


async def groups(settings: KafkaSettings) -> dict[str, Group]:
    """Return every group of ours with what it has committed and who is in it."""
    async with admin(settings) as client:
        names = [
            name
            for name, *_ in await client.list_consumer_groups()
            if name.startswith(settings.prefix)
        ]
        # One at a time: aiokafka misreads an answer about several groups (its v3 is read as v2).
        described = [a for name in names for a in await client.describe_consumer_groups([name])]
        members = {g[1]: _members(g[5]) for answer in described for g in answer.groups}
        return {
            name.removeprefix(settings.prefix): Group(
                _done(settings, await client.list_consumer_group_offsets(name)),
                members.get(name, {}),
            )
            for name in names
        }


def _done(settings: KafkaSettings, offsets: Mapping[Any, Any]) -> Positions:
    return {
        (tp.topic.removeprefix(settings.prefix), tp.partition): at.offset - 1
        for tp, at in offsets.items()
        if at.offset >= 0
    }


def _members(described: list[tuple[Any, ...]]) -> dict[str, tuple[int, ...]]:
    """Return the partition numbers of each member by our name for it, else by the broker's."""
    found: dict[str, tuple[int, ...]] = {}
    for member_id, client_id, _host, _metadata, assignment in described:
        name = client_id.removeprefix(CLIENT).removeprefix("-") or member_id
        parts = ConsumerProtocol.ASSIGNMENT.decode(assignment).partitions() if assignment else []
        found[name] = tuple(sorted({tp.partition for tp in parts}))
    return found
