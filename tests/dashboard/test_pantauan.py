"""The live page: frozen list, badge, figures, health, and every state of nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from streamlit.testing.v1 import AppTest
from structlog.testing import capture_logs

from core import ids
from dashboard import words
from tests.dashboard.conftest import Open, shown
from tests.dashboard.house import House, said
from tests.sink.sink_makers import TENANT


def rows(at: AppTest) -> list[str]:
    """Return the words of the list, in its order."""
    return [str(text) for text in at.dataframe[0].value["isi"]]


def badge(at: AppTest) -> list[str]:
    """Return the labels of the page's Muat button, if it stands there."""
    return [b.label for b in at.button if b.key == "muat"]


def select(at: AppTest, position: int) -> AppTest:
    """Choose a row of the list as a click does."""
    key = at.dataframe[0].key or ""
    at.session_state[key] = {"selection": {"rows": [position], "columns": [], "cells": []}}
    return at.run()


def test_new_ones_wait_behind_the_badge(house: House, open_page: Open) -> None:
    house.add(said(1), said(2))
    house.publish()
    at = open_page()
    before = rows(at)
    assert len(before) == 2
    assert badge(at) == []
    house.add(said(3), said(4), said(5, history=True))
    house.publish()
    at.run()
    # History fills the list in its time, but it never rings.
    assert (rows(at), badge(at)) == (before, ["Muat 2 aduan baru"])
    at.button(key="muat").click().run()
    assert badge(at) == []
    assert len(rows(at)) == 5


def test_the_open_complaint_stays_open_while_others_come_in(house: House, open_page: Open) -> None:
    house.add(*(said(n) for n in range(1, 4)))
    house.publish()
    at = select(open_page(), 1)
    assert "BLT-000002" in shown(at)
    house.add(*(said(n) for n in range(4, 9)))
    house.publish()
    at.run()
    assert "BLT-000002" in shown(at)
    at.button(key="muat").click().run()
    told = shown(at)
    assert "BLT-000002" in told
    assert "BLT-000007" not in told


def test_an_empty_list_fills_by_itself(house: House, open_page: Open) -> None:
    house.health("sms")
    house.publish()
    at = open_page()
    assert not at.dataframe
    house.add(said(1, history=True))
    house.publish()
    at.run()
    assert len(rows(at)) == 1


def test_the_list_is_masked_and_says_nothing_of_a_confidential_one(
    house: House, open_page: Open
) -> None:
    house.add(said(1, title="Judul", title_masked="", urgency="emergency"))
    house.add(said(2, rahasia=True, anonim=True, text_masked="dugaan pungli"))
    house.add(said(3, klasifikasi="bukan_aduan", simulated=True))
    house.publish()
    at = open_page()
    assert rows(at) == [
        "bukan aduan - simulasi - Jalan rusak di Kanigoro nomor 3, hubungi [telepon]",
        "RAHASIA - anonim - isi tidak ditampilkan",
        "▲ DARURAT - Jalan rusak di Kanigoro nomor 1, hubungi [telepon]",
    ]
    told = shown(select(at, 1))
    assert "Laporan rahasia" in told
    assert "pungli" not in told
    assert "jalan rusak" not in told
    assert "0812340000" not in told


def test_rows_are_in_words(house: House, open_page: Open) -> None:
    house.health("whatsapp", label="WhatsApp")
    # A transcript of yesterday that came in today.
    late = said(3, 1500, received_at=datetime.now(UTC) - timedelta(hours=2, minutes=3))
    house.add(late)
    house.publish()
    frame = open_page().dataframe[0].value
    assert frame.iloc[0]["masuk"] == "2 jam lalu"
    sent = words.short(late.occurred_at, datetime.now(UTC), ZoneInfo("Asia/Jakarta"))
    assert frame.iloc[0]["waktu"] == sent
    assert frame.iloc[0]["kanal"] == "WhatsApp"
    assert frame.iloc[0]["kategori"] == "Jalan, trotoar, jembatan"
    assert frame.iloc[0]["tempat"] == "Kec. Kanigoro"
    assert frame.iloc[0]["status"] == "Baru"


def test_figures_have_their_definitions(house: House, open_page: Open) -> None:
    first = said(1, channel="sms", message_ids=("a", "b"))
    home = ids.case_id(first.complaint_id)
    house.add(first)
    house.add(said(2), case_id=home, relation="joined")
    house.add(said(3, klasifikasi="bukan_aduan"), said(4, simulated=True))
    house.publish()
    told = shown(open_page())
    for name, n, meaning in (
        ("Pesan", 5, "termasuk bukan aduan"),
        ("Laporan", 2, "yang merupakan aduan"),
        ("Kasus", 1, "dihitung sekali"),
    ):
        assert f'<div class="kecil">{name}</div><b>{n}</b>' in told
        assert meaning in told
    assert "DATA SIMULASI" not in told
    assert "5 pesan dalam 24 jam terakhir" in told


def test_health_of_each_channel(house: House, open_page: Open) -> None:
    house.health("sms", label="SMS 1708", state="terhubung")
    house.health("call112", label="Call center 112", state="gagal", sentence="Folder <x> hilang")
    house.health("whatsapp", label="WhatsApp", state="belum_disambungkan")
    house.health("radio", label="Formulir radio", state="mati")
    house.health("facebook", label="Facebook", state="mati")
    house.add(said(1, channel="telegram"), said(2, channel="radio"))
    house.publish()
    told = shown(open_page())
    for tone, word in (
        ("ok", "Terhubung"), ("bad", "Gagal"), ("mute", "belum disambungkan"),
        ("mute", "Dimatikan"), ("warn", "tidak melapor"),
    ):  # fmt: skip
        assert f'<span class="tanda {tone}">{word}</span>' in told
    assert "Folder &lt;x&gt; hilang" in told
    # What is off and always was takes no room; it is named in a line.
    assert "Tidak dijalankan (tidak ada di tenant.toml): Facebook." in told
    assert "1 dari 3 kanal terhubung" in told


def test_the_outcomes_of_calls_are_told_apart(house: House, open_page: Open) -> None:
    house.health("call112", label="Call center 112", state="terhubung")
    for number, came in enumerate(("terjawab", "iseng", "iseng", "kosong", "informasi", "")):
        house.add(said(number, channel="call112", given={"panggilan": came}))
    house.publish()
    told = [caption.value for caption in open_page().caption]
    counted = "1 terjawab, 2 iseng, 1 kosong, 1 informasi, 1 tanpa keterangan"
    assert [line for line in told if line.startswith(f"Panggilan 112: {counted}.")] != []


def test_without_a_call_nothing_is_said_of_calls(house: House, open_page: Open) -> None:
    house.health("call112", label="Call center 112", state="terhubung")
    house.add(said(1, channel="sms"))
    house.publish()
    assert "Panggilan 112" not in " ".join(caption.value for caption in open_page().caption)


@pytest.mark.parametrize(
    ("states", "why"),
    [
        ({}, "karena belum ada kanal yang disambungkan"),
        ({"sms": "belum_disambungkan"}, "karena belum ada kanal yang disambungkan"),
        ({"sms": "terhubung", "whatsapp": "belum_disambungkan"}, "1 kanal terhubung (Sms)"),
        ({"sms": "terhubung", "call112": "gagal"}, "dan 1 kanal gagal"),
    ],
)
def test_nothing_says_why_and_what_next(
    house: House, open_page: Open, states: dict[str, str], why: str
) -> None:
    for channel, state in states.items():
        house.health(channel, state=state)
    house.publish()
    told = shown(open_page())
    assert "Belum ada aduan" in told
    assert why in told
    assert "kanal check" in told or "Catat aduan" in told


@pytest.mark.parametrize(
    ("age", "word"),
    [(timedelta(seconds=5), "Langsung"), (timedelta(minutes=12), "Data lama: 12 menit")],
)
def test_how_old_the_data_is(house: House, open_page: Open, age: timedelta, word: str) -> None:
    house.add(said(1))
    house.publish(age)
    assert word in shown(open_page())


def test_nothing_published_yet_fills_by_itself(house: House, open_page: Open) -> None:
    at = open_page()
    assert "Belum ada data yang diterbitkan" in shown(at)
    house.add(said(1))
    house.publish()
    assert len(rows(at.run())) == 1


@pytest.mark.parametrize("pointer", [None, "{}", "operator-9.duckdb"])
def test_published_files_that_went_away_are_waited_for(
    house: House, open_page: Open, pointer: str | None
) -> None:
    house.add(said(1))
    house.publish()
    at = open_page()
    current = house.data / "published" / "CURRENT"
    written = current.read_text()
    current.unlink()
    if pointer is not None:
        lost = written.replace("operator-1.duckdb", pointer).replace('"version":1', '"version":9')
        current.write_text(lost if "duckdb" in pointer else pointer)
    told = shown(at.run())
    assert "Belum ada data" in told
    assert not at.exception


def test_data_nobody_understands_is_told_in_a_sentence_and_logged_once(
    house: House, open_page: Open
) -> None:
    house.add(said(1))
    house.publish()
    published = house.data / "published"
    (published / "operator-1.duckdb").unlink()
    duckdb.connect(str(published / "operator-1.duckdb")).close()
    with capture_logs() as logs:
        at = open_page()
        told = shown(at) + shown(at.run())
    assert "Bagian ini sedang tidak dapat ditampilkan" in told
    assert "Catalog" not in told
    failures = [entry for entry in logs if entry["event"] == "page_failed"]
    assert {entry["error"] for entry in failures} == {"CatalogException"}
    assert len({entry["where"] for entry in failures}) == len(failures)


def test_wrong_settings_are_told_in_a_sentence(
    house: House, open_page: Open, tmp_path: Path
) -> None:
    file = house.config / "tenants" / TENANT / "tenant.toml"
    file.write_text('office = "x"\n')
    told = shown(open_page())
    assert "Pengaturan salah" in told
    assert "wilayah_kode" in told


def test_two_offices_are_chosen_by_the_address(house: House, open_page: Open) -> None:
    house.tenant("kota-ambon", "Asia/Jayapura", "Pemerintah Kota Ambon")
    house.add(said(1))
    house.publish()
    at = open_page("", kantor="kota-ambon")
    assert at.sidebar.selectbox[0].value == "kota-ambon"
    assert "Belum ada aduan" in shown(at)
    assert "WIT" in shown(at)
    at.sidebar.selectbox[0].set_value(TENANT).run()
    assert at.query_params["kantor"] == TENANT
    assert len(rows(at)) == 1
    assert "Tidak dikenal" not in shown(open_page("", kantor="tidak-dikenal"))


def test_a_trial_installation_shows_its_exercises(house: House, open_page: Open) -> None:
    house.add(said(1, simulated=True))
    house.publish()
    at = open_page()
    told = shown(at)
    assert "DATA SIMULASI" in told
    assert '<div class="kecil">Laporan</div><b>1</b>' in told
    assert rows(at)[0].startswith("simulasi - ")
    house.add(said(2))
    house.publish()
    assert "DATA SIMULASI" not in shown(at.run())
