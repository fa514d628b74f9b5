"""TLS and SCRAM on a real broker: what is right gets in, what is wrong is told apart."""

import asyncio
import gc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.bus import Outgoing
from core.bus.kafka import KafkaBus, KafkaSettings
from core.errors import CannotStore, ConfigError
from core.ids import digest
from tests.kafka.broker import PASSWORD, USER, Broker
from tests.kafka.engine import need_kafka

# aiokafka lets go of a refused connection without waiting for TLS to say goodbye; a loop that ends
# at once, as here, leaves the socket to the collector. It is collected before the next test.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaSettings]:
    need_kafka()
    broker = Broker(tmp_path_factory.mktemp("secure"), secure=True).start()
    yield KafkaSettings(
        f"127.0.0.1:{broker.secure_port}",
        security_protocol="SASL_SSL",
        username=USER,
        password=PASSWORD,
        cafile=broker.certificate,
        send_seconds=4.0,
    )
    broker.kill()


async def round_trip(told: KafkaSettings) -> bytes:
    bus = KafkaBus(told)
    try:
        await bus.publish([Outgoing("raw", 0, digest("e"), b"isi")])
        consumer = await bus.subscribe("g", ["raw"])
        batch = await consumer.take(1, 20.0)
        await consumer.commit(batch, [])
        return batch.records[0].value
    finally:
        await bus.close()


def test_with_the_right_certificate_and_password(told: KafkaSettings) -> None:
    assert asyncio.run(round_trip(told)) == b"isi"


WRONG = [
    ("password", {"password": "salah"}, "menolak username atau password"),
    ("authority", {"cafile": None}, "tidak dipercaya"),
]


@pytest.mark.parametrize(("what", "change", "sentence"), WRONG, ids=[w[0] for w in WRONG])
def test_a_broker_that_refuses_us_is_told_in_a_sentence(
    told: KafkaSettings, what: str, change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        asyncio.run(round_trip(replace(told, **change)))


def test_a_client_without_tls_gets_nowhere(told: KafkaSettings) -> None:
    with pytest.raises(CannotStore):
        asyncio.run(round_trip(replace(told, security_protocol="PLAINTEXT")))


def test_a_certificate_that_is_not_there_is_named(told: KafkaSettings) -> None:
    with pytest.raises(ConfigError, match="cafile"):
        asyncio.run(round_trip(replace(told, cafile=Path("/nowhere.pem"))))


def test_no_password_is_shown() -> None:
    assert "rahasia" not in repr(KafkaSettings("x", password="rahasia"))
