"""Each service of docker-compose.yml starts on this machine: its own command, its environment."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from core.settings import Settings

ROOT = Path(__file__).parents[1]
SERVICES: dict[str, dict[str, Any]] = {
    name: service
    for name, service in yaml.safe_load((ROOT / "docker-compose.yml").read_text())[
        "services"
    ].items()
    if service.get("command", [""])[0] == "run"
}
# No stage of its own yet: it says so, and its service waits behind a profile.
NOT_YET = {name for name, service in SERVICES.items() if "profiles" in service}
_SECONDS = 60


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def environment(service: dict[str, Any], **more: str) -> dict[str, str]:
    """Return what the container would see, with its names filled in."""
    # Until the Kafka engine is wired in, its settings are refused like any unknown one.
    unwired = () if "kafka" in Settings.model_fields else ("KANAL_KAFKA__BOOTSTRAP",)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("KANAL_")}
    given = {k: v.replace(v[v.find("${") : v.rfind("}") + 1], "aduan.example") if "${" in v else v
             for k, v in service["environment"].items()}  # fmt: skip
    return {k: v for k, v in (clean | given | more).items() if k not in unwired}


@contextmanager
def started(
    service: dict[str, Any], data: Path, **more: str
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a service's command as the image would; yield it and the pipe it says it is ready on."""
    command = [str(data) if part == "/data" else part for part in service["command"]]
    read, write = os.pipe()
    try:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("kanal"), *command, "--ready-fd", str(write)],
            cwd=ROOT, env=environment(service, **more), pass_fds=(write,),
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    finally:
        os.close(write)
    try:
        yield process, read
    finally:
        os.close(read)
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(SERVICES) - NOT_YET))
def test_starts_and_stops(name: str, tmp_path: Path) -> None:
    ports = {f"KANAL_{part}__PORT": str(free_port()) for part in ("INTAKE", "DASHBOARD")}
    # The broker is no part of this: tests/kafka runs the stages on one.
    with started(SERVICES[name], tmp_path, KANAL_BUS="embedded", **ports) as (process, ready):
        assert select.select([ready], [], [], _SECONDS)[0], "not ready in time"
        word = os.read(ready, 1)
        if name == "dashboard":
            # It became Streamlit's own process, which cannot tell.
            transport = httpx.HTTPTransport(retries=7)
            with httpx.Client(transport=transport, trust_env=False) as client:
                url = f"http://127.0.0.1:{ports['KANAL_DASHBOARD__PORT']}/_stcore/health"
                assert client.get(url).text == "ok"
        else:
            assert word == b"1", process.stderr and process.stderr.read()
        process.send_signal(signal.SIGTERM)
        assert process.wait(_SECONDS) == 0


@pytest.mark.parametrize("name", sorted(NOT_YET))
def test_what_is_not_there_yet_says_so(name: str, tmp_path: Path) -> None:
    with started(SERVICES[name], tmp_path, KANAL_BUS="embedded") as (process, _):
        assert process.wait(_SECONDS) == 2
        assert process.stderr
        assert "belum ada di rilis ini" in process.stderr.read()
