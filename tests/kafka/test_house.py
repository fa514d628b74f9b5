"""The thin thread over real Kafka with three normalizers: the same suite, unchanged."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.acceptance import test_thin_thread as thread
from tests.acceptance.running import KANAL, ROOT, Running, clean_environment, running
from tests.acceptance.two_doors import second_door
from tests.kafka.engine import broker

test_sms = thread.test_an_sms_becomes_a_row_that_sql_shows
test_joined = thread.test_the_same_problem_told_twice_is_one_case
test_transcripts = thread.test_a_transcript_file_that_is_half_good
test_radio = thread.test_the_radio_form_sent_twice_is_one_complaint
test_unknown = thread.test_an_unknown_payload_is_parked_and_seen_and_the_next_is_stored
test_two_doors = thread.test_two_deliveries_at_one_instant_are_stored_once
test_simulated = thread.test_simulated_citizens_are_all_accepted


@contextmanager
def normalizer(house: Running, environ: dict[str, str], name: str) -> Iterator[None]:
    """Run one more normalizer beside the house's own."""
    command = [*KANAL, "run", "normalizer", "--member", name, "--data", str(house.data)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=clean_environment() | environ, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def on_kafka() -> dict[str, str]:
    return {
        "KANAL_BUS": "kafka",
        "KANAL_KAFKA__BOOTSTRAP": broker().bootstrap,
        "KANAL_KAFKA__PREFIX": "rumah.",
    }


@pytest.fixture
def second(house: Running, tmp_path: Path) -> Iterator[str]:
    """Another machine that takes things in: a data folder and an outbox of its own."""
    shutil.copyfile(house.data / "secrets.env", tmp_path / "secrets.env")
    with second_door(house, tmp_path, on_kafka()) as address:
        yield address


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("kafka")
    environ = on_kafka()
    with running(folder / "rumah", environ) as made, ExitStack() as more:
        for name in ("dua", "tiga"):
            more.enter_context(normalizer(made, environ, name))
        yield made
