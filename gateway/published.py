"""Asks what the public may read without holding the intake up."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from core.errors import GatewayError
from sink.reader import NotPublished, Reader
from sink.reports import Wanted, reports

_SECONDS = 3.0


class Unavailable(GatewayError):
    """Data terbitan tidak dapat dibaca sekarang; coba lagi sebentar."""


class Published:
    """The analysts' flavour, asked in threads of its own and never for long."""

    def __init__(self, data_dir: Path, *, simulated: bool, seconds: float = _SECONDS) -> None:
        self._data, self._simulated, self._seconds = data_dir, simulated, seconds
        self._threads = ThreadPoolExecutor(1, "published")
        self._reader: Reader | None = None
        self._waiting = 0

    async def reports(self, tenant: str, wanted: Wanted) -> list[dict[str, Any]]:
        """Return the newest reports asked for, at most a thousand. Raises Unavailable."""
        if self._waiting >= 8:
            raise Unavailable("terlalu banyak yang membaca; coba lagi sebentar")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._threads, self._ask, tenant, wanted)
        except TimeoutError:
            raise Unavailable("data terbitan lambat dibaca; coba lagi sebentar") from None
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let go of the files."""
        self._threads.shutdown(cancel_futures=True)
        if self._reader:
            self._reader.close()

    def _ask(self, tenant: str, wanted: Wanted) -> list[dict[str, Any]]:
        if self._reader is None:
            self._reader = Reader(self._data, "analyst")
        try:
            return reports(self._reader, tenant, wanted, simulated=self._simulated)
        except NotPublished:
            return []
        # A file being replaced, a disk in trouble: the asker is to come again.
        except Exception as error:
            raise Unavailable(str(Unavailable.__doc__)) from error
