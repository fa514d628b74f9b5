"""`/metrics`: of every stage under the supervisor, and of one daemon on a port of its own."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway import processes
from tests.acceptance.running import KANAL, ROOT, clean_environment, command, running
from tests.gateway.house import free_port

STAGES = {"connectors", "normalizer", "dedup", "sink", "dashboard"}
Values = dict[tuple[str, str], float]
"""(name of the sample, its stage) -> value."""


def scraped(url: str) -> Values:
    """Return what a page of metrics tells, if it can be read as Prometheus reads it."""
    try:
        text = httpx.get(url, timeout=10).raise_for_status().text
    except httpx.HTTPError:
        return {}
    return {
        (sample.name, sample.labels.get("stage", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def until(url: str, holds: Callable[[Values], bool], seconds: float = 40) -> Values:
    """Scrape until what is told holds."""
    waited = threading.Event()
    values: Values = {}
    for _ in range(int(seconds / 0.2)):
        values = scraped(url)
        if holds(values):
            return values
        waited.wait(0.2)
    raise AssertionError(f"it did not come to hold: {values}")


def test_the_intake_tells_of_every_stage(tmp_path: Path) -> None:
    def all_up(values: Values) -> bool:
        return {s for (name, s), v in values.items() if name == "kanal_stage_up" and v} == STAGES

    with running(tmp_path / "rumah") as house:
        url = f"{house.base}/metrics"
        values = until(url, all_up)
        for stage in STAGES:
            assert values["kanal_stage_resident_memory_bytes", stage] > 10e6
            assert values["kanal_stage_cpu_seconds_total", stage] > 0
            assert values["kanal_stage_open_fds", stage] > 3
            assert values["kanal_stage_restarts_total", stage] == 0
        house.kill(house.children()["dedup"])
        until(url, lambda v: v.get(("kanal_stage_restarts_total", "dedup")) == 1 and all_up(v))
    assert processes.noted(house.data) == ()


def test_a_daemon_tells_of_itself_and_of_the_bus(tmp_path: Path) -> None:
    port = free_port()
    daemon = subprocess.Popen(
        [*KANAL, "run", "normalizer", "--data", str(tmp_path), "--metrics-port", str(port)],
        cwd=ROOT, env=clean_environment(),
    )  # fmt: skip
    try:
        values = until(
            f"http://127.0.0.1:{port}/metrics",
            lambda v: v.get(("kanal_bus_readable", "")) == 1 and ("kanal_lag_records", "") in v,
        )
        assert values["process_resident_memory_bytes", ""] > 10e6
    finally:
        daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(30) == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("dashboard", "--metrics-port", "9"), "/_stcore/metrics"),
        (("sink", "--metrics-port", "70000"), "65535"),
    ],
)
def test_a_port_that_cannot_be_is_a_sentence(
    tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    tried = command("run", *words, "--data", str(tmp_path))
    assert tried.returncode == 2
    assert sentence in tried.stderr


def test_the_note_of_the_stages_survives_what_is_broken(tmp_path: Path) -> None:
    assert processes.noted(tmp_path) == ()
    # No folder to write to, as on a full disk: the note is missing, nothing else happens.
    processes.note(tmp_path / "tidak-ada", [])
    (tmp_path / "run").mkdir()
    one = processes.StageProcess(stage="sink", pid=os.getpid(), ready=True, restarts=2)
    gone = processes.StageProcess(stage="dedup", pid=None, ready=False, restarts=3)
    with subprocess.Popen(["true"]) as ended:
        pass
    stale = processes.StageProcess(stage="normalizer", pid=ended.pid, ready=True, restarts=0)
    processes.note(tmp_path, [one, gone, stale])
    assert processes.noted(tmp_path) == (one, gone, stale)
    told = {
        (sample.name, sample.labels["stage"]): sample.value
        for metric in processes.metrics((one, gone, stale))
        for sample in metric.samples
    }
    assert told["kanal_stage_up", "sink"] == 1
    assert told["kanal_stage_up", "dedup"] == told["kanal_stage_up", "normalizer"] == 0
    assert told["kanal_stage_restarts_total", "dedup"] == 3
    assert ("kanal_stage_resident_memory_bytes", "dedup") not in told
    assert told["kanal_stage_resident_memory_bytes", "sink"] > 10e6
    (tmp_path / "run" / "stages.json").write_text("[{")
    assert processes.noted(tmp_path) == ()
