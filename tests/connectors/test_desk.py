"""The desk: its form, and what was written without a network and is merged later, once."""

import io
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from playwright.sync_api import expect

from connectors.desk import Settings, build
from connectors.desk.connector import Desk
from core import ids
from core.clock import FrozenClock
from core.connector import BadRow, Context, Request
from core.errors import RejectedRequest, Unparseable
from core.schema import Message, RawMessage
from core.signatures import INTERNAL_HEADER, sign_internal
from tests.browser import launch, outside

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
KEY = b"kunci-internal-contoh"
FORM_ID = "6b616e61-6c00-4000-8000-000000000001"
ROW = {"Layanan": "Kotak saran", "Waktu": "20/11/2026 09.15", "Isi aduan": "Lampu jalan mati",
       "Lokasi": "Desa Tlogo", "Nama": "Sri Contohwati", "Telepon": "081200000041"}  # fmt: skip


def desk(**settings: Any) -> Desk:
    context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), KEY, FrozenClock(NOW))
    made = build(Settings.model_validate(settings), context)
    assert isinstance(made, Desk)
    return made


def read(path: Path) -> tuple[list[RawMessage], list[BadRow]]:
    found = list(desk().read(path))
    good = [raw for raw in found if isinstance(raw, RawMessage)]
    return good, [row for row in found if isinstance(row, BadRow)]


def told(path: Path) -> list[str]:
    return [f"{row.where}, {row.reason}" for row in read(path)[1]]


def filled(path: Path, *rows: Mapping[str, object]) -> Path:
    """Fill in the template as an officer would."""
    book = load_workbook(io.BytesIO(desk().templates()["formulir-luring.xlsx"]))
    sheet = book["Aduan"]
    heading = [cell.value for cell in sheet[7]]
    for number, row in enumerate(rows, 8):
        for name, value in row.items():
            sheet.cell(number, heading.index(name) + 1).value = value  # type: ignore[assignment]
    book.save(path)
    return path


def page_file(path: Path, *forms: object) -> Path:
    path.write_text(json.dumps({"jenis": "kanal-desk", "versi": 1, "formulir": forms}))
    return path


def post(channel: str, **form: object) -> Request:
    path = f"/hooks/kab-blitar/{channel}"
    body = json.dumps({"form_id": FORM_ID, "isi": "Antre lama"} | form).encode()
    headers = {INTERNAL_HEADER: sign_internal(KEY, path, body, NOW)}
    return Request("POST", f"http://127.0.0.1:8080{path}", "", headers, body)


def test_the_dashboards_form_is_taken_and_its_id_is_told() -> None:
    delivery = desk().accept(post("desk", program="Loket ULPIM"))
    told_id = json.loads(delivery.reply)["complaint_id"]
    assert told_id == ids.complaint_id("kab-blitar", "desk", "", FORM_ID)
    (message,) = desk().parse(delivery.messages[0])
    assert (message.sumber_asal, message.given["program"]) == ("Loket ULPIM", "Loket ULPIM")
    with pytest.raises(RejectedRequest, match=r"^isi: ") as refused:
        desk().accept(post("desk", isi=""))
    assert refused.value.status == 400


def test_the_same_sheet_twice_is_the_same_forms(tmp_path: Path) -> None:
    first, bad = read(filled(tmp_path / "a.xlsx", ROW, {"Isi aduan": "Jalan rusak"}))
    again, _ = read(filled(tmp_path / "b.xlsx", {"Isi aduan": "Jalan rusak"}, ROW))
    assert bad == []
    assert {raw.event_id for raw in first} == {raw.event_id for raw in again}
    (message,) = desk().parse(first[0])
    assert message.occurred_at == datetime(2026, 11, 20, 2, 15, tzinfo=UTC)
    assert message.sender.id == "081200000041"
    assert message.sumber_asal == "Kotak saran"
    assert message.text == "Lampu jalan mati\nLokasi: Desa Tlogo"


@pytest.mark.parametrize(
    ("changed", "same_complaint"),
    [
        ({"Layanan": "Surat"}, True),
        ({"Rahasia": "ya"}, True),
        ({"Petugas": "Budi"}, True),
        ({"Isi aduan": "LAMPU  jalan mati"}, True),
        ({"Isi aduan": "Lampu jalan padam"}, False),
        ({"Telepon": "081200000042"}, False),
        ({"Waktu": "20/11/2026 09.16"}, False),
    ],
)
def test_what_a_correction_changes(
    tmp_path: Path, changed: dict[str, str], same_complaint: bool
) -> None:
    ((before,), _), ((after,), _) = (
        read(filled(tmp_path / "a.xlsx", ROW)),
        read(filled(tmp_path / "b.xlsx", ROW | changed)),
    )
    assert (before.external_id == after.external_id) is same_complaint
    assert before.event_id != after.event_id


def test_a_copied_template_makes_no_two_forms_one(tmp_path: Path) -> None:
    one = filled(tmp_path / "siti.xlsx", {"Isi aduan": "Lampu mati"})
    other = filled(tmp_path / "budi.xlsx", {"Isi aduan": "Jalan rusak"})
    assert read(one)[0][0].external_id != read(other)[0][0].external_id


def test_two_slips_with_the_same_words_are_two(tmp_path: Path) -> None:
    slip = {"Isi aduan": "Lampu mati"}
    first, _ = read(filled(tmp_path / "a.xlsx", slip, slip))
    again, _ = read(filled(tmp_path / "b.xlsx", slip, slip, slip))
    assert len({raw.external_id for raw in first}) == 2
    assert len({raw.event_id for raw in (*first, *again)}) == 3


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"Isi aduan": None, "Nama": "Sri"}, "Isi aduan: wajib diisi"),
        ({"Waktu": "kemarin"}, "Waktu: tidak terbaca"),
        ({"Waktu": datetime(2026, 11, 22, 9, 15)}, "Waktu: di masa depan"),
        ({"Anonim": "mungkin"}, "Anonim: isi ya atau tidak"),
        ({"Kode formulir": "7"}, "Kode formulir: bukan UUID"),
        ({"Lokasi": "x" * 501}, "Lokasi: lebih dari 500 huruf"),
    ],
)
def test_a_wrong_cell_is_named_and_its_neighbours_pass(
    tmp_path: Path, cells: dict[str, object], reason: str
) -> None:
    path = filled(tmp_path / "a.xlsx", ROW | cells, {"Isi aduan": "Jalan rusak"})
    assert told(path) == [f"a.xlsx, baris 8, {reason}"]
    assert len(read(path)[0]) == 1


@pytest.mark.parametrize("phone", [81200000041, 81200000041.0, "81200000041", "081200000041"])
def test_a_spreadsheet_may_lose_the_nought_of_a_phone(tmp_path: Path, phone: object) -> None:
    ((raw,), _) = read(filled(tmp_path / "a.xlsx", ROW | {"Telepon": phone}))
    (message,) = desk().parse(raw)
    assert message.sender.id == "081200000041"


@pytest.mark.parametrize(
    ("waktu", "history"),
    [("20/11/2026 09.15", False), ("18/11/2026 09.15", True), (None, False)],
)
def test_only_what_is_late_is_history(tmp_path: Path, waktu: str | None, history: bool) -> None:
    ((raw,), _) = read(filled(tmp_path / "a.xlsx", ROW | {"Waktu": waktu}))
    assert raw.history is history


def test_day_and_hour_may_stand_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Tanggal,Jam,Isi,Kode pos\n20/11/2026,09:15,Lampu mati,66171\n")
    ((raw,), bad) = read(path)
    assert bad == []
    (message,) = desk().parse(raw)
    assert message.occurred_at == datetime(2026, 11, 20, 2, 15, tzinfo=UTC)
    assert json.loads(raw.body)["kode_pos"] == "66171"
    assert [line for line in desk().describe(path) if "Kode pos" in line]


def test_a_form_of_the_page_that_was_changed_is_a_version_of_the_same(tmp_path: Path) -> None:
    form = {"form_id": FORM_ID, "isi": "Lampu mati", "diubah": ""}
    later = form | {"isi": "Lampu mati total", "diubah": "2026-11-20T09:00:00.000Z"}
    ((before,), _) = read(page_file(tmp_path / "a.json", form))
    ((after,), _) = read(page_file(tmp_path / "b.json", later))
    assert before.external_id == after.external_id == FORM_ID
    assert before.version != after.version
    (message,) = desk().parse(after)
    assert message.edited_at == datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"jenis": "lain", "formulir": []}', b'{"jenis": "kanal-desk"}', b"\xff",
     b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_file_of_ours_is_unparseable(tmp_path: Path, data: bytes) -> None:
    for name in ("a.json", "a.xlsx", "a.csv"):
        (tmp_path / name).write_bytes(data)
        for work in (desk().read, desk().describe):
            with pytest.raises(Unparseable):
                list(work(tmp_path / name))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["isi", "waktu_siar", "telepon", "program", "anonim", "diubah", "form_id"]


@given(st.dictionaries(st.sampled_from(FIELDS), anything | st.datetimes().map(str)) | anything)
def test_any_stored_form_is_taken_or_refused(
    tmp_path_factory: pytest.TempPathFactory, form: object
) -> None:
    if isinstance(form, dict):
        form = {"form_id": str(uuid.UUID(int=1)), "isi": "ada"} | form
    path = page_file(tmp_path_factory.mktemp("luring") / "a.json", form)
    good, bad = read(path)
    assert len(good) + len(bad) == 1
    for raw in good:
        for message in desk().parse(raw):
            assert Message.model_validate_json(message.to_bytes()) == message


# -- the forms themselves ---------------------------------------------------------------------

OFFICE = {"pengendali": "=Dinas <b>Contoh</b>", "kontak": "loket 3", "tujuan": "tindak lanjut"}


def test_every_offline_form_bears_the_privacy_notice() -> None:
    forms = desk(**OFFICE, layanan=["Loket A", "Surat, masuk"]).templates()
    sheet = load_workbook(io.BytesIO(forms["formulir-luring.xlsx"]))["Aduan"]
    assert [sheet.cell(n, 1).value for n in (2, 3, 4)] == [
        "Pengendali data pribadi: =Dinas <b>Contoh</b>", "Tujuan: tindak lanjut",
        "Kontak: loket 3",
    ]  # fmt: skip
    page = forms["formulir-luring.html"].decode()
    assert page.count("<li>") == 3
    assert "=Dinas &lt;b&gt;Contoh&lt;/b&gt;" in page
    assert "<option>Surat, masuk</option>" in page
    assert "{{" not in page


def test_an_empty_template_holds_no_form(tmp_path: Path) -> None:
    path = tmp_path / "kosong.xlsx"
    path.write_bytes(desk().templates()["formulir-luring.xlsx"])
    assert read(path) == ([], [])


@pytest.mark.browser
def test_the_page_keeps_changes_and_hands_over_without_a_network(tmp_path: Path) -> None:
    page_path = tmp_path / "formulir.html"
    page_path.write_bytes(desk().templates()["formulir-luring.html"])
    with launch(width=390, height=844) as page:
        strangers = outside(page)
        page.goto(page_path.as_uri())
        local = (NOW - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
        page.get_by_label("Nama petugas").fill("Siti Lapangan")
        for words in ("Lampu mati", "Jalan rusak"):
            page.get_by_label("Waktu datang").fill(local)
            page.get_by_label("Isi aduan").fill(words)
            page.get_by_role("button", name="Simpan").dblclick()
            # The form is cleared once the device has written the entry down, not before.
            expect(page.get_by_label("Isi aduan")).to_have_value("")
        count, heard = page.locator("#banyak"), page.locator("#kabar")
        expect(heard).to_contain_text("Tersimpan di peranti ini")
        page.get_by_role("button", name="Simpan").click()
        expect(count).to_have_text("2")
        # A page that is closed and opened again has lost nothing.
        page.reload()
        expect(count).to_have_text("2")
        first = tmp_path / "1.json"
        with page.expect_download() as download:
            page.get_by_role("button", name="Unduh berkas").click()
        download.value.save_as(first)
        page.get_by_role("button", name="Ubah: Lampu mati").click()
        page.get_by_label("Laporan rahasia").check()
        page.get_by_role("button", name="Simpan").click()
        expect(page.get_by_role("button", name="Ubah: (rahasia)")).to_be_visible()
        second = tmp_path / "2.json"
        with page.expect_download() as download:
            page.get_by_role("button", name="Unduh berkas").click()
        download.value.save_as(second)
        assert download.value.suggested_filename.startswith("aduan-luring-")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Hapus semua").click()
        expect(count).to_have_text("0")
        assert {url for url in strangers if url != page_path.as_uri()} == set()
    (before, bad), (after, _) = read(first), read(second)
    assert bad == []
    assert len(before) == len(after) == 2
    assert {raw.external_id for raw in before} == {raw.external_id for raw in after}
    assert len({raw.event_id for raw in (*before, *after)}) == 3
    messages = [message for raw in after for message in desk().parse(raw)]
    assert [(m.text, m.rahasia) for m in messages] == [("Lampu mati", True), ("Jalan rusak", False)]
