"""Alarms stand on the live page until they are over; a quiet channel is not a broken one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.dashboard.conftest import Open, shown
from tests.dashboard.house import House


@pytest.mark.parametrize(
    ("given", "quiet"),
    [
        ({"last_success": 1}, True),
        ({"last_success": 1, "last_message_at": 30 * 60}, True),
        ({"last_success": 1, "last_message_at": 60}, False),
        ({"last_success": 120}, False),
        ({}, False),
        ({"last_success": 1, "state": "gagal"}, False),
        ({"last_success": 1, "state": "gagal", "sentence": "Kuota habis."}, False),
        # As the runner writes it of every channel that works.
        ({"last_success": 1, "sentence": "Tersambung."}, True),
        ({"last_success": 1, "last_message_at": 60, "sentence": "Tersambung."}, False),
    ],
)
def test_a_quiet_channel_is_told_from_a_broken_one(
    house: House, open_page: Open, given: dict[str, Any], quiet: bool
) -> None:
    now = datetime.now(UTC)
    ago = {k: now - timedelta(minutes=v) if isinstance(v, int) else v for k, v in given.items()}
    house.health("email", label="Surel", **ago)
    house.publish()
    told = shown(open_page())
    assert ("terhubung, memang sepi; diperiksa 1 menit lalu" in told) is quiet
    assert (given.get("sentence", "") in told) or quiet


def test_alarms_stand_on_the_page_until_they_are_over(house: House, open_page: Open) -> None:
    house.health("sms", label="SMS 1708", state="terhubung")
    house.alarm("silent", "Sunyi 5.0 jam; <biasanya> 1 jam.")
    house.alarm("lag", "Pengolahan tertinggal: penyimpanan 90 s.", tenant="", channel="")
    house.alarm("parked", "2 pesan ditahan.", tenant="kab-lain")
    house.publish()
    told = shown(open_page())
    assert '<span class="tanda warn">Sunyi</span>' in told
    assert "Sunyi 5.0 jam; &lt;biasanya&gt; 1 jam." in told
    assert "Pengolahan tertinggal: penyimpanan 90 s." in told
    assert "2 pesan ditahan." not in told
    over = {"ended": datetime.now(UTC)}
    house.alarm("silent", "Sunyi 5.0 jam; <biasanya> 1 jam.", **over)
    house.alarm("lag", "Pengolahan tertinggal: penyimpanan 90 s.", tenant="", channel="", **over)
    house.publish()
    assert "Yang perlu diperiksa" not in shown(open_page())
