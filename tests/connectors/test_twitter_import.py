"""What an office without access to the API brings: exports and pasted links."""

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.twitter import Settings, build
from connectors.twitter.connector import Twitter
from core.clock import FrozenClock
from core.connector import BadRow, Context
from core.errors import Unparseable
from core.schema import Message, RawMessage
from tests.connectors.x_fake import snowflake

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
WRITTEN = datetime(2026, 11, 20, 3, 15, tzinfo=UTC)
ID = snowflake(WRITTEN, 1)


def channel() -> Twitter:
    context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", FrozenClock(NOW))
    made = build(Settings(), context)
    assert isinstance(made, Twitter)
    return made


def read(path: Path, text: str) -> tuple[list[RawMessage], list[BadRow]]:
    path.write_text(text)
    found = list(channel().read(path))
    return (
        [raw for raw in found if isinstance(raw, RawMessage)],
        [row for row in found if isinstance(row, BadRow)],
    )


def message_of(raw: RawMessage) -> Message:
    (message,) = channel().parse(raw)
    return message


PASTED = f"""Kiriman warga pekan ini:
https://x.com/sri_contoh/status/{ID}?s=20
Lampu jalan Kanigoro mati

sejak Senin
http://twitter.com/i/web/status/{ID[:-1]}9  Sampah di Talun
https://mobile.twitter.com/budi_contoh/status/{ID[:-1]}8/photo/1
"""


def test_pasted_links_bring_name_time_and_words(tmp_path: Path) -> None:
    raws, bad = read(tmp_path / "tempel.txt", PASTED)
    assert [raw.external_id for raw in raws] == [ID, ID[:-1] + "9"]
    assert all(raw.history for raw in raws)
    message = message_of(raws[0])
    assert message.text == "Lampu jalan Kanigoro mati\n\nsejak Senin"
    assert message.occurred_at == WRITTEN
    assert (message.sender.name, message.sender.contact) == (
        "@sri_contoh", "https://x.com/sri_contoh",
    )  # fmt: skip
    assert message.permalink == f"https://x.com/sri_contoh/status/{ID}"
    assert message_of(raws[1]).text == "Sampah di Talun"
    assert [(row.where, "tautan tanpa isi" in row.reason) for row in bad] == [
        ("tempel.txt, baris 7", True)
    ]


POST = {"id": ID, "text": "banjir", "edit_history_tweet_ids": [ID], "author_id": "17"}
ANSWER = {"data": [POST], "includes": {"users": [{"id": "17", "username": "w17"}]}}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", json.dumps(ANSWER)),
        ("a.json", json.dumps([ANSWER])),
        ("a.json", json.dumps(POST)),
        ("a.json", json.dumps([POST])),
        ("a.json", "\ufeff" + json.dumps({"data": POST})),
        ("a.jsonl", json.dumps(POST) + "\n\n"),
        ("a.ndjson", json.dumps(ANSWER)),
        ("a.csv", f"id;text;author_id\n{ID};banjir;17\n"),
        ("a.csv", f"Tweet URL,Full Text\nhttps://x.com/w17/status/{ID},banjir\n"),
        ("a.txt", f"https://x.com/w17/status/{ID}\nbanjir"),
    ],
)
def test_every_form_is_the_same_event_as_from_the_api(tmp_path: Path, name: str, text: str) -> None:
    raws, bad = read(tmp_path / name, text)
    assert [(raw.external_id, raw.version) for raw in raws] == [(ID, ID)]
    assert bad == []
    assert message_of(raws[0]).text == "banjir"
    assert message_of(raws[0]).occurred_at == WRITTEN


TABLE = """id;created_at;text;username
1,99E+18;20/11/2026 10.15;nomor rusak;sri
;20/11/2026 10.15;tanpa nomor;sri
;kemarin;tanggal rusak;sri
;20/11/2026 10.15;;sri
"""


def test_a_table_gives_its_good_rows_and_names_the_bad_ones(tmp_path: Path) -> None:
    raws, bad = read(tmp_path / "ekspor.csv", TABLE)
    assert [(row.where, row.reason.partition(":")[0]) for row in bad] == [
        ("ekspor.csv, baris 2", "nomor"),
        ("ekspor.csv, baris 4", "tanggal"),
        ("ekspor.csv, baris 5", "isi"),
    ]
    (message,) = map(message_of, raws)
    assert (message.text, message.sender.name) == ("tanpa nomor", "@sri")
    assert message.occurred_at == WRITTEN
    again, _ = read(tmp_path / "lain.csv", TABLE)
    assert again[0].event_id == raws[0].event_id


def test_bad_lines_are_told_and_the_good_ones_taken(tmp_path: Path) -> None:
    empty = json.dumps({"meta": {"result_count": 0}})
    raws, bad = read(tmp_path / "a.jsonl", f'{json.dumps(POST)}\n{{"x": 1}}\nrusak\n{empty}\n')
    assert len(raws) == 1
    assert [row.where for row in bad] == ["a.jsonl, baris 2", "a.jsonl, baris 3"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", b"{"),
        ("a.txt", b"tanpa tautan"),
        ("a.txt", b"\xff\xfe\x00"),
        ("a.jsonl", b"\xff\xfe\x00"),
        ("a.csv", b""),
        ("a.xlsx", b"x"),
    ],
)
def test_what_is_no_export_is_unparseable(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(Unparseable):
        list(channel().read(path))


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda text: text.strip() and "status" not in text
)


@given(st.lists(st.tuples(st.integers(1, 10**18), WORDS), min_size=1, max_size=5))
def test_pasted_words_stay_with_their_link(pasted: list[tuple[int, str]]) -> None:
    text = "\n".join(f"https://x.com/a/status/{n}\n{words}" for n, words in pasted)
    with TemporaryDirectory() as folder:
        found, _ = read(Path(folder) / "a.txt", text)
    assert [(raw.external_id, message_of(raw).text) for raw in found] == [
        (str(n), words.strip()) for n, words in pasted
    ]
