"""The supervisor of `kanal up`: one process per stage, restarted when it ends, ended with it."""

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import httpx

from core.backoff import backoff
from core.errors import ConfigError, GatewayError
from core.log import get_logger
from core.settings import Settings, child_environment
from gateway import processes, wiring
from gateway.ports import ASK_OVER_HTTP
from gateway.pulls import pause

STAGES = ("connectors", "normalizer", "dedup", "sink", "dashboard")
_LONGEST_PAUSE = 30.0
_GRACE = 10.0
_NOT_STARTED = 1
_SUMMARY_EVERY = 60.0
_NOTED_EVERY = 0.5


class Child:
    """One stage's process, started again whenever it ends."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        settings: Settings,
        rest: Callable[[asyncio.Event, float], Awaitable[None]] = pause,
    ) -> None:
        self.name = name
        self._rest = rest
        self.restarts = 0
        self.ready = asyncio.Event()
        self.refused: int | None = None
        self._command = command
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def process(self) -> processes.StageProcess:
        """Return how it stands, for `/metrics`."""
        return processes.StageProcess(
            stage=self.name, pid=self.pid, ready=self.ready.is_set(), restarts=self.restarts
        )

    async def keep(self, stop: asyncio.Event) -> None:
        """Run it until `stop`; pauses grow only while it ends before it was ready."""
        failures = 0
        while not stop.is_set():
            was_ready, code = await self._run_once(stop)
            if stop.is_set():
                return
            if code == ConfigError.exit_code and not self.restarts and not was_ready:
                self.refused = code
                stop.set()
                return
            failures = 0 if was_ready else failures + 1
            self.restarts += 1
            get_logger().warning(
                "stage_restarted", stage=self.name, status=code, attempt=self.restarts
            )
            if failures:
                await self._rest(stop, backoff(0.5, failures, _LONGEST_PAUSE))

    async def _run_once(self, stop: asyncio.Event) -> tuple[bool, int]:
        try:
            read, write = os.pipe()
        except OSError:
            return False, _NOT_STARTED
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, "--ready-fd", str(write), "--parent", str(os.getpid()),
                pass_fds=(write,), start_new_session=True, stdin=asyncio.subprocess.DEVNULL,
                env=child_environment(self._settings),
            )  # fmt: skip
        except OSError:
            # No memory, no process, no file to spare: the machine may have them in a moment.
            os.close(read)
            return False, _NOT_STARTED
        finally:
            os.close(write)
        if stop.is_set():
            # Told while it was being made: whoever ends the others has not seen this one.
            await self.end()
        watching = asyncio.create_task(self._watch(read))
        code = await self._process.wait()
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        was_ready = self.ready.is_set()
        self.ready.clear()
        return was_ready, code

    async def _watch(self, read: int) -> None:
        """Wait for the child's word that it is ready (the dashboard is asked over HTTP)."""
        loop = asyncio.get_running_loop()
        told = asyncio.Event()
        loop.add_reader(read, told.set)
        try:
            await told.wait()
            word = os.read(read, 1)
            if word == ASK_OVER_HTTP:
                # It became Streamlit's own process and can no longer tell.
                await _answers(f"http://{self._host}/_stcore/health")
            if word:
                self.ready.set()
        finally:
            loop.remove_reader(read)
            os.close(read)

    @property
    def _host(self) -> str:
        return f"{self._settings.dashboard.host}:{self._settings.dashboard.port}"

    async def end(self) -> None:
        """Ask it to stop, and kill it if it will not."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _GRACE)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()


class Supervisor:
    """All children of one data folder."""

    def __init__(
        self, settings: Settings, say: Callable[[str], None], feeds: Sequence[Sequence[str]] = ()
    ) -> None:
        self._settings = settings
        self._say = say
        # Commands run one after the other once everything is ready (the demo's citizens).
        self._feeds = feeds
        folders = ("--config", str(settings.config_dir), "--data", str(settings.data_dir))
        # A name that stands: a restarted stage takes over from its dead self at once.
        shared = (*folders, "--member", "up")
        self._children = [
            Child(name, (sys.executable, "-m", "gateway", "run", name, *shared), settings)
            for name in STAGES
        ]
        self._folders = folders

    def run_until_stopped(self, welcome: Callable[[float], str]) -> int:
        """Keep everything running until SIGTERM or Ctrl-C; return the exit code."""
        return asyncio.run(self.run(welcome))

    async def run(self, welcome: Callable[[float], str]) -> int:
        """Keep everything running until SIGTERM or Ctrl-C; return the exit code."""
        started = time.monotonic()
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        with _only_one(self._settings.data_dir):
            kept = [asyncio.create_task(child.keep(stop)) for child in self._children]
            greeting = asyncio.create_task(self._greet(welcome, started))
            summing = asyncio.create_task(self._sum_up(stop))
            noting = asyncio.create_task(self._note())
            told = asyncio.create_task(stop.wait())
            # Only `stop` ends the keeping of a stage; a bug that does ends everything, loudly.
            await asyncio.wait({told, *kept}, return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            for task in (greeting, summing, noting):
                task.cancel()
            await asyncio.gather(*(child.end() for child in self._children))
            await asyncio.gather(*kept)
            processes.forget(self._settings.data_dir)
        return max((child.refused or 0 for child in self._children), default=0)

    async def _greet(self, welcome: Callable[[float], str], started: float) -> None:
        await asyncio.gather(*(child.ready.wait() for child in self._children))
        self._say(welcome(time.monotonic() - started))
        for words in self._feeds:
            feed = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gateway", *words, *self._folders,
                "--parent", str(os.getpid()), stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True, env=child_environment(self._settings),
            )  # fmt: skip
            try:
                await feed.wait()
            finally:
                with contextlib.suppress(ProcessLookupError):
                    feed.kill()

    async def _sum_up(self, stop: asyncio.Event) -> None:
        """One line a minute: what came, what waits, how the processes stand."""
        while not stop.is_set():
            await asyncio.sleep(_SUMMARY_EVERY)
            try:
                self._say(await asyncio.to_thread(self._summary))
            except GatewayError as error:
                self._say(f"{time.strftime('%H:%M')} log tidak dapat dibaca: {error}")

    async def _note(self) -> None:
        """Keep DATA's note of the processes true; `/metrics` of the intake reads it."""
        told: list[processes.StageProcess] = []
        while True:
            now = [child.process() for child in self._children]
            if now != told:
                processes.note(self._settings.data_dir, now)
                told = now
            await asyncio.sleep(_NOTED_EVERY)

    def _summary(self) -> str:
        counts, lag = asyncio.run(_status(self._settings))
        alive = sum(child.ready.is_set() for child in self._children)
        restarts = sum(child.restarts for child in self._children)
        return (
            f"{time.strftime('%H:%M')} diterima {counts['received']}"
            f" · ulangan {counts['redelivered']} · antre {lag}"
            f" · proses {alive}/{len(self._children)} siap · dimulai ulang {restarts}"
        )


async def _status(settings: Settings) -> tuple[dict[str, int], int]:
    bus = wiring.bus(settings)
    try:
        status = await bus.status()
    finally:
        await bus.close()
    counts = {"received": 0, "redelivered": 0}
    for (_, _, what), n in status.tallies.items():
        if what in counts:
            counts[what] += n
    return counts, sum(status.lags.values())


async def _answers(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(url, timeout=2)).status_code == 200:
                    return
            await asyncio.sleep(0.1)


@contextlib.contextmanager
def _only_one(data: Path) -> Iterator[None]:
    """Hold the data folder for this supervisor alone. Raises ConfigError if it is held."""
    try:
        (data / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = open(data / "run" / "supervisor.lock", "a+")  # noqa: SIM115 - closed below
    except OSError as error:
        raise ConfigError(f"{data}: tidak dapat ditulis ({error.strerror})") from error
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"{data}: sudah dijalankan oleh kanal up lain") from None
        yield
