"""The chart of 24 hours: its colours stay, its empty hours stay, and a sentence tells it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from dashboard import charts, style

NOW = datetime(2026, 11, 25, 8, 40)
LABELS = {"call112": "Call center 112", "radio": "Formulir radio", "sms": "SMS 1708"}


def row(hours_ago: int, channel: str, pesan: int) -> dict[str, Any]:
    jam = NOW.replace(minute=0) - timedelta(hours=hours_ago)
    return {"jam": jam, "channel": channel, "pesan": pesan, "laporan": pesan}


def test_the_24_hours_end_with_this_one() -> None:
    span = charts.hours(NOW)
    assert (len(span), span[0], span[-1]) == (
        24,
        datetime(2026, 11, 24, 9),
        datetime(2026, 11, 25, 8),
    )


@pytest.mark.parametrize("rows", [[row(0, "sms", 3)], [row(2, "radio", 1), row(30, "sms", 2)]])
def test_colours_and_hours_do_not_depend_on_what_there_is(rows: list[dict[str, Any]]) -> None:
    spec = charts.per_hour(rows, LABELS, NOW).to_dict()
    scale = spec["encoding"]["color"]["scale"]
    assert scale == {"domain": list(LABELS.values()), "range": style.colours(LABELS)}
    assert len(spec["encoding"]["x"]["scale"]["domain"]) == 24
    assert spec["config"]["locale"]["number"]["decimal"] == ","


def test_the_sentence_is_the_chart_for_who_cannot_see_it() -> None:
    rows = [row(0, "sms", 3), row(0, "radio", 1), row(5, "radio", 1_200)]
    assert charts.sentence(rows, LABELS) == (
        "1.204 pesan dalam 24 jam terakhir; paling ramai jam 03.00 (1.200 pesan); "
        "terbanyak dari Formulir radio (1.201)."
    )
    assert charts.sentence([], LABELS) == "Tidak ada pesan dalam 24 jam terakhir."
