"""Tables in the files people bring: found wherever they stand, read row by row, never trusted."""

import io
import tracemalloc
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from xlsxwriter import Workbook as Writer

from core.errors import Unparseable
from core.sheets import harmless, open_table


def is_heading(names: Sequence[str]) -> bool:
    return "no" in names and "isi" in names


def rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    with open_table(path, is_heading) as table:
        return list(table.rows)


def book(*sheets: Sequence[Sequence[object]]) -> bytes:
    made = Workbook()
    assert made.active is not None
    made.remove(made.active)
    for n, lines in enumerate(sheets):
        sheet = made.create_sheet(f"Lembar {n}")
        for line in lines:
            sheet.append(line)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def shared(*lines: Sequence[object]) -> bytes:
    """Make a workbook whose texts stand in a table of their own, as those of most programs do."""
    written = io.BytesIO()
    with Writer(written) as made:
        sheet = made.add_worksheet()
        for at, line in enumerate(lines):
            sheet.write_row(at, 0, line)
    return written.getvalue()


def repacked(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """Change one part of a workbook."""
    written = io.BytesIO()
    assert part in zipfile.ZipFile(io.BytesIO(data)).namelist()
    with zipfile.ZipFile(io.BytesIO(data)) as old_zip, zipfile.ZipFile(written, "w", 8) as new_zip:
        for entry in old_zip.infolist():
            content = old_zip.read(entry)
            if entry.filename == part:
                assert old in content
                content = content.replace(old, new)
            new_zip.writestr(entry.filename, content)
    return written.getvalue()


def written(tmp_path: Path, data: bytes | str) -> Path:
    path = tmp_path / "berkas"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def test_the_heading_is_found_on_any_line_of_any_sheet(tmp_path: Path) -> None:
    lines: list[Sequence[object]] = [
        ["Nama Instansi", None, "Kabupaten"], [], [None, "No", "Isi", "Isi", None, "Ya"],
        [None, 7, "x", "y", "tanpa judul"], [], [None, "No", "Isi", "Isi", None, "Ya"],
        [None, 8, None, None, None, "z"],
    ]  # fmt: skip
    with open_table(written(tmp_path, book([["Sampul"]], lines)), is_heading) as table:
        assert (table.line, table.columns) == (3, ("No", "Isi", "Isi (2)", "Ya"))
        assert table.above == {"nama_instansi": "Kabupaten", "": ""}
        assert list(table.rows) == [
            (4, {"No": "7", "Isi": "x", "Isi (2)": "y"}),
            (7, {"No": "8", "Ya": "z"}),
        ]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_heading_is_found_on_any_line_of_a_csv(
    tmp_path: Path, delimiter: str, encoding: str
) -> None:
    lines = ["Laporan, ringkas; 2026", "", '"No"~"Isi"~Ket', '1~"café\n; , rusak"~', "", "2~b~c"]
    text = "\r\n".join(lines).replace("~", delimiter)
    with open_table(written(tmp_path, text.encode(encoding)), is_heading) as table:
        assert (table.line, table.columns) == (3, ("No", "Isi", "Ket"))
        assert list(table.rows) == [
            (4, {"No": "1", "Isi": "café\n; , rusak"}),
            (7, {"No": "2", "Isi": "b", "Ket": "c"}),
        ]


def test_a_wrong_dimension_hides_nothing(tmp_path: Path) -> None:
    data = book([("No", "Isi")] + [(str(n), "x") for n in range(1200)])
    sheet = "xl/worksheets/sheet1.xml"
    path = written(tmp_path, repacked(data, sheet, b'ref="A1:B1201"', b'ref="A1:A1"'))
    assert len(rows(path)) == 1200


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"), (7.0, "7"), (7.5, "7.5"), (True, "True"), ("  a ", "a"), ("a_x000D_\nb", "a\nb"),
        (datetime(2023, 5, 29), "2023-05-29"), (date(2023, 5, 29), "2023-05-29"),
        (datetime(2023, 5, 29, 4, 5, 34), "2023-05-29 04:05:34"),
        (datetime(2023, 5, 29, 4, 5, 33, 999_999), "2023-05-29 04:05:34"),
        (time(4, 5, 34), "04:05:34"), (timedelta(hours=30, seconds=5), "30:00:05"),
        ("=1+1", None), (None, None),
    ],
)  # fmt: skip
def test_cells_are_written_as_a_person_would(
    tmp_path: Path, value: object, text: str | None
) -> None:
    ((_, row),) = rows(written(tmp_path, book([["No", "Isi"], [1, value]])))
    assert row.get("Isi") == text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "kosong"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, r"\.xls"),
        (b"<html><table><tr><td>No", "halaman web"),
        (b'\xef\xbb\xbf <?xml version="1.0"?><Workbook/>', "halaman web"),
        (b"PK\x03\x04", "rusak"),
        (b"no,catatan\n1,2", "judul kolom tidak ditemukan"),
        (b"no,isi\n1,a\0b", "NUL"),
        (b'no,isi\n1,"a', "baris 2"),
        (b"no,isi\n1," + b"x" * 200_000, "baris 2"),
        (b"\xff\xfea", "UTF-16"),
        (book([["No", "Catatan"]]), "judul kolom tidak ditemukan"),
        (book([["No", "Isi"], [1, "x"]])[:-200], "rusak"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(Unparseable, match=reason):
        rows(written(tmp_path, data))
    with pytest.raises(Unparseable, match="tidak dapat dibaca"):
        rows(tmp_path)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_is_not_held_in_memory(tmp_path: Path, kind: str) -> None:
    lines = [("No", "Isi"), *((str(n), f"aduan {n} " + "x" * 3000) for n in range(3000))]
    text = "".join(f"{no},{isi}\n" for no, isi in lines)
    path = written(tmp_path, book(lines) if kind == "xlsx" else text)
    tracemalloc.start()
    with open_table(path, is_heading) as table:
        assert sum(1 for _ in table.rows) == 3000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < len(text) / 2


def test_a_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    inflated = b"<t>" + b"a" * 60_000_000 + b"</t>"
    data = repacked(book([["No", "Isi"], [1, "x"]]), "xl/styles.xml", b"</styleSheet>", inflated)
    with pytest.raises(Unparseable, match="terlalu besar"):
        rows(written(tmp_path, data))


@pytest.mark.parametrize(
    ("data", "part", "root"),
    [
        (book([["No", "Isi"], [1, "x"]]), "xl/worksheets/sheet1.xml", b"worksheet"),
        (shared(["No", "Isi"], [1, "x"]), "xl/sharedStrings.xml", b"sst"),
    ],
    ids=["cells", "shared"],
)
def test_entities_do_not_multiply(tmp_path: Path, data: bytes, part: str, root: bytes) -> None:
    assert rows(written(tmp_path, data)) == [(2, {"No": "1", "Isi": "x"})]
    laughs = b"".join(
        b'<!ENTITY a%d "%s">' % (n, b"ha" * 20 if n == 0 else b"&a%d;" % (n - 1) * 20)
        for n in range(9)
    )
    data = repacked(data, part, b"<" + root, b"<!DOCTYPE %s [%s]><%s" % (root, laughs, root))
    data = repacked(data, part, b"<t>x</t>", b"<t>&a8;</t>")
    with pytest.raises(Unparseable, match="rusak"):
        rows(written(tmp_path, data))


@given(st.binary(max_size=300), st.integers(0, 6000), st.booleans())
def test_any_bytes_are_a_table_or_unparseable(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int, in_a_book: bool
) -> None:
    data = book([["No", "Isi"], [1, "x"]]) if in_a_book else b"No,Isi\n1,x\n"
    path = written(tmp_path_factory.mktemp("acak"), data[:at] + noise + data[at + len(noise) :])
    try:
        found = rows(path)
    except Unparseable:
        return
    assert all(isinstance(line, int) and row for line, row in found)


@pytest.mark.parametrize("text", ["=1+1", "+62", "-", "@x", "\tx", "\r\nx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert harmless(text) == "'" + text
    assert harmless("1" + text) == "1" + text
