"""The supervisor: restarts at once what worked, backs off from what does not, ends with its own."""

import asyncio
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from gateway.supervisor import Child
from tests.acceptance.running import Running, command
from tests.gateway.house import free_port, settings

WORKS = "import os,sys; os.write(int(sys.argv[sys.argv.index('--ready-fd')+1]), b'1'); sys.exit(1)"
FAILS = "import sys; sys.exit(1)"
REFUSES = "import sys; sys.exit(2)"
SLEEPS = "import signal; signal.pause()"


def pauses(tmp_path: Path, program: str, count: int) -> list[float]:
    """Run a child until it was restarted so often, and return the pauses before each restart."""
    given = settings(tmp_path)

    async def scenario() -> list[float]:
        stop, asked = asyncio.Event(), list[float]()

        async def rest(_stop: asyncio.Event, seconds: float) -> None:
            asked.append(seconds)

        child = Child("dedup", (sys.executable, "-c", program), given, rest)
        keeping = asyncio.create_task(child.keep(stop))
        while child.restarts < count and not keeping.done():
            await asyncio.sleep(0)
        stop.set()
        await child.end()
        await keeping
        assert child.refused == (2 if program == REFUSES else None)
        return asked[:count]

    return asyncio.run(scenario())


def test_what_had_become_ready_is_started_again_at_once(tmp_path: Path) -> None:
    assert pauses(tmp_path, WORKS, 4) == []


def test_pauses_grow_while_it_fails_to_become_ready(tmp_path: Path) -> None:
    assert pauses(tmp_path, FAILS, 4)[:3] == [0.5, 1.0, 2.0]


def test_bad_input_at_the_first_start_is_not_tried_again(tmp_path: Path) -> None:
    assert pauses(tmp_path, REFUSES, 3) == []


def gone(pids: list[int], seconds: float = 20) -> bool:
    """Wait until processes have ended."""
    waited = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return True
        waited.wait(0.05)
    return False


def test_children_end_with_their_supervisor_however_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house = Running(tmp_path / "rumah")
    house.start()
    house.ready()
    pids = list(house.children().values())
    assert len(pids) == 5
    house.kill()
    assert gone(pids), "SIGKILL"
    house.start()
    seconds = house.ready()
    with capsys.disabled():
        print(f"\nSecond start of kanal up: ready in {seconds:.1f} s")
    pids = list(house.children().values())
    os.kill(house.pid, signal.SIGTERM)
    assert house.stop() == 0
    assert gone(pids), "SIGTERM"
    house.start()
    house.ready()
    pids = list(house.children().values())
    assert house.stop() == 0, "Ctrl-C"
    assert gone(pids)


def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        tried = command(
            "up", "--data", str(tmp_path), "--port", port, "--dashboard-port", str(free_port())
        )
    assert tried.returncode == 2
    assert f"porta {port}" in tried.stderr + tried.stdout


def test_a_taken_dashboard_port_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        tried = command(
            "up", "--data", str(tmp_path), "--port", str(free_port()), "--dashboard-port", port
        )
    assert tried.returncode == 2
    assert f"dasbor tidak dapat memakai 127.0.0.1 porta {port}" in tried.stderr
    assert "Siap dalam" not in tried.stdout


def test_a_program_that_cannot_be_started_is_tried_again(tmp_path: Path) -> None:
    async def scenario() -> list[float]:
        stop, asked = asyncio.Event(), list[float]()

        async def rest(_stop: asyncio.Event, seconds: float) -> None:
            asked.append(seconds)
            if len(asked) == 3:
                stop.set()

        child = Child("dedup", (str(tmp_path / "tidak-ada"),), settings(tmp_path), rest)
        await asyncio.wait_for(child.keep(stop), 20)
        return asked

    before = len(os.listdir("/proc/self/fd"))
    assert asyncio.run(scenario()) == [0.5, 1.0, 2.0]
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_stop_while_a_stage_is_being_started_ends_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        stop = asyncio.Event()
        child = Child("dedup", (sys.executable, "-c", SLEEPS), settings(tmp_path))
        keeping = asyncio.create_task(child.keep(stop))
        await asyncio.sleep(0)
        # The process is being made: whoever ends the children finds none yet.
        assert child.pid is None
        stop.set()
        await child.end()
        await asyncio.wait_for(keeping, 20)
        assert child.pid is None

    asyncio.run(scenario())
