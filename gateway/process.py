"""What every child of the supervisor does: tell that it is ready, stop on SIGTERM, die with it."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import NoReturn

from core import log
from core.clock import system_clock
from core.errors import CannotStore, ConfigError, Fenced
from core.settings import Settings, child_environment
from gateway.daemon import Daemon
from gateway.ports import ASK_OVER_HTTP, try_port

_PR_SET_PDEATHSIG = 1
# A daemon whose work was taken over by another process starts again with what stands now.
AGAIN = 75


def die_with_parent(parent: int) -> None:
    """Let the kernel kill this process when its supervisor is gone, however it went."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(AGAIN)  # it went before we asked


def run_daemon(
    work: Callable[[Daemon], Awaitable[None]],
    settings: Settings,
    ready_fd: int | None,
    member: str,
) -> int:
    """Run one stage until SIGTERM or SIGINT; return its exit code."""
    log.configure()
    return asyncio.run(_run(work, settings, ready_fd, member))


async def _run(
    work: Callable[[Daemon], Awaitable[None]],
    settings: Settings,
    ready_fd: int | None,
    member: str,
) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    daemon = Daemon(settings, system_clock, stop, lambda: _tell_ready(ready_fd), member)
    code = 0
    try:
        await work(daemon)
    except* ConfigError as group:
        code = ConfigError.exit_code
        for error in _leaves(group):
            print(f"kanal: {error}", file=sys.stderr, flush=True)
    except* Fenced:
        code = AGAIN
        log.get_logger().warning("stage_fenced")
    except* CannotStore:
        code = AGAIN
        log.get_logger().error("stage_stopped", reason="cannot_store")
    except* Exception as bugs:
        code = 1
        for bug in _leaves(bugs):
            # Its place, never its message: that may quote a citizen.
            kind, place = type(bug).__name__, log.where(bug)
            log.get_logger().error("stage_stopped", error=kind, where=place)
    return code


def _leaves(group: BaseExceptionGroup[Exception]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


def _tell_ready(ready_fd: int | None) -> None:
    if ready_fd is not None:
        os.write(ready_fd, b"1")
        os.close(ready_fd)


def become_dashboard(settings: Settings, ready_fd: int | None) -> NoReturn:
    """Turn this process into the dashboard's server; being killed with the parent survives it."""
    import dashboard

    try_port("dasbor", settings.dashboard.host, settings.dashboard.port, "--dashboard-port")
    if ready_fd is not None:
        os.write(ready_fd, ASK_OVER_HTTP)
        os.close(ready_fd)
    command = dashboard.command(
        settings.config_dir, settings.data_dir, settings.dashboard.host, settings.dashboard.port
    )
    zone = next(iter(settings.tenants.values())).zone
    os.execve(command[0], command, child_environment(settings, **dashboard.environment(zone)))
