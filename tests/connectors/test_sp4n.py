"""Exports of SP4N-LAPOR!: what makes a report the same, a new version, or no report at all."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from pydantic import ValidationError

from connectors.sp4n import Settings
from connectors.sp4n.connector import ROW
from core.connector import BadRow
from core.errors import Unparseable
from core.schema import Message, RawMessage
from tests.connectors.sp4n_export import (
    COLUMNS,
    NOW,
    one,
    read,
    reports,
    sp4n,
    write_csv,
    write_xlsx,
)

ONE = next(iter(reports(1)))
HEADINGS = {"tracking_id": "Nomor", "tanggal": "Tgl", "waktu": "Pukul", "isi": "Uraian"}


def stored(row: dict[str, str], **headers: str) -> RawMessage:
    return RawMessage(
        tenant="kab-blitar", channel="sp4n", external_id="1", version="v",
        headers={"content-type": ROW, "zone": "UTC"} | headers,
        body=json.dumps(row).encode(), received_at=NOW, history=True,
    )  # fmt: skip


# -- what is the same report ------------------------------------------------------------------


def test_an_export_is_the_same_in_every_shape(tmp_path: Path) -> None:
    rows = list(reports(30))
    shapes = [
        write_xlsx(tmp_path / "a.xlsx", rows),
        write_xlsx(tmp_path / "b.xlsx", rows, preamble=False),
        write_csv(tmp_path / "c.csv", rows),
        write_csv(tmp_path / "d.csv", rows, ";"),
        write_csv(tmp_path / "e.csv", [dict(reversed(list(row.items()))) for row in rows]),
    ]
    found = [read(path) for path in shapes]
    assert [bad for _, bad in found] == [[]] * 5
    assert len({tuple(raw.event_id for raw in good) for good, _ in found}) == 1
    assert all(raw.history for good, _ in found for raw in good)


def test_the_look_of_a_date_and_of_a_number_is_no_version(tmp_path: Path) -> None:
    looks = [
        {"Tanggal Laporan Masuk": "1 Jan 2023", "Waktu Laporan Masuk": "00:00:00"},
        {"Tanggal Laporan Masuk": "01/01/2023", "Waktu Laporan Masuk": "0.00"},
        {"Tanggal Laporan Masuk": "1-Jan-23", "Waktu Laporan Masuk": "12:00:00 AM"},
        {"Tanggal Laporan Masuk": "2023-01-01 00:00:00", "Tracking ID": " 1000000.0 "},
        {"Tanggal Laporan Masuk": "1 Januari 2023"},
    ]
    ids = {one(tmp_path / "a.csv", {**ONE, **look})[0].event_id for look in looks}
    assert len(ids) == 1
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    typed = ONE | {"Tracking ID": 1000000, "Tanggal Laporan Masuk": datetime(2023, 1, 1),
                   "ID Kategori": 900.0}  # type: ignore[operator]  # fmt: skip
    for row in (COLUMNS, [typed.get(name) for name in COLUMNS]):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    ((raw,), _) = read(tmp_path / "a.xlsx")
    assert ids == {raw.event_id}


@pytest.mark.parametrize("column", ["Status Laporan", "Isi Laporan Akhir", "Instansi Terdisposisi"])
def test_what_changes_in_sp4n_is_a_version_of_the_same_report(tmp_path: Path, column: str) -> None:
    before, _ = one(tmp_path / "a.csv", ONE)
    after, _ = one(tmp_path / "b.csv", {**ONE, column: "Berubah"})
    assert before.external_id == after.external_id == "1000000"
    assert before.version != after.version


def test_another_zone_is_a_version_and_what_is_stored_keeps_its_own(tmp_path: Path) -> None:
    utc, as_utc = one(tmp_path / "a.csv", ONE)
    wib, as_wib = one(tmp_path / "a.csv", ONE, zone="Asia/Jakarta")
    assert utc.external_id == wib.external_id
    assert utc.version != wib.version
    assert as_utc.occurred_at == datetime(2023, 1, 1, tzinfo=UTC)
    assert as_wib.occurred_at == datetime(2022, 12, 31, 17, tzinfo=UTC)
    assert next(iter(sp4n(zone="Asia/Jakarta").parse(utc))).occurred_at == as_utc.occurred_at


def test_an_older_export_brought_later_does_not_undo_a_newer_one(tmp_path: Path) -> None:
    raw, message = one(tmp_path / "a.csv", ONE)
    # Made on the 20th in the office's zone, read on the 21st.
    assert message.edited_at == datetime(2026, 11, 20, 17, tzinfo=UTC)
    same_day = raw.model_copy(update={"received_at": NOW - timedelta(days=1)})
    (message,) = sp4n().parse(same_day)
    assert message.edited_at is None


# -- what a report tells ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tipe", "anonim", "rahasia"),
    [
        ("", False, False), ("-", False, False), ("Publik", False, False),
        ("Anonim", True, False), ("Rahasia", False, True), ("Anonim|Rahasia", True, True),
        ("RAHASIA, anonim", True, True), ("Tidak Anonim", False, False),
        ("Anonim | Tidak Rahasia", True, False), ("Terbatas", True, True),
    ],
)  # fmt: skip
def test_anonim_and_rahasia_are_honoured(
    tmp_path: Path, tipe: str, anonim: bool, rahasia: bool
) -> None:
    _, message = one(tmp_path / "a.csv", {**ONE, "Tipe Laporan (Anonim/Rahasia)": tipe})
    assert (message.anonim, message.rahasia) == (anonim, rahasia)


def test_everything_sp4n_says_is_kept_and_its_source_stays_visible(tmp_path: Path) -> None:
    row = {**ONE, "Sumber Laporan": "SMS", "Instansi Terdisposisi": "Dinas Contoh"}
    _, message = one(tmp_path / "a.csv", row)
    assert message.sumber_asal == "SMS"
    assert message.title == ONE["Judul Laporan"]
    assert message.text == ONE["Isi Laporan Awal"]
    told = {name: value for name, value in row.items() if value}
    assert set(told.values()) - {message.title} <= {*message.given.values(), message.text}
    assert message.given["opd"] == "Dinas Contoh"
    assert message.given["tracking_id"] == "1000000"


def test_the_name_of_a_citizen_is_no_evidence() -> None:
    row = {
        "Tracking ID": "1",
        "Tanggal Laporan Masuk": "1 Jan 2023",
        "Isi Laporan": "Air keruh",
        "Nama Pelapor": "Sri Contohwati",
        "Kecamatan": "Kanigoro",
        "Kelurahan": "Tlogo",
    }
    (message,) = sp4n().parse(stored(row))
    assert message.sender.name == "Sri Contohwati"
    assert "Sri" not in json.dumps(message.given)
    assert message.text == "Air keruh\nLokasi: Kelurahan/Desa Tlogo, Kecamatan Kanigoro"


@pytest.mark.parametrize(
    ("month", "number"),
    [("Jan", 1), ("Peb", 2), ("Mei", 5), ("May", 5), ("Agustus", 8), ("Aug", 8), ("Okt", 10),
     ("Oct", 10), ("Nopember", 11), ("Des", 12), ("Dec", 12)],
)  # fmt: skip
def test_months_are_english_or_indonesian(tmp_path: Path, month: str, number: int) -> None:
    row = {**ONE, "Tanggal Laporan Masuk": f"2 {month} 2024", "Waktu Laporan Masuk": "01:00:00 PM"}
    assert one(tmp_path / "a.csv", row)[1].occurred_at == datetime(2024, number, 2, 13, tzinfo=UTC)


# -- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"Tracking ID": ""}, "Tracking ID: kosong"),
        ({"Tracking ID": "1,23E+06"}, "Tracking ID: dirusak Excel; buka ekspor aslinya"),
        ({"Tracking ID": "Jumlah laporan"}, "Tracking ID: bukan nomor laporan"),
        ({"Tanggal Laporan Masuk": ""}, "Tanggal Laporan Masuk: tidak terbaca"),
        ({"Tanggal Laporan Masuk": "31 Feb 2024"}, "Tanggal Laporan Masuk: tidak terbaca"),
        ({"Tanggal Laporan Masuk": "1 Foo 2024"}, "Tanggal Laporan Masuk: tidak terbaca"),
        ({"Tanggal Laporan Masuk": "1 Jan 2027"}, "Tanggal Laporan Masuk: di masa depan"),
        ({"Waktu Laporan Masuk": "25:00"}, "Waktu Laporan Masuk: tidak terbaca"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, changed: dict[str, str], reason: str) -> None:
    rows = [{**ONE, **changed}, *reports(1, first=2_000_000)]
    for path in (write_csv(tmp_path / "a.csv", rows), write_xlsx(tmp_path / "a.xlsx", rows)):
        good, bad = read(path)
        assert bad == [BadRow(f"{path.name}, baris 12", reason)]
        assert [raw.external_id for raw in good] == ["2000000"]


def test_a_report_without_any_words_is_refused(tmp_path: Path) -> None:
    empty = dict.fromkeys(("Isi Laporan Awal", "Isi Laporan Akhir", "Judul Laporan"), "")
    _, bad = read(write_csv(tmp_path / "a.csv", [{**ONE, **empty}]))
    assert [row.reason for row in bad] == ["Isi Laporan Awal: kosong"]


def test_own_headings_are_mapped_in_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Nomor;Tgl;Pukul;Uraian\n7;1 Jan 2024;04:00;Air keruh\n8;kemarin;04:00;x\n")
    with pytest.raises(Unparseable, match="judul kolom tidak ditemukan"):
        read(path)
    (raw,), bad = read(path, columns=HEADINGS)
    assert [row.reason for row in bad] == ["Tgl: tidak terbaca"]
    # What came under those headings is read by them for ever.
    (message,) = sp4n().parse(raw)
    assert (message.text, raw.external_id) == ("Air keruh", "7")
    with pytest.raises(ValidationError):
        Settings.model_validate({"columns": {"salah_ketik": "x"}})


def test_a_lacking_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Tracking ID,Status Laporan\n1,Baru\n")
    for work in (sp4n().read, sp4n().describe):
        with pytest.raises(Unparseable, match="kolom tanggal, isi tidak ada") as refused:
            list(work(path))
        assert "Status Laporan" in str(refused.value)


def test_the_preview_says_which_column_is_what(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [ONE])
    said = sp4n().describe(path)
    assert said[0] == "Judul kolom di baris 11: 17 kolom."
    assert "  isi <- Isi Laporan Awal" in said
    assert said[-1] == "Jam dibaca sebagai UTC (setelan zone)."
    assert not [line for line in said if "PERHATIAN" in line]
    path = tmp_path / "b.csv"
    path.write_text("Tracking ID,Tanggal,Isi,Lain\n1,1 Jan 2024,Air,x\n")
    said = sp4n().describe(path)
    assert [line for line in said if "PERHATIAN" in line]
    assert "  disimpan apa adanya: Lain" in said


@pytest.mark.parametrize("headers", [{"zone": "Bulan/Sisi-Gelap"}, {"columns": "{"}])
def test_a_stored_row_whose_headers_are_broken_is_unparseable(headers: dict[str, str]) -> None:
    row = {"Tracking ID": "1", "Tanggal": "1 Jan 2024", "Isi": "x"}
    with pytest.raises(Unparseable):
        list(sp4n().parse(stored(row, **headers)))


cells = st.text(max_size=20) | st.sampled_from(["1 Jan 2024", "04:05:34", "2024-01-01", "Anonim"])


@given(st.dictionaries(st.sampled_from([*COLUMNS, "Nama Pelapor", "Kecamatan"]), cells))
def test_any_stored_row_is_read_or_unparseable(row: dict[str, str]) -> None:
    raw = stored(row)
    try:
        messages = list(sp4n().parse(raw))
    except Unparseable:
        return
    for message in messages:
        assert Message.model_validate_json(message.to_bytes()) == message
