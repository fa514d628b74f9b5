"""A whole house as a user runs it: `kanal up` in a process of its own, on free ports."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]

from core.settings import Settings, load
from sink.reader import NotPublished, Reader
from tests.gateway.house import CONFIG, SECRET, TOKEN, free_port

ROOT = Path(__file__).parents[2]
KANAL = [sys.executable, "-m", "gateway"]


class Running:
    """One `kanal up`; `lines` is what it has said so far."""

    def __init__(
        self, data: Path, config: Path = CONFIG, environ: Mapping[str, str] | None = None
    ) -> None:
        self._environ = dict(environ or {})
        data.mkdir(parents=True, exist_ok=True)
        secrets = data / "secrets.env"
        if not secrets.exists():
            secrets.write_text(f"{SECRET}={TOKEN}\n")
        ports = {"intake": {"port": free_port()}, "dashboard": {"port": free_port()}}
        self.settings: Settings = load(config, data, environ={}, overrides=ports)
        self.data = data
        self.lines: list[str] = []
        self._said = threading.Condition()
        self._process: subprocess.Popen[str] | None = None

    @property
    def base(self) -> str:
        return self.settings.intake.address

    @property
    def dashboard(self) -> str:
        return f"http://127.0.0.1:{self.settings.dashboard.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it; `ready` waits for its greeting."""
        self.lines = []
        self._process = subprocess.Popen(
            [
                *KANAL, "up", "--config", str(self.settings.config_dir), "--data", str(self.data),
                "--port", str(self.settings.intake.port),
                "--dashboard-port", str(self.settings.dashboard.port),
            ],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=clean_environment() | self._environ,
        )  # fmt: skip
        listening = (self._process, self.lines)
        threading.Thread(target=self._listen, args=listening, daemon=True).start()

    def _listen(self, process: "subprocess.Popen[str]", lines: list[str]) -> None:
        # Its own list: the end of one that was killed is not said in its successor's name.
        assert process.stdout is not None
        with process.stdout as said:
            for line in said:
                with self._said:
                    lines.append(line.rstrip())
                    self._said.notify_all()
        with self._said:
            lines.append("(ended)")
            self._said.notify_all()

    def ready(self, seconds: float = 60) -> float:
        """Wait for the greeting and return the seconds to ready that it told."""

        def greeted() -> list[str]:
            return [line for line in self.lines if line.startswith(("Siap dalam", "(ended)"))]

        with self._said:
            assert self._said.wait_for(greeted, seconds), "\n".join(self.lines)
            line = greeted()[0]
        assert line != "(ended)", "\n".join(self.lines)
        return float(line.split()[2])

    def children(self) -> dict[str, int]:
        """Return the pid of every stage's process."""
        found = {}
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for pid in listed:
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words == [b""]:
                continue  # dead, not yet buried
            name = words[4].decode() if words[2:4] == [b"gateway", b"run"] else "dashboard"
            found[name] = int(pid)
        return found

    def kill(self, pid: int | None = None) -> None:
        """Kill one process at once; without a pid, the supervisor."""
        os.kill(self.pid if pid is None else pid, signal.SIGKILL)
        if pid is None:
            assert self._process is not None
            self._process.wait()

    def stop(self) -> int:
        """Stop it as Ctrl-C would and return its exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        return self._process.wait(30)

    def sql(self, query: str) -> list[dict[str, object]]:
        """Ask the operators' flavour; nothing published yet is no row."""
        reader = Reader(self.data, "operator")
        try:
            table: pa.Table = reader.query(query)
        except NotPublished:
            return []
        finally:
            reader.close()
        rows: list[dict[str, object]] = table.to_pylist()
        return rows

    def wait_for(self, query: str, expected: object, seconds: float = 30) -> None:
        """Wait until a query's single value is what is expected."""
        deadline = threading.Event()
        timer = threading.Timer(seconds, deadline.set)
        timer.start()
        try:
            found: object = None
            while not deadline.wait(0.1):
                rows = self.sql(query)
                found = next(iter(rows[0].values())) if rows else None
                if found == expected:
                    return
            raise AssertionError(f"{query}: {found!r} instead of {expected!r}")
        finally:
            timer.cancel()


def clean_environment() -> dict[str, str]:
    """Return this process's environment without settings of Kanal."""
    return {k: v for k, v in os.environ.items() if not k.startswith("KANAL_")}


@contextmanager
def running(data: Path, environ: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Run a house for the length of a block."""
    house = Running(data, environ=environ)
    house.start()
    try:
        house.ready()
        yield house
    finally:
        house.stop()


def command(*words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """Run `kanal` once."""
    return subprocess.run(
        [*KANAL, *words], cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=120,
        env=clean_environment(), check=False,
    )  # fmt: skip
