"""The sink: writes the register into DuckDB once, and publishes it for everyone else to read."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from core.bus import Batch, Positions
from core.clock import Clock, system_clock
from core.errors import RetryLater
from core.log import get_logger
from sink.publish import Publisher
from sink.reference import load_reference
from sink.store import Reopened, Store

__all__ = ["Publisher", "Reopened", "Sink", "Store", "load_reference"]


class Sink:
    """What the runner holds. Every method blocks: call it in the one thread the sink owns."""

    def __init__(
        self,
        data_dir: Path,
        zones: Mapping[str, ZoneInfo],
        analyst_keys: Mapping[str, bytes],
        clock: Clock = system_clock,
    ) -> None:
        self.store = Store(data_dir / "live" / "kanal.duckdb", zones)
        self._publisher = Publisher(self.store, data_dir / "published", clock, analyst_keys)

    def positions(self) -> Positions:
        """Return where the bus is to go on; these win over the bus's own."""
        return self.store.positions()

    def notes(self) -> dict[tuple[str, int], str]:
        """Return what was noted with each position."""
        return self.store.notes()

    def handle(self, batch: Batch, notes: Mapping[tuple[str, int], str] | None = None) -> None:
        """Write a batch once. Raises Reopened (a RetryLater): then offer the same batch again.

        `notes` are kept with the positions: what the reader must know to go on from there.
        """
        self.store.write(batch.records, batch.after, notes)

    def maybe_publish(self, now: datetime) -> bool:
        """Publish if it is due; a failure is logged and tried again later."""
        if not self._publisher.due(now):
            return False
        try:
            self._publisher.publish()
        except (duckdb.Error, OSError, RetryLater) as error:
            get_logger().error("publication_failed", error=type(error).__name__)
            return False
        return True

    def close(self) -> None:
        """Let go of the live file."""
        self.store.close()
