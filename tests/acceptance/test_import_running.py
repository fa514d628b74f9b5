"""An import while the gateway runs, and after what it wrote has left the log."""

import asyncio
from pathlib import Path

import pytest

from core import topics
from gateway import wiring
from tests.acceptance.running import Running, command, running
from tests.connectors.sp4n_export import reports, write_csv

COUNT = "SELECT count(*) FROM complaints WHERE channel = 'sp4n'"
CHANGED = {"Status Laporan": "Diarsipkan oleh Admin"}


def imported(house: Running, path: Path) -> str:
    done = command("import", "sp4n", str(path), "--yes", "--data", str(house.data))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def trim(house: Running) -> int:
    """Drop every payload of `raw` that is handled, as the archive will once a month is safe."""

    async def work() -> int:
        bus = wiring.bus(house.settings)
        try:
            raw = topics.RAW
            through = {(raw.name, part): 1 << 40 for part in range(raw.partitions)}
            return await bus.trim(raw.name, through)
        finally:
            await bus.close()

    return asyncio.run(work())


@pytest.mark.slow
def test_an_import_beside_a_running_gateway(tmp_path: Path) -> None:
    rows = list(reports(40))
    first = write_csv(tmp_path / "a.csv", rows[:30])
    second = write_csv(tmp_path / "b.csv", [{**row, **CHANGED} for row in rows[:5]] + rows[5:35])
    third = write_csv(tmp_path / "c.csv", [{**row, **CHANGED} for row in rows[5:10]] + rows)
    with running(tmp_path / "data") as house:
        assert imported(house, first) == "baru=30 berubah=0 tetap=0 ditolak=0"
        house.wait_for(COUNT, 30)
        assert imported(house, second) == "baru=5 berubah=5 tetap=25 ditolak=0"
        house.wait_for(COUNT, 35)
        house.wait_for(f"{COUNT} AND given LIKE '%Diarsipkan%'", 5)
        assert trim(house) == 40
        # The five newest states are told by what is published alone; the rest is known by its id.
        assert imported(house, third) == "baru=5 berubah=5 tetap=35 ditolak=0"
        house.wait_for(COUNT, 40)
        told = house.sql(f"{COUNT} AND history AND ticket_no <> '' AND sumber_asal <> ''")
        assert list(told[0].values()) == [40]
