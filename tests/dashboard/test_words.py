"""Times, numbers and codes as an Indonesian office reads them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import words

WIB = ZoneInfo("Asia/Jakarta")
# Wednesday 25 Nov 2026, 08.15 WIB.
NOW = datetime(2026, 11, 25, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(0), "baru saja"),
        (timedelta(seconds=59), "baru saja"),
        (timedelta(seconds=-20), "baru saja"),
        (timedelta(minutes=1), "1 menit lalu"),
        (timedelta(minutes=59, seconds=59), "59 menit lalu"),
        (timedelta(hours=2), "2 jam lalu"),
        (timedelta(hours=8), "8 jam lalu"),
        (timedelta(hours=5, minutes=59), "5 jam lalu"),
        (timedelta(hours=9), "kemarin 23.15"),
        (timedelta(hours=18, minutes=10), "kemarin 14.05"),
        (timedelta(hours=33), "2 hari lalu"),
        (timedelta(days=3), "3 hari lalu"),
        (timedelta(days=40), "16 Okt 2026"),
        (timedelta(minutes=-5), "25 Nov 2026"),
    ],
)
def test_relative(ago: timedelta, told: str) -> None:
    assert words.relative(NOW - ago, NOW, WIB) == told


def test_shortly_after_midnight_an_hour_ago_is_an_hour_ago() -> None:
    midnight = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)  # 00.30 WIB
    assert words.relative(midnight - timedelta(hours=1), midnight, WIB) == "1 jam lalu"


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Asia/Jakarta", "25 Nov 2026 08.15 WIB"),
        ("Asia/Pontianak", "25 Nov 2026 08.15 WIB"),
        ("Asia/Makassar", "25 Nov 2026 09.15 WITA"),
        ("Asia/Jayapura", "25 Nov 2026 10.15 WIT"),
        ("Europe/Paris", "25 Nov 2026 02.15 Europe/Paris"),
    ],
)
def test_exact_is_local_and_names_its_zone(zone: str, told: str) -> None:
    assert words.exact(NOW, ZoneInfo(zone)) == told


def test_short_names_the_year_only_when_it_is_another() -> None:
    assert words.short(NOW, NOW, WIB) == "25 Nov 08.15"
    assert words.short(NOW - timedelta(days=400), NOW, WIB) == "21 Okt 2025 08.15"


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (timedelta(seconds=-3), "0 detik"),
        (timedelta(seconds=4), "4 detik"),
        (timedelta(minutes=12), "12 menit"),
        (timedelta(hours=26), "1 hari"),
    ],
)
def test_age(span: timedelta, told: str) -> None:
    assert words.age(span) == told


@pytest.mark.parametrize(("n", "told"), [(0, "0"), (1284, "1.284"), (12.5, "12,5")])
def test_number(n: float, told: str) -> None:
    assert words.number(n) == told


def test_codes_have_names_and_unknown_ones_are_readable() -> None:
    assert words.named("permintaan_informasi", words.KLASIFIKASI) == "Permintaan informasi"
    assert words.named("jalan_rusak", {}) == "Jalan rusak"
    assert words.named(None, {}) == "-"
    assert words.place("Tlogo", "Kanigoro") == "Desa/Kel. Tlogo, Kec. Kanigoro"
    assert words.place("", None) == ""


KATEGORI = {"jalan_rusak": "Jalan, trotoar, jembatan"}


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("kategori", "jalan_rusak", "Jalan, trotoar, jembatan"),
        ("opd_suggested", "DPUPR", "Dinas PUPR"),
        ("opd_suggested", "", "tidak ada usulan"),
        ("urgency", "high", "Mendesak"),
        ("rahasia", "true", "ya"),
        ("berkadar_pengawasan", "unknown", "belum jelas"),
        ("language", "mixed", "campuran"),
        ("klasifikasi", "whistleblowing", "Dugaan pelanggaran (WBS)"),
    ],
)
def test_explained_values(field: str, value: str, told: str) -> None:
    assert words.value_of(field, value, KATEGORI, {"DPUPR": "Dinas PUPR"}) == told


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("kategori jalan_rusak, mendesak", "kategori “Jalan, trotoar, jembatan”, mendesak"),
        ("klasifikasi whistleblowing", "klasifikasi dugaan pelanggaran"),
        (
            "bobot pengaduan 1, permintaan_informasi 1.5",
            "bobot pengaduan 1, permintaan informasi 1.5",
        ),
    ],
)
def test_rules_name_no_code(rule: str, told: str) -> None:
    assert words.rule_of(rule, KATEGORI) == told


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)))
def test_any_moment_can_be_told(moment: datetime) -> None:
    for told in (words.relative(moment, NOW, WIB), words.short(moment, NOW, WIB)):
        assert told
        assert "None" not in told
