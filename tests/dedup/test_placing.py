"""Which complaints are one problem: tables of constructed pairs, and what must never be joined."""

from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from dedup import Policy
from tests.dedup.makers import CONFIG, KANIGORO, TLOGO, enter, sequencer, told

TREE = "Pohon tumbang menutup jalan raya dekat pasar Minggirsari"
LAMP = "Lampu penerangan jalan mati di depan SDN 1 Minggirsari gelap sekali"
HOLE = "Jalan berlubang parah di sepanjang dusun Krajan Minggirsari bahaya"
AID = "Saya belum menerima bantuan sosial padahal terdaftar mohon dicek"


def relation(first: str, second: str, one: dict[str, Any], other: dict[str, Any]) -> str:
    entries = enter(sequencer(), told(1, first, **one), told(2, second, **other))
    assert all(e.relation != "opened" or e.case_id for e in entries)
    return str(entries[1].relation)


@pytest.mark.parametrize(
    ("first", "second", "other", "expected"),
    [
        (TREE, TREE, {}, "joined"),
        (HOLE, HOLE + " pak", {"minutes": 60 * 24 * 3}, "joined"),
        (LAMP, "lampu penerangan mati depan SDN 1 minggirsari gelap", {}, "joined"),
        # Another desa of the same name of problem.
        (HOLE, HOLE, {"place": TLOGO}, "opened"),
        # A broken road lives for months, a fallen tree for hours.
        (HOLE, HOLE, {"minutes": 60 * 24 * 8}, "joined"),
        (HOLE, HOLE, {"minutes": 60 * 24 * 200}, "opened"),
        (TREE, TREE, {"minutes": 60 * 24 * 8, "kategori": "pohon"}, "opened"),
        # The same words under another kategori are for a person to look at.
        (HOLE, HOLE, {"kategori": "sampah"}, "suggested"),
        # A confidential one, a test run.
        (HOLE, HOLE, {"rahasia": True}, "opened"),
        (HOLE, HOLE, {"simulated": True}, "opened"),
        (HOLE, HOLE, {"stub": True}, "opened"),
        (HOLE, HOLE, {"klasifikasi": "bukan_aduan"}, "opened"),
        # Words alone are not enough.
        (HOLE, "Tolong pak", {}, "opened"),
        ("Jalan rusak rt 3 Minggirsari berlubang", "Jalan rusak rt 7 Minggirsari berlubang", {},
         "opened"),
    ],
)  # fmt: skip
def test_pairs(first: str, second: str, other: dict[str, Any], expected: str) -> None:
    assert relation(first, second, {}, other) == expected


def test_the_order_of_arrival_is_not_the_order_of_time() -> None:
    assert relation(TREE, TREE, {"minutes": 90}, {"minutes": 0}) == "joined"


def test_a_reason_is_a_sentence_that_names_words_and_place() -> None:
    entry = enter(sequencer(), told(1, TREE), told(2, TREE, minutes=13))[1]
    assert "Minggirsari" in entry.reason
    assert "menit" in entry.reason
    assert 0.7 < entry.score <= 1


def test_fourteen_reports_of_one_tree_are_one_case() -> None:
    channels = ("sms", "whatsapp", "call112", "radio", "telegram")
    told_ = [told(n, TREE, channel=channels[n % 5], minutes=n * 4) for n in range(14)]
    entries = enter(sequencer(), *told_)
    assert len({e.case_id for e in entries}) == 1
    assert len({e.complaint.ticket_no for e in entries if e.complaint}) == 14


@pytest.mark.parametrize("place", [KANIGORO, {}])
def test_forty_who_send_a_template_are_forty_cases(place: dict[str, str]) -> None:
    told_ = [told(n, AID, kategori="bansos_sosial", place=place) for n in range(40)]
    assert len({e.case_id for e in enter(sequencer(), *told_)}) == 40


def test_the_same_words_without_a_place_are_not_joined() -> None:
    words = "Jalan rusak berlubang mohon segera diperbaiki pak"
    told_ = [told(n, words, place=KANIGORO) for n in range(10)]
    entries = enter(sequencer(), *told_)
    assert "joined" not in {e.relation for e in entries}


def test_a_suggestion_keeps_its_own_case() -> None:
    words = "Jalan rusak berlubang parah di kanigoro mohon diperbaiki"
    entries = enter(sequencer(), told(1, words, place=KANIGORO), told(2, words, place=KANIGORO))
    assert entries[1].relation == "suggested"
    assert entries[1].suggested_case_id == entries[0].case_id != entries[1].case_id
    assert entries[1].reason


def test_a_confidential_complaint_lends_no_word() -> None:
    secret = told(1, TREE + " rumah Pak Kades", rahasia=True)
    entries = enter(sequencer(), secret, told(2, TREE))
    assert entries[1].relation == "opened"
    assert all("Kades" not in e.reason for e in entries)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "version"),
        ("window_days = 7\n[[", "dedup.toml"),
    ],
)
def test_a_broken_policy_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "dedup.toml").write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        Policy.load(tmp_path)


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    whole = (CONFIG / "dedup.toml").read_text()
    (tmp_path / "dedup.toml").write_text("jendela = 3\n" + whole)
    with pytest.raises(ConfigError, match="jendela"):
        Policy.load(tmp_path)
