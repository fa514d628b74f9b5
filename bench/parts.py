"""A house without its supervisor: every stage a process of its own, several of a kind."""

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.acceptance.running import KANAL, ROOT, Running, clean_environment
from tests.gateway.house import free_port


class Parts(Running):
    """Stages started one by one; whatever was started is gone when the block ends."""

    def __init__(self, data: Path, environ: Mapping[str, str] | None = None) -> None:
        super().__init__(data, environ=environ)
        self._more = dict(environ or {})
        self._parts: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Parts":
        return self

    def __exit__(self, *_error: object) -> None:
        for process in self._parts.values():
            process.kill()
        for process in self._parts.values():
            process.wait(30)

    def begin(self, stage: str, member: str = "one", port: int | None = None) -> str:
        """Start one stage as a process and return once it says that it is ready."""
        read, write = os.pipe()
        ports = {"KANAL_INTAKE__PORT": str(port or self.settings.intake.port)}
        name = f"{stage}-{member}"
        try:
            self._parts[name] = subprocess.Popen(
                [*KANAL, "run", stage, "--member", member, "--ready-fd", str(write),
                 "--config", str(self.settings.config_dir), "--data", str(self.data)],
                cwd=ROOT, env=clean_environment() | self._more | ports, pass_fds=(write,),
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
        finally:
            os.close(write)
        with os.fdopen(read, "rb") as told:
            if not told.read(1):
                raise RuntimeError(f"{name} ended before it was ready")
        return name

    def begin_all(self, *, dedups: tuple[str, ...] = ("one",), normalizers: int = 1) -> None:
        """Start the usual stages, the dashboard left out."""
        self.begin("connectors")
        for n in range(normalizers):
            self.begin("normalizer", f"n{n}")
        for member in dedups:
            self.begin("dedup", member)
        self.begin("sink")

    def another_intake(self) -> str:
        """Start a second intake on a port of its own and return its address."""
        port = free_port()
        self.begin("connectors", f"port{port}", port)
        return f"http://127.0.0.1:{port}"

    def send(self, name: str, which: signal.Signals) -> None:
        """Send a part a signal."""
        self._parts[name].send_signal(which)

    def alive(self, name: str) -> bool:
        """Say whether a part still runs."""
        return self._parts[name].poll() is None

    def end(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End a part and wait until it is gone."""
        process = self._parts.pop(name)
        process.send_signal(how)
        process.wait(60)

    def leave(self, name: str) -> None:
        """Let a part stop in order."""
        self.end(name, signal.SIGTERM)
