"""Watches a running house from outside: how far each stage is, and what ended up in the store."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from types import TracebackType

from bench.figures import Figures
from bench.load import raw_id
from core.bus import Status
from core.bus.opening import open_bus
from core.settings import load
from tests.acceptance.running import Running

_EVERY, _SELDOM = 0.05, 0.3
# So long without one more row is not slowness.
_STALL = 120.0
# A stub stands for a message that was parked: it is counted there.
_READ = "channel = 'sms' AND NOT coalesce(stub, false)"


class Watch:
    """Samples the log of a house for as long as the block lasts."""

    def __init__(self, house: Running, environ: Mapping[str, str] | None = None) -> None:
        self._settings = load(house.settings.config_dir, house.data, environ=environ or {})
        self._status: Status | None = None
        self.errors = Counter[str]()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._stop.set()
        self._thread.join()

    @property
    def engine(self) -> str:
        """Name the bus that is watched."""
        return self._settings.bus

    def handled(self, group: str) -> int:
        """Return how many records a group has handled; rises as long as the stage works."""
        status = self._status
        if status is None:
            return 0
        lags = {topic: lag for (of, topic), lag in status.lags.items() if of == group}
        return sum(status.records.get(topic, 0) - lag for topic, lag in lags.items())

    def waiting(self, group: str) -> int:
        """Return how many records wait for a group."""
        status = self._status
        return sum(n for (of, _), n in status.lags.items() if of == group) if status else 0

    def owner(self, group: str, partition: int) -> str:
        """Return the member of a group that owns a partition."""
        members = self._status.members if self._status else {}
        named = (
            name for (of, name), parts in members.items() if of == group and partition in parts
        )
        return next(named, "")

    def _sample(self) -> None:
        asyncio.run(self._read())

    async def _read(self) -> None:
        bus = open_bus(self._settings)
        try:
            while not self._stop.is_set():
                try:
                    self._status = await bus.status()
                except Exception as error:
                    # Whoever watches an outage must outlive it; the row tells what was met.
                    self.errors[type(error).__name__] += 1
                await asyncio.sleep(_EVERY if self._settings.bus == "embedded" else _SELDOM)
        finally:
            await bus.close()


def audit(house: Running, sids: Iterable[str], found: Figures) -> None:
    """Wait until the store stands still, then hold it against what was accepted."""
    truth = {raw_id(sid) for sid in sids}
    last, since = -1, time.monotonic()
    while time.monotonic() - since < _STALL:
        count = stored(house)
        if count >= len(truth):
            break
        if count != last:
            last, since = count, time.monotonic()
        time.sleep(0.2)
    rows = house.sql(f"SELECT raw_id FROM complaint_versions WHERE {_READ}")
    found.compare(truth, [str(row["raw_id"]) for row in rows])
    doubled = house.sql(
        "SELECT count(ticket) - count(DISTINCT ticket) AS n"
        " FROM (SELECT nullif(ticket_no, '') AS ticket FROM complaints)"
    )
    found.check(not doubled or doubled[0]["n"] == 0, "a ticket number was given twice")
    parked = house.sql("SELECT count(*) AS n FROM parked")
    found.parked += int(str(parked[0]["n"])) if parked else 0


def stored(house: Running) -> int:
    """Return how many messages are in what is published."""
    sql = f"SELECT count(DISTINCT raw_id) AS n FROM complaint_versions WHERE {_READ}"
    rows = house.sql(sql)
    return int(str(rows[0]["n"])) if rows else 0
