"""Tells which complaints of an import were here before it: on the log, or already published."""

import json
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from core import ids, topics
from core.bus import Bus, walk
from sink.reader import NotPublished, Reader

# By id and not by date: what arrived after the import began may be of the import itself.
_PUBLISHED = (
    "SELECT complaint_id FROM complaints"
    " WHERE arrived_seq <= $before AND complaint_id IN (SELECT unnest($ids))"
)
_READ, _ASKED = 1000, 5000


def identity(tenant: str, channel: str, account: str, external_id: str) -> bytes:
    """Name the complaint a raw record belongs to, in as few bytes as it takes."""
    return uuid.UUID(ids.complaint_id(tenant, channel, account, external_id)).bytes


class Earlier:
    """What stood before the import; made before its first record is published."""

    def __init__(self, bus: Bus, data: Path, channel: tuple[str, str], node: str) -> None:
        self._bus, self._channel, self._node = bus, channel, node
        self._reader = Reader(data, "operator")
        self._before = self._published_until()

    async def among(self, fresh: set[bytes]) -> set[bytes]:
        """Return those that were here before; `fresh` alone decides how much is held in memory."""
        if not fresh:
            return set()
        found = await self._on_the_log(fresh)
        # The payloads of months that are archived are trimmed from the log, but published.
        return found | set(self._published(fresh - found))

    def close(self) -> None:
        """Let go of the published files."""
        self._reader.close()

    async def _on_the_log(self, fresh: set[bytes]) -> set[bytes]:
        found: set[bytes] = set()
        mark = f'"channel":{json.dumps(self._channel[1])}'.encode()
        own = f'"delivery_id":"{self._node}:'.encode()
        async for record in walk(self._bus, topics.RAW.name, _READ):
            # Looked at before it is read: most of the log is of other channels.
            if mark in record.value and own not in record.value:
                found |= self._named(record.value) & fresh
        return found

    def _named(self, value: bytes) -> set[bytes]:
        try:
            raw = json.loads(value)
            named = (raw["tenant"], raw["channel"], raw["account"], raw["external_id"])
        except (ValueError, KeyError, TypeError):
            return set()
        return {identity(*named)} if named[:2] == self._channel else set()

    def _published_until(self) -> int | None:
        try:
            return self._reader.manifest().pub_seq
        except NotPublished:
            return None

    def _published(self, fresh: Iterable[bytes]) -> Iterator[bytes]:
        if self._before is None:
            return
        waiting = iter(fresh)
        while asked := [str(uuid.UUID(bytes=one)) for one in islice(waiting, _ASKED)]:
            rows = self._reader.query(_PUBLISHED, {"before": self._before, "ids": asked})
            yield from (uuid.UUID(one).bytes for one in rows.column(0).to_pylist())


def earlier(bus: Bus, data: Path, channel: tuple[str, str], node: str) -> closing[Earlier]:
    """Look at what stands now, and let go of it at the end."""
    return closing(Earlier(bus, data, channel, node))
