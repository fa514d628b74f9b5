"""CSV files as offices make them."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Unparseable
from core.tabular import local_moment, pick, read_csv

WIB = ZoneInfo("Asia/Jakarta")


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "berkas.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_any_delimiter_and_encoding(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = f'Isi Ulasan{delimiter}Bintang\r\n"café\nrusak"{delimiter}2\r\n\r\nbagus{delimiter}5\r\n'
    found = list(read_csv(written(tmp_path, text.encode(encoding))))
    assert found == [
        (2, {"isi_ulasan": "café\nrusak", "bintang": "2"}),
        (5, {"isi_ulasan": "bagus", "bintang": "5"}),
    ]


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"a,a\n1,2", b'a,b\n"x', b"a\0b\n", b"a,b\n" + b"x" * 200_000, b"\xff\xfea"],
)
def test_what_is_no_csv_is_unparseable(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Unparseable):
        list(read_csv(written(tmp_path, data)))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs"]), min_size=1)))
def test_what_was_written_is_read(values: list[str]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([["no", "isi"], *([n, v] for n, v in enumerate(values))])
    with TemporaryDirectory() as folder:
        rows = list(read_csv(written(Path(folder), file.getvalue().encode())))
    assert [row["isi"] for _, row in rows] == [value.strip() for value in values]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("21/11/2026 08.15", datetime(2026, 11, 21, 1, 15, tzinfo=UTC)),
        ("21-11-2026 08:15:30", datetime(2026, 11, 21, 1, 15, 30, tzinfo=UTC)),
        ("2026/11/21", datetime(2026, 11, 20, 17, tzinfo=UTC)),
        ("2026-11-21T01:15:30.123Z", datetime(2026, 11, 21, 1, 15, 30, 123000, tzinfo=UTC)),
        ("2026-11-21 08:15 WITA", datetime(2026, 11, 21, 0, 15, tzinfo=UTC)),
        ("2026-11-21 01:15:00 UTC", datetime(2026, 11, 21, 1, 15, tzinfo=UTC)),
    ],
)
def test_times_as_offices_write_them(text: str, expected: datetime) -> None:
    assert local_moment(text, WIB) == expected


@pytest.mark.parametrize("text", ["", "kemarin", "31/02/2026", "1/1/0001", "2026-13-01"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert local_moment(text, WIB) is None


def test_the_first_filled_column_is_picked() -> None:
    assert pick({"a": "", "b": "x"}, ("a", "b", "c")) == "x"
    assert pick({}, ("a",)) == ""
