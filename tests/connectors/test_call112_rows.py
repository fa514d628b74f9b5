"""The rows of 112 files: how offices write them, and that no bytes can upset the gateway."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.call112.folder import SUFFIXES
from core.errors import Unparseable
from core.schema import Message, RawMessage
from tests.connectors.call112_inbox import ZONE, channel, drop, fetch, left, parsed, row, taken


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_spreadsheets_write_csv_in_many_ways(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [["Isi", "No. HP", ""], ["Kafé “ramai”", "0812-0000-0041", ""]]
    text = "\r\n".join(delimiter.join(cells) for cells in lines)
    drop(tmp_path, "a.csv", text.encode(encoding))
    (raw,) = taken(channel(tmp_path))
    message = parsed(raw)
    assert (message.text, message.sender.contact) == ("Kafé “ramai”", "0812-0000-0041")


@pytest.mark.parametrize(
    ("written", "minute"),
    [
        ("2026-11-21T08:15:00", "08:15"),
        ("2026-11-21 08:15:00+08:00", "07:15"),
        ("2026-11-21T01:15:00Z", "08:15"),
        ("21/11/2026 08.15", "08:15"),
        ("21-11-2026, 8:15:30 WIB", "08:15"),
        ("21.11.2026 pukul 09.15 WITA", "08:15"),
        ("2026-11-21 10.15 wit", "08:15"),
        ("2026-11-21", "00:00"),
        ("2026-11-21T08:15:30.5", "08:15"),
        (1795223700, "08:15"),
        ("1795223700000", "08:15"),
    ],
)
def test_times_are_read_as_offices_write_them(written: object, minute: str) -> None:
    at = parsed(row({"isi": "x", "waktu": written})).occurred_at
    assert at is not None
    assert f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}" == f"2026-11-21 {minute}"


@pytest.mark.parametrize(
    "written",
    [
        "kemarin",
        "31/02/2026 08:00",
        "0001-01-01",
        "9999-12-31",
        "08:15",
        "²/11/2026",
        "2026-11-21T08.15+07:00",
    ],
)
def test_a_time_nobody_can_read_is_said(written: str) -> None:
    with pytest.raises(Unparseable, match="waktu: tidak terbaca"):
        list(channel(Path()).parse(row({"isi": "x", "waktu": written})))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Isi: satu\ndua", "satu\ndua"),
        ("Operator: halo\nWaktu: nanti", "Operator: halo\nWaktu: nanti"),
        ("Nama: Sri\n\nNama: bukan judul", "Nama: bukan judul"),
        ("Nama: Sri\nNama: kedua", "Nama: kedua"),
    ],
)
def test_headings_end_where_the_transcript_begins(text: str, expected: str) -> None:
    assert parsed(row(text.encode(), "text/plain")).text == expected


TYPES = ["application/json", "text/plain", "text/vtt", "application/x-subrip",
         "text/tab-separated-values", ""]  # fmt: skip
values = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
    | st.datetimes().map(str) | st.lists(st.text(), max_size=2)
)  # fmt: skip
NAMES = ["id", "isi", "waktu", "tanggal", "jam", "nomor", "nama", "lokasi", "lat", "lon", "Isi "]
rows = st.dictionaries(st.sampled_from(NAMES) | st.text(), values)
files = (
    st.binary(max_size=200)
    | st.text(st.sampled_from('isi,waktu;id\n\r"\t:x0{}[]')).map(str.encode)
    | (rows | st.lists(rows, max_size=3)).map(lambda value: json.dumps(value).encode())
)


@given(files, st.sampled_from(TYPES))
def test_any_stored_bytes_are_read_or_unparseable(body: bytes, content_type: str) -> None:
    try:
        message = parsed(row(body, content_type))
    except Unparseable:
        return
    assert Message.model_validate_json(message.to_bytes()) == message


@given(files, st.sampled_from(SUFFIXES))
def test_any_file_ends_in_processed_or_failed(data: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        inbox = Path(folder)
        drop(inbox, "a" + suffix, data)
        pages = fetch(channel(inbox))
        for raw in (raw for page in pages for raw in page.messages):
            assert RawMessage.model_validate_json(raw.to_bytes()) == raw
            assert parsed(raw).text
        assert all(name.split("/")[0] in ("processed", "failed") for name in left(inbox))
        assert len(left(inbox)) in (1, 2, 3)
