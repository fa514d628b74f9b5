"""What the public may read: its own reports, masked, and nothing that was to be hidden."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.open311_words import CLOSED, report
from gateway.published import Published, Unavailable
from sink.reports import Wanted
from tests.dashboard.house import House
from tests.sink.sink_makers import START, TENANT, complaint

ZONE = ZoneInfo("Asia/Jakarta")
ASKED = Wanted()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Publish reports of which only the first two are for everybody."""
    house = House(tmp_path_factory.mktemp("house"))
    web = {"channel": "web", "simulated": False, "rahasia": False, "anonim": False}
    house.add(
        complaint(1, **web, text="Hubungi 0812-0000-0103", text_masked="Hubungi [telepon]",
                  kategori="pju"),
        complaint(2, **web, kategori="sampah"),
        complaint(3, **(web | {"rahasia": True})),
        complaint(4, **(web | {"simulated": True})),
        complaint(5, **(web | {"channel": "whatsapp"})),
    )  # fmt: skip
    house.publish()
    yield house.data
    house.close()


def ask(data: Path, wanted: Wanted = ASKED, *, simulated: bool = False) -> list[str]:
    published = Published(data, simulated=simulated, seconds=30)
    try:
        rows = asyncio.run(published.reports(TENANT, wanted))
    finally:
        published.close()
    return sorted(row["kategori"] for row in rows)


def test_only_what_is_for_all_is_shown(data: Path) -> None:
    assert ask(data) == ["pju", "sampah"]
    assert len(ask(data, simulated=True)) == 3
    hidden = [complaint(n, channel="web").complaint_id for n in (3, 4)]
    assert ask(data, Wanted(ids=hidden)) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(kategori=["pju"]), 1),
        (Wanted(since=START + timedelta(days=9)), 0),
        (Wanted(since=START, until=START + timedelta(days=9)), 2),
        (Wanted(statuses=CLOSED), 0),
        (Wanted(but_statuses=CLOSED), 2),
        (Wanted(ids=["' OR 1=1"]), 0),
    ],
)
def test_filters(data: Path, wanted: Wanted, found: int) -> None:
    assert len(ask(data, wanted)) == found


def test_a_report_tells_no_number_and_has_its_zone(data: Path) -> None:
    published = Published(data, simulated=False, seconds=30)
    rows = asyncio.run(published.reports(TENANT, Wanted(kategori=["pju"])))
    published.close()
    told = report(rows[0], {"pju": "Lampu"}, ZONE)
    assert "0103" not in str(told)
    assert told["requested_datetime"].endswith("+07:00")
    assert (told["status"], told["service_name"]) == ("open", "Lampu")


def test_slow_files_are_an_answer_too(data: Path) -> None:
    published = Published(data, simulated=False, seconds=0)
    with pytest.raises(Unavailable):
        asyncio.run(published.reports(TENANT, ASKED))
    published.close()


def test_before_anything_is_published(tmp_path: Path) -> None:
    assert ask(tmp_path) == []
