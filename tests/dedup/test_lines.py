"""`kanal dedup`'s function: what a line may leave out, and what comes back as it was."""

import json
from typing import Any

import pytest

from core.errors import ConfigError
from dedup import assign_lines
from tests.dedup.makers import policy

PLACE = {"kode": "35.05.10.2001", "kecamatan": "Kanigoro", "kelurahan_desa": "Minggirsari"}


def line(number: int, **given: Any) -> dict[str, Any]:
    return {
        "channel": "sms", "external_id": f"m{number}", "occurred_at": "2026-11-20T03:00:00Z",
        "text": "Pohon tumbang menutup jalan dekat pasar", "kategori": "pohon", "wilayah": PLACE,
    } | given  # fmt: skip


def assigned(*given: dict[str, Any]) -> list[dict[str, Any]]:
    lines = [json.dumps(g) + "\n" for g in given]
    return [json.loads(out) for out in assign_lines(lines, policy())]


def test_what_only_names_a_complaint_may_be_missing() -> None:
    bare = {"complaint_id": "a", "occurred_at": "2026-11-20T03:00:00Z", "text": "banjir"}
    assert [out["relation"] for out in assigned(line(1), line(2), bare)] == [
        "opened", "joined", "opened",
    ]  # fmt: skip


def test_offices_do_not_meet() -> None:
    one, other = assigned(line(1, tenant="a"), line(2, tenant="b"))
    assert one["case_id"] != other["case_id"]
    assert other["relation"] == "opened"


@pytest.mark.parametrize(
    "extra",
    [
        {"catatan": {"dalam": [1, 2.5, None, True]}},
        {"separuh": "\ud83d", "emoji": "\U0001f600"},
        {"case_id": "lama", "score": "x", "relation": "joined"},
        {"title": None, "rating": None},
    ],
)
def test_unknown_fields_come_back_and_old_answers_do_not_count(extra: dict[str, Any]) -> None:
    (out,) = assigned(line(1, **extra))
    answers = {"case_id", "suggested_case_id", "relation", "score", "reason"}
    assert {k: v for k, v in out.items() if k not in answers} == {
        k: v for k, v in line(1, **extra).items() if k not in answers
    }
    assert out["relation"] == "opened"


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ("", "baris 1: bukan JSON"),
        ('{"text": NaN}', "baris 1: bukan JSON"),
        ("[" * 100_000, "baris 1: bukan JSON"),
        ("3", "baris 1: bukan objek JSON"),
        (json.dumps(line(1, occurred_at="besok")), "baris 1: occurred_at: tidak sah"),
        (json.dumps(line(1, tenant=3)), "baris 1: tenant: tidak sah"),
        (json.dumps(line(1, wilayah={"lat": "utara"})), "baris 1: wilayah.lat: tidak sah"),
        ('{"external_id": "m1"}', "baris 1: occurred_at: tidak ada"),
        ('{"occurred_at": "2026-11-20T03:00:00Z"}', "baris 1: complaint_id: tidak ada"),
    ],
)
def test_a_bad_line_is_named_with_its_field(bad: str, named: str) -> None:
    with pytest.raises(ConfigError) as refused:
        list(assign_lines([bad], policy()))
    assert str(refused.value) == named


def test_lines_are_answered_as_they_come() -> None:
    """A stream: the first answer does not wait for the second line."""
    answers = assign_lines(iter([json.dumps(line(1)), "rusak"]), policy())
    assert json.loads(next(answers))["relation"] == "opened"
    with pytest.raises(ConfigError, match="baris 2"):
        next(answers)
