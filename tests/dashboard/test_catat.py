"""The form: one complaint however often it is sent, nothing typed is lost, errors stand by it."""

import uuid
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from core import ids
from tests.dashboard.conftest import Open, shown
from tests.dashboard.house import FakeIntake, House, radio_complaint
from tests.sink.sink_makers import TENANT

ZONE = ZoneInfo("Asia/Jakarta")


def field(at: AppTest, label: str) -> Any:
    """Return the widget of a field by its label's beginning."""
    kinds: tuple[Any, ...] = (
        at.text_input, at.text_area, at.checkbox, at.datetime_input, at.selectbox,
    )  # fmt: skip
    return next(w for kind in kinds for w in kind if w.label.startswith(label))


def save(at: AppTest) -> AppTest:
    """Press Simpan."""
    return next(b for b in at.button if b.label == "Simpan").click().run()


def fill(at: AppTest, **typed: Any) -> AppTest:
    """Type into fields, by their labels' beginnings with _ for a space."""
    for label, value in typed.items():
        field(at, label.replace("_", " ")).set_value(value)
    return at


def test_a_form_travels_to_the_radio_channel(
    house: House, open_page: Open, intake: FakeIntake
) -> None:
    at = open_page("catat")
    aired = datetime(2026, 11, 24, 19, 5)
    fill(at, Acara="Halo Blitar", Isi_aduan=" Pohon tumbang ", Lokasi="Desa Tlogo",
         Nama_penelepon="Budi", Nomor_telepon="0812-0000-0001", Sembunyikan=True,
         Waktu_siar=aired, Nama_petugas="Siti")  # fmt: skip
    at = save(at)
    assert "Tersimpan" in shown(at)
    (form,) = intake.forms
    assert intake.paths == [f"/hooks/{TENANT}/radio"]
    assert str(uuid.UUID(form.pop("form_id")))
    assert form == {
        "sumber": "radio", "program": "Halo Blitar", "isi": "Pohon tumbang", "lokasi": "Desa Tlogo",
        "penelepon": "Budi", "telepon": "0812-0000-0001", "petugas": "Siti", "anonim": True,
        "rahasia": False, "simulasi": False, "waktu_siar": "2026-11-24T19:05:00",
    }  # fmt: skip
    # The next caller is in the same programme, everything else is empty.
    assert field(at, "Acara").value == "Halo Blitar"
    assert field(at, "Nama petugas").value == "Siti"
    assert [field(at, name).value for name in ("Isi", "Lokasi", "Nama penelepon")] == ["", "", ""]
    assert field(at, "Sembunyikan").value is False


def test_the_time_on_air_begins_as_now_in_the_offices_zone(house: House, open_page: Open) -> None:
    house.tenant(TENANT, "Asia/Jayapura")
    local = datetime.now(ZoneInfo("Asia/Jayapura")).replace(tzinfo=None)
    widget = field(open_page("catat"), "Waktu siar (WIT)")
    assert timedelta(0) <= local - widget.value < timedelta(minutes=2)


def test_what_is_stored_is_named_at_once_and_by_its_ticket_later(
    house: House, open_page: Open, intake: FakeIntake
) -> None:
    at = save(fill(open_page("catat"), Isi_aduan="Pohon tumbang"))
    cid = ids.complaint_id(TENANT, "radio", "", intake.forms[0]["form_id"])
    assert "menunggu nomor tiket" in shown(at)
    assert cid in shown(at)
    house.add(radio_complaint(intake.forms[0], 7))
    house.publish()
    at.run()
    assert "menunggu nomor tiket" not in shown(at)
    (link,) = at.get("page_link")
    assert link.proto.label.startswith("BLT-000007 - dicatat ")
    assert cid in link.proto.query_string


def test_a_form_is_sent_again_under_the_same_id_until_it_is_stored(
    open_page: Open, intake: FakeIntake
) -> None:
    at = fill(open_page("catat"), Isi_aduan="Pohon tumbang", Acara="Pagi")
    intake.status = 503
    at = save(at)
    told = shown(at)
    assert "Belum tersimpan" in told
    assert "Penyimpanan gerbang penuh" in told
    assert "tidak akan menjadi dua" in told
    assert field(at, "Isi aduan").value == "Pohon tumbang"
    key = field(at, "Isi aduan").key
    intake.status = 200
    at = save(at)
    assert intake.forms[0]["form_id"] in key
    assert intake.forms[0]["program"] == "Pagi"
    assert field(at, "Isi aduan").key != key
    save(fill(at, Isi_aduan="Lampu mati"))
    assert len({form["form_id"] for form in intake.forms}) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("isi: wajib diisi", "**Isi aduan**: wajib diisi."),
        ("waktu_siar: di masa depan", "**Waktu siar**: di masa depan."),
        ("JSON: tidak terbaca", "Isian tidak dapat dibaca"),
        ("<html>", "Isian tidak dapat dibaca"),
    ],
)
def test_the_intakes_objection_stands_at_the_form(
    open_page: Open, intake: FakeIntake, words: str, told: str
) -> None:
    intake.status, intake.words = 400, words
    at = save(fill(open_page("catat"), Isi_aduan="Pohon"))
    assert told in shown(at)
    assert field(at, "Isi aduan").value == "Pohon"


def test_an_empty_form_is_refused_by_the_intake_itself(open_page: Open, intake: FakeIntake) -> None:
    assert "**Isi aduan**: wajib diisi." in shown(save(open_page("catat")))
    assert intake.forms == []


def test_no_intake_at_all(house: House, open_page: Open) -> None:
    (house.config / "gateway.toml").write_text("[intake]\nport = 9\n")
    at = save(fill(open_page("catat"), Isi_aduan="Pohon"))
    assert "Gerbang penerima tidak menjawab" in shown(at)
    assert field(at, "Isi aduan").value == "Pohon"


def test_a_key_that_differs_is_told(house: House, open_page: Open, intake: FakeIntake) -> None:
    intake.key = b"another"
    assert "kunci internal" in shown(save(fill(open_page("catat"), Isi_aduan="Pohon")))


def test_in_a_demo_every_form_is_an_exercise(
    house: House, open_page: Open, intake: FakeIntake
) -> None:
    gateway = house.config / "gateway.toml"
    gateway.write_text(gateway.read_text().replace("demo = false", "demo = true"))
    at = open_page("catat")
    assert "DATA SIMULASI" in shown(at)
    save(fill(at, Isi_aduan="Pohon"))
    assert intake.forms[0]["simulasi"] is True


def test_the_desk_appears_once_it_runs(house: House, open_page: Open, intake: FakeIntake) -> None:
    house.health("radio")
    house.publish()
    assert not open_page("catat").segmented_control
    house.health("desk", state="terhubung")
    house.publish()
    at = open_page("catat")
    at.segmented_control[0].set_value("desk").run()
    assert field(at, "Layanan").value == "Loket ULPIM"
    at = save(fill(at, Isi_aduan="Antrean lama", Layanan="Surat", Nomor_surat="045/12/2026"))
    assert intake.paths == [f"/hooks/{TENANT}/desk"]
    sent = intake.forms[0]
    assert (sent["sumber"], sent["program"], sent["acuan"]) == ("desk", "Surat", "045/12/2026")
    assert (field(at, "Layanan").value, field(at, "Nomor surat").value) == ("Surat", "")


def test_each_form_says_who_keeps_the_data(house: House, open_page: Open) -> None:
    house.health("desk", state="terhubung")
    house.publish()
    file = house.config / "tenants" / TENANT / "tenant.toml"
    told = '[channels.desk]\nlayanan = ["Loket A", "Kotak saran"]\nkontak = "loket <A>"\n'
    file.write_text(file.read_text() + '\n[privasi]\nkontak = "dpo@contoh.go.id"\n' + told)
    at = open_page("catat")
    assert "Pengendali data pribadi: " in shown(at)
    assert "Kontak: dpo@contoh.go.id" in shown(at)
    at.segmented_control[0].set_value("desk").run()
    assert "Kontak: loket &lt;A&gt;" in shown(at)
    assert list(field(at, "Layanan").options) == ["Loket A", "Kotak saran"]


def test_the_form_works_before_anything_is_published(open_page: Open, intake: FakeIntake) -> None:
    at = save(fill(open_page("catat"), Isi_aduan="Pohon tumbang"))
    assert "menunggu nomor tiket" in shown(at)
    assert "Belum ada data" in shown(at)
    assert len(intake.forms) == 1


def come_back(at: AppTest, opened_at: datetime, **typed: Any) -> AppTest:
    """Age the open form, type, look at another page and come back."""
    key = f"formulir-{TENANT}"
    form = at.session_state[key]
    at.session_state[key] = type(form)(form.form_id, opened_at, form.program)
    fill(at, Waktu_siar=opened_at, **typed).run()
    at.session_state["halaman"] = "pantauan"
    return at.run()


def test_a_form_nobody_has_begun_stands_at_the_present_minute(open_page: Open) -> None:
    at = open_page("catat")
    now = field(at, "Waktu siar").value
    old = now - timedelta(hours=2)
    at = come_back(at, old, Acara="Pagi")
    assert field(at, "Waktu siar").value >= now
    assert field(at, "Acara").value == "Pagi"
    # A form that is begun stays as it is.
    at = come_back(at, old, Isi_aduan="Pohon")
    assert (field(at, "Isi aduan").value, field(at, "Waktu siar").value) == ("Pohon", old)


def test_typing_does_not_renew_the_form_under_ones_hands(open_page: Open) -> None:
    at = open_page("catat")
    key = f"formulir-{TENANT}"
    form = at.session_state[key]
    old = form.opened_at - timedelta(hours=2)
    at.session_state[key] = type(form)(form.form_id, old)
    fill(at, Waktu_siar=old, Acara="Pagi").run()
    assert at.session_state[key].form_id == form.form_id
