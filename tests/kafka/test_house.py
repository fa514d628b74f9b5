"""The thin thread over real Kafka with three normalizers: the same suite, unchanged."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.acceptance import test_thin_thread as thread
from tests.acceptance.running import KANAL, ROOT, Running, clean_environment, running
from tests.kafka.engine import broker

test_sms = thread.test_an_sms_becomes_a_row_that_sql_shows
test_joined = thread.test_the_same_problem_told_twice_is_one_case
test_transcripts = thread.test_a_transcript_file_that_is_half_good
test_radio = thread.test_the_radio_form_sent_twice_is_one_complaint
test_unknown = thread.test_an_unknown_payload_is_parked_and_seen_and_the_next_is_stored
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


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("kafka")
    environ = {
        "KANAL_BUS": "kafka",
        "KANAL_KAFKA__BOOTSTRAP": broker().bootstrap,
        "KANAL_KAFKA__PREFIX": "rumah.",
    }
    with running(folder / "rumah", environ) as made, ExitStack() as more:
        for name in ("dua", "tiga"):
            more.enter_context(normalizer(made, environ, name))
        yield made
