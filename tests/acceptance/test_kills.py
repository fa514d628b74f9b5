"""kill -9 over every process of a running house, seeded and paced by accepted messages.

The sender keeps its own list of what was accepted; at the end it is held against DuckDB: nothing
lost, nothing doubled, nothing invented.
"""

import asyncio
import os
import random
import threading
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.acceptance.running import Running
from tests.gateway.house import sms

SEED = int(os.environ.get("KILLS_SEED", "20261125"))
KILLS = int(os.environ.get("KILLS", "50"))
# Accepted messages between two kills; the clock has no say.
BETWEEN = 12
VICTIMS = ("connectors", "normalizer", "dedup", "sink", "dashboard", "supervisor")
PLACES = ("Minggirsari Kanigoro", "Tlogo Kanigoro", "Bakung Udanawu", "Ngoran Nglegok")


@dataclass
class Sender:
    """A provider: sends, and sends again until it is told 2xx."""

    house: Running
    accepted: list[str] = field(default_factory=list)
    sent: int = 0
    refused: int = 0

    async def one(self, client: httpx.AsyncClient, number: int) -> None:
        sid = f"SM{number:06d}"
        text = f"Jalan rusak nomor {number} di Desa {PLACES[number % len(PLACES)]}"
        url, headers, body = sms(self.house.base, text, sid)
        while True:
            self.sent += 1
            try:
                answer = await client.post(url, headers=headers, content=body)
            except httpx.TransportError:
                # Refused or cut: whether it was stored is unknown, so it is sent again.
                await asyncio.sleep(0.05)
                continue
            if answer.status_code == 200:
                self.accepted.append(sid)
                return
            assert answer.status_code == 503, answer.status_code
            self.refused += 1
            await asyncio.sleep(0.05)


async def storm(house: Running, kills: list[str]) -> Sender:
    """Send without pause; after each dozen accepted messages one process dies."""
    sender = Sender(house)
    number = 0
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        for victim in kills:
            async with asyncio.TaskGroup() as group:
                for _ in range(BETWEEN):
                    group.create_task(sender.one(client, number))
                    number += 1
                # In the middle of the dozen, not between two of them.
                await asyncio.to_thread(strike, house, victim)
        async with asyncio.TaskGroup() as group:
            for _ in range(BETWEEN):
                group.create_task(sender.one(client, number))
                number += 1
    return sender


def strike(house: Running, victim: str) -> None:
    """Kill one process; a killed supervisor is started again as systemd would."""
    if victim == "supervisor":
        house.kill()
        house.start()
        return
    waited = threading.Event()
    for _ in range(2000):
        pid = house.children().get(victim)
        if pid is not None:
            house.kill(pid)
            return
        # It is being started again after an earlier kill.
        waited.wait(0.01)
    raise AssertionError(f"{victim} did not come back\n" + "\n".join(house.lines))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_fifty_kills_lose_nothing_and_double_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(SEED)
    kills = [VICTIMS[n % len(VICTIMS)] for n in range(KILLS)]
    rng.shuffle(kills)
    house = Running(tmp_path / "rumah")
    house.start()
    try:
        house.ready()
        sender = asyncio.run(storm(house, kills))
        accepted = set(sender.accepted)
        house.wait_for("SELECT count(*) FROM complaints", len(accepted), seconds=120)
        rows = house.sql("SELECT external_id, ticket_no FROM complaint_versions")
    finally:
        house.stop()
    stored = [str(row["external_id"]) for row in rows]
    tickets = [str(row["ticket_no"]) for row in rows]
    lost, invented = accepted - set(stored), set(stored) - accepted
    with capsys.disabled():
        print(
            f"\nseed={SEED} kills={len(kills)} sent={sender.sent} accepted={len(accepted)}"
            f" stored={len(stored)} unique={len(set(stored))} lost={len(lost)}"
            f" doubled={len(stored) - len(set(stored))} invented={len(invented)}"
            f" refused={sender.refused}"
        )
    assert len(sender.accepted) == len(accepted) == (KILLS + 1) * BETWEEN
    assert (lost, invented) == (set(), set())
    assert len(stored) == len(set(stored))
    assert len(set(tickets)) == len(tickets)
