"""A complaint's page: what it says, why, its case, and what only a stored act opens."""

from datetime import UTC, datetime
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import ids
from core.schema import Complaint, Rival, Sender, Wilayah
from tests.dashboard.conftest import Open, shown
from tests.dashboard.house import FakeIntake, House, said

NUMBER = "0812-0000-0001"
SPICY = said(
    1, text=f"<b>Lihat</b> ![x](http://lain.example/x.png) rusak, {NUMBER}",
    text_masked="<b>Lihat</b> ![x](http://lain.example/x.png) rusak, [telepon]",
    reporter=Sender(platform="tel", name="Budi <i>Contoh</i>", contact=NUMBER),
)  # fmt: skip


def open_original(at: AppTest, name: str = "Siti") -> AppTest:
    """Give one's name and open the original text."""
    label = "Nama petugas"
    next(t for t in at.text_input if t.label == label).input(name)
    return next(b for b in at.button if b.label == "Catat dan buka").click().run()


def visit(house: House, open_page: Open, *complaints: Complaint, **given: Any) -> AppTest:
    """Publish complaints and open the first one's page."""
    house.add(*complaints, **given)
    house.publish()
    return open_page("aduan", id=complaints[0].complaint_id)


def test_a_complaint_with_its_reasons(house: House, open_page: Open) -> None:
    house.health("whatsapp", label="WhatsApp")
    wilayah = Wilayah(
        kecamatan="Kanigoro", confidence=0.9, rivals=(Rival(kode="35.05.11", nama="Talun"),)
    )
    told = shown(
        visit(house, open_page, said(3, 5.2, wilayah=wilayah, incident_at=datetime.now(UTC)))
    )
    for expected in (
        "BLT-000003", "WhatsApp", "(5 menit lalu)", " WIB", "[telepon]", "Kejadian",
        "<b>Jalan, trotoar, jembatan</b>", "bobot 5: “jalan rusak”",
        "<b>Kec. Kanigoro (keyakinan 90 %); bisa juga Talun</b>", "nama kecamatan: “kanigoro”",
        "<b>Dinas Pekerjaan Umum dan Penataan Ruang</b>", "kategori “Jalan, trotoar, jembatan”",
        "<b>Biasa</b>", "tidak ada kata bahaya", "Belum ada laporan serupa",
    ):  # fmt: skip
        assert expected in told
    for raw in ("jalan_rusak", "opd_suggested", "081234", "None"):
        assert raw not in told


def test_its_case_and_why_each_belongs(house: House, open_page: Open) -> None:
    first, second, hidden = said(1), said(2), said(3, rahasia=True, text_masked="pungli")
    home = ids.case_id(first.complaint_id)
    house.add(first)
    house.add(second, hidden, case_id=home, relation="joined", score=0.87, reason="teks mirip")
    house.act("verify", case_id=home)
    house.act("disposisi", case_id=home, outcome="refused", reason="salah OPD")
    house.publish()
    at = open_page("aduan", id=second.complaint_id)
    told = shown(at)
    assert "3 laporan, 3 pelapor, status terverifikasi" in told
    assert "Aduan ini: digabung karena serupa (kemiripan 87 %): teks mirip" in told
    assert "membuka kasus ini" in told
    assert "(laporan rahasia)" in told
    assert "pungli" not in told
    links = [link.proto.label for link in at.get("page_link")]
    assert links[1:] == [r"BLT-000001 - Sms", r"BLT-000003 - Whatsapp"]
    assert [e.label for e in at.expander] == ["Tindakan (2)"]
    assert "Verifikasi" in told
    assert '<span class="tanda bad">ditolak</span>' in told
    assert "salah OPD" in told


def test_a_suggested_case_is_one_click_away(house: House, open_page: Open) -> None:
    first = said(1)
    house.add(first)
    at = visit(house, open_page, said(2), relation="suggested", reason="tempat sama",
               suggested_case_id=ids.case_id(first.complaint_id))  # fmt: skip
    assert "Mungkin serupa dengan kasus" in shown(at)
    assert "Buka BLT-000001" in [link.proto.label for link in at.get("page_link")]


def test_versions_are_listed_masked(house: House, open_page: Open) -> None:
    house.add(said(1))
    later = said(1, text_masked="sudah [telepon]", text="sudah 0812", edited_at=datetime.now(UTC))
    at = visit(house, open_page, later, relation="edited")
    assert at.expander[0].label == "Riwayat isi (2 versi)"
    assert "diubah pengirimnya" in shown(at)
    assert "0812" not in shown(at)


def test_a_corrected_kategori_names_the_machines_too(house: House, open_page: Open) -> None:
    house.add(said(1))
    house.correct("pju")
    house.publish()
    told = shown(open_page("aduan", id=said(1).complaint_id))
    assert "<b>Pju (dikoreksi; semula Jalan, trotoar, jembatan)</b>" in told


def test_the_original_is_shown_once_the_act_is_stored(
    house: House, open_page: Open, intake: FakeIntake
) -> None:
    at = visit(house, open_page, SPICY)
    assert "&lt;b&gt;Lihat&lt;/b&gt; ![x](http" in shown(at)
    assert NUMBER not in shown(at)
    at = open_original(at)
    told = shown(at)
    assert NUMBER in told
    assert "<b>Lihat" not in told
    (note,) = intake.audits
    assert {k: note[k] for k in ("action", "complaint_id", "actor")} == {
        "action": "open_text", "complaint_id": SPICY.complaint_id, "actor": "Siti",
    }  # fmt: skip
    assert datetime.fromisoformat(note["at"]).tzinfo is not None
    at.button(key=f"tutup-open_text-{SPICY.complaint_id}").click().run()
    assert NUMBER not in shown(at)
    # Whoever has given a name is not asked again, and opening again is another act.
    at.button(key=f"open_text-{SPICY.complaint_id}").click().run()
    assert len({note["audit_id"] for note in intake.audits}) == 2


def test_the_contact_is_an_act_of_its_own(
    house: House, open_page: Open, intake: FakeIntake
) -> None:
    at = open_original(visit(house, open_page, SPICY.model_copy(update={"anonim": True})))
    assert "Budi" not in shown(at)
    assert "minta namanya disembunyikan" in shown(at)
    at.button(key=f"open_contact-{SPICY.complaint_id}").click().run()
    assert "Budi &lt;i&gt;Contoh&lt;/i&gt;" in shown(at)
    assert [note["action"] for note in intake.audits] == ["open_text", "open_contact"]


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(503, "Penyimpanan gerbang penuh"), (403, "kunci internal"), (500, "galat"), (404, "")],
)
def test_what_cannot_be_recorded_is_not_shown(
    house: House, open_page: Open, intake: FakeIntake, status: int, sentence: str
) -> None:
    intake.status = status
    at = open_original(visit(house, open_page, SPICY))
    told = shown(at)
    assert "Tidak dibuka, karena pembukaannya belum dapat dicatat" in told
    assert sentence in told
    assert NUMBER not in told
    assert "Tidak dibuka" not in shown(at.run())


def test_nobody_opens_without_a_name(house: House, open_page: Open, intake: FakeIntake) -> None:
    at = open_original(visit(house, open_page, SPICY), "  ")
    assert "Isi nama petugas dahulu" in shown(at)
    assert (intake.audits, NUMBER in shown(at)) == ([], False)


def test_a_confidential_one_shows_nothing_before_the_act(
    house: House, open_page: Open, intake: FakeIntake
) -> None:
    hidden = said(1, rahasia=True, text="pungli di kantor", text_masked="pungli di kantor",
                  given={"program": "pungli"})  # fmt: skip
    at = visit(house, open_page, hidden)
    told = shown(at)
    assert "Laporan rahasia" in told
    assert not [word for word in ("pungli", "jalan rusak", "“kanigoro”") if word in told]
    assert "pungli di kantor" in shown(open_original(at))
    assert len(intake.audits) == 1


def test_without_a_reporter_there_is_no_contact_to_open(house: House, open_page: Open) -> None:
    at = visit(house, open_page, said(1, reporter_ref="", reporter=Sender()))
    assert "tidak meninggalkan kontak" in shown(at)
    assert not [p for p in at.get("popover") if "kontak" in p.proto.popover.label]


@pytest.mark.parametrize(
    ("address", "why"),
    [({"id": "tidak-ada"}, "belum ada di data"), ({}, "Pilih satu aduan"), ({"id": " "}, "Pilih")],
)
def test_an_address_that_names_nothing(
    house: House, open_page: Open, address: dict[str, str], why: str
) -> None:
    house.add(said(1))
    house.publish()
    assert why in shown(open_page("aduan", **address))


def test_before_anything_is_published_the_page_waits(open_page: Open) -> None:
    assert "Belum ada data yang diterbitkan" in shown(open_page("aduan", id="x"))
