"""Hands what the log has counted to the sink, and prints the books: `kanal books`."""

import asyncio
import secrets
from collections import defaultdict
from contextlib import closing
from pathlib import Path

from rich.table import Table

from core import keys, topics
from core.bus import Bus, Outgoing
from core.clock import Clock
from core.errors import CannotStore
from core.ids import digest
from core.log import get_logger
from core.state import Tallies
from gateway import screen
from gateway.pulls import pause
from sink import books, calls
from sink.reader import Reader

_EVERY = 5.0


async def keep_books(bus: Bus, data: Path, clock: Clock, stop: asyncio.Event) -> None:
    """Publish the log's counts when they have changed: cumulative rows, never process counters."""
    node = _node(data)
    told: dict[str, dict[str, int]] = {}
    while not stop.is_set():
        try:
            pages = [p for p in await _pages(bus, node, clock) if told.get(p.key) != p.counts]
            await bus.publish([_record(page) for page in pages])
            told |= {page.key: page.counts for page in pages}
        except CannotStore:
            get_logger().warning("books_waited")
        await pause(stop, _EVERY)


def show(data: Path) -> bool:
    """Print the books of every channel; say whether nothing is missing or invented."""
    with closing(Reader(data, "operator")) as reader:
        pages = books.pages(reader)
    table = Table("kantor", "kanal", "diterima", "disimpan", "ulangan", "diabaikan", "ditahan",
                  "dalam proses", "ditolak di pintu")  # fmt: skip
    for p in pages:
        counts = (p.received, p.stored, p.redelivered, p.ignored, p.parked, p.in_flight, p.refused)
        table.add_row(p.tenant, p.channel, *(str(n) for n in counts))
    screen.show(table)
    _tell_calls(data, sorted({p.tenant for p in pages if p.channel == "call112"}))
    open_pages = [p for p in pages if p.in_flight]
    words = ", ".join(f"{p.channel} {p.in_flight}" for p in open_pages)
    print(f"Dalam proses: {words}." if words else "Seimbang: semua yang diterima ada nasibnya.")
    return not open_pages


def _tell_calls(data: Path, offices: list[str]) -> None:
    """Print what came of the calls to 112: a prank is a message, and no complaint."""
    with closing(Reader(data, "operator")) as reader:
        for office in offices:
            counted = calls.call_outcomes(reader, office, simulated=True)
            if told := ", ".join(f"{call['panggilan']} {call['n']}" for call in counted):
                print(f"Panggilan 112 ({office}): {told}.")


async def _pages(bus: Bus, node: str, clock: Clock) -> list[Tallies]:
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for (tenant, channel, what), n in (await bus.status()).tallies.items():
        # What the bus calls stored is on the log; the sink counts what is in the store.
        if tenant and what != "stored":
            found[tenant, channel][what] = n
    return [
        Tallies(tenant=tenant, channel=channel, node=node, counts=counts, at=clock())
        for (tenant, channel), counts in sorted(found.items())
    ]


def _record(page: Tallies) -> Outgoing:
    part = topics.BOOKS.partition(page.tenant, page.channel)
    event_id = digest("books", page.key, page.at.isoformat(), str(sorted(page.counts.items())))
    return Outgoing(topics.BOOKS.name, part, event_id, page.to_bytes(), key=page.key)


def _node(data: Path) -> str:
    """Name this data folder's log; made once, so that its counts are never added twice."""
    return keys.once(data / "run" / "node", secrets.token_hex(8).encode()).decode()
