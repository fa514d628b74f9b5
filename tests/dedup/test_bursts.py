"""Bursts: more than usual in a kecamatan is a warning, once; what does not count raises none."""

from typing import Any

import pytest

from core import topics
from core.schema import Complaint
from core.state import Alarm
from tests.dedup.makers import TLOGO, sequencer, stored, told

DAY = 24 * 60


def warnings(*complaints: Complaint) -> list[Alarm]:
    made = sequencer()
    return [
        Alarm.model_validate_json(out.value)
        for offset, record in enumerate(complaints)
        for out in made.enter(stored(record, offset)) if out.topic == topics.ALARMS.name
    ]  # fmt: skip


def flood(number: int, **given: Any) -> Complaint:
    fields = {"kategori": "drainase_banjir", "minutes": 3 * number} | given
    return told(number, f"Banjir nomor {number}", **fields)


def test_a_flood_is_warned_of_once() -> None:
    (warning,) = warnings(*(flood(n) for n in range(20)))
    assert (warning.kind, warning.channel) == ("burst", "drainase_banjir/Kanigoro")
    assert "5 laporan dari 5 pelapor dalam 3 jam" in warning.sentence
    assert warning.since == flood(4).occurred_at


@pytest.mark.parametrize(
    "given",
    [
        {"history": True},
        {"simulated": True},
        {"rahasia": True},
        {"klasifikasi": "bukan_aduan"},
        {"reporter_ref": "satu orang"},
        {"place": {"kode": "35.05"}},
    ],
)
def test_what_raises_none(given: dict[str, Any]) -> None:
    assert warnings(*(flood(n, **given) for n in range(9))) == []
    assert warnings(*(flood(n) for n in range(4))) == []


def test_habit_is_no_burst() -> None:
    """Five within three hours are nothing where as many come every three hours."""
    usual = [flood(n, minutes=36 * n) for n in range(1100)]
    told_ = warnings(*usual)
    assert len(told_) <= 2
    assert all(w.since < usual[60].occurred_at for w in told_)


def test_each_kategori_and_kecamatan_has_its_own_count() -> None:
    other = [flood(100 + n, kategori="pohon", place=TLOGO, minutes=n) for n in range(3)]
    assert warnings(*(flood(n) for n in range(4)), *other) == []
