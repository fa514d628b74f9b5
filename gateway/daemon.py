"""What every stage is handed when it runs as a process."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from core.clock import Clock
from core.settings import Settings

Ready = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Daemon:
    """What every stage is handed."""

    settings: Settings
    clock: Clock
    stop: asyncio.Event
    ready: Ready
    # Its own name among the processes that share a stage's work.
    member: str = ""
