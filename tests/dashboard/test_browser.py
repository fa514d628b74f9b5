"""The screens in a real Chromium, served by the real Streamlit, over a fake intake."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

import dashboard
from tests.browser import launch, outside
from tests.dashboard.house import FakeIntake, House, fake_intake, open_keys, radio_complaint, said

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROW = 36
HOSTILE = '<img src="http://lain.example/a.png"> ![x](http://lain.example/b.png) [telepon]'


class Served:
    """The dashboard as the supervisor starts it."""

    def __init__(self, house: House, log: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self._log = log.open("wb")
        self._process = subprocess.Popen(
            dashboard.command(house.config, house.data, "127.0.0.1", port),
            env=os.environ | dashboard.environment(),
            stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        # Refused until it listens; each refusal takes a moment, so this does not spin.
        transport = httpx.HTTPTransport(retries=12)
        with httpx.Client(transport=transport, trust_env=False, timeout=30) as client:
            client.get(f"{self.address}/_stcore/health").raise_for_status()

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._log.close()


@contextmanager
def screen(house: House, tmp_path: Path) -> Iterator[tuple[Page, Served]]:
    """Open the live page."""
    served = Served(house, tmp_path / "dashboard.log")
    try:
        with launch() as page:
            yield page, served
    finally:
        served.stop()


@pytest.fixture
def intake() -> Iterator[FakeIntake]:
    with fake_intake() as made:
        yield made


@pytest.fixture
def house(tmp_path: Path, intake: FakeIntake) -> Iterator[House]:
    made = House(tmp_path, intake.port)
    open_keys(made, intake)
    made.reference()
    made.health("radio", label="Formulir radio")
    made.health("whatsapp", label="WhatsApp", state="belum_disambungkan")
    yield made
    made.close()


def click_row(page: Page, position: int) -> None:
    """Click into a row of the list (it is drawn on a canvas)."""
    page.get_by_test_id("stDataFrame").first.click(position={"x": 260, "y": ROW * (position + 1.5)})


def test_a_shift_at_the_screen(house: House, intake: FakeIntake, tmp_path: Path) -> None:
    house.add(said(1), said(2, text_masked=HOSTILE))
    house.publish()
    with screen(house, tmp_path) as (page, served):
        strangers = outside(page)
        _watch(page, served, house)
        _type_a_call(page, house, intake)
        _load_and_open_it(page)
        assert strangers == []


def _watch(page: Page, served: Served, house: House) -> None:
    page.goto(served.address)
    expect(page).to_have_url(f"{served.address}/pantauan")
    page.reload()
    expect(page.get_by_role("heading", name="Pantauan langsung")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_title("Pantauan langsung - DOLAN PUTER")
    expect(page.locator("html")).to_have_attribute("lang", "id")
    expect(page.get_by_role("region", name="Kesehatan kanal")).to_contain_text("belum disambungkan")
    chart = page.locator("[role=graphics-document]")
    expect(chart).to_have_attribute("aria-label", re.compile("^2 pesan dalam 24 jam terakhir"))
    click_row(page, 0)
    opened = page.locator(".st-key-rincian")
    expect(opened).to_contain_text("BLT-000002")
    # A citizen's words stand as they were written; no picture is fetched, no link is made.
    expect(opened.locator(".isi")).to_have_text(HOSTILE)
    expect(opened.locator("img")).to_have_count(0)
    house.add(*(said(n) for n in range(3, 6)))
    house.publish()
    expect(page.get_by_role("button", name="Muat 3 aduan baru")).to_be_visible()
    expect(opened).to_contain_text("BLT-000002")


def _type_a_call(page: Page, house: House, intake: FakeIntake) -> None:
    page.get_by_role("link", name="Catat aduan").click()
    page.get_by_label("Isi aduan").fill("Pohon tumbang di Desa Tlogo")
    page.get_by_label("Lokasi").fill("RT 2")
    # A look at another page loses nothing of what is typed.
    # (Pressed as long as a finger presses: what was typed is sent when its field is left.)
    page.get_by_role("link", name="Pantauan langsung").click(delay=100)
    expect(page.get_by_role("heading", name="Kesehatan kanal")).to_be_visible()
    page.get_by_role("link", name="Catat aduan").click()
    expect(page.get_by_label("Isi aduan")).to_have_value("Pohon tumbang di Desa Tlogo")
    page.get_by_role("button", name="Simpan").dblclick()
    expect(page.get_by_text("menunggu nomor tiket")).to_be_visible()
    expect(page.get_by_label("Isi aduan")).to_have_value("")
    # Pressed twice, it is one form.
    assert len({form["form_id"] for form in intake.forms}) == 1
    house.add(radio_complaint(intake.forms[0], 7))
    house.publish()
    expect(page.get_by_role("link", name="BLT-000007")).to_be_visible()


def _load_and_open_it(page: Page) -> None:
    page.get_by_role("link", name="Pantauan langsung").click()
    page.get_by_role("button", name="Muat 4 aduan baru").click()
    expect(page.get_by_role("button", name="aduan baru")).to_have_count(0)
    opened = page.locator(".st-key-rincian")
    # What was open before stays open, four rows further down.
    expect(opened).to_contain_text("BLT-000002")
    click_row(page, 0)
    expect(opened).to_contain_text("Pohon tumbang di Desa Tlogo")
    page.get_by_role("link", name="Buka di halaman sendiri").click()
    expect(page).to_have_url(re.compile(r"/aduan\?id=[0-9a-f-]{36}$"))
    address = page.url
    # The address can be passed on: a fresh visit shows the same complaint.
    page.goto("about:blank")
    page.goto(address)
    expect(page.locator(".isi").first).to_have_text("Pohon tumbang di Desa Tlogo")


def test_what_is_hidden_is_opened_by_a_stored_act(
    house: House, intake: FakeIntake, tmp_path: Path
) -> None:
    hidden = said(1, rahasia=True, text="pungli di kantor", text_masked="pungli di kantor")
    house.add(hidden)
    house.publish()
    with screen(house, tmp_path) as (page, served):
        page.goto(f"{served.address}/aduan?id={hidden.complaint_id}")
        expect(page.get_by_text("Laporan rahasia.")).to_be_visible()
        expect(page.get_by_text("pungli")).to_have_count(0)
        page.get_by_role("button", name="Tampilkan teks asli").click()
        page.get_by_label("Nama petugas").fill("Siti")
        page.get_by_role("button", name="Catat dan buka").click()
        expect(page.get_by_text("pungli di kantor")).to_be_visible()
        assert [note["actor"] for note in intake.audits] == ["Siti"]


def test_the_browser_itself_says_when_the_server_is_gone(house: House, tmp_path: Path) -> None:
    house.add(said(1))
    house.publish()
    with screen(house, tmp_path) as (page, served):
        page.goto(served.address)
        expect(page.get_by_role("heading", name="Kesehatan kanal")).to_be_visible()
        expect(page.get_by_text("Sambungan ke dasbor terputus")).to_be_hidden()
        served.stop()
        expect(page.get_by_text("Sambungan ke dasbor terputus")).to_be_visible()


def test_a_foreign_name_for_this_server_is_refused(house: House, tmp_path: Path) -> None:
    served = Served(house, tmp_path / "dashboard.log")
    try:
        headers = {
            "connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
            "sec-websocket-key": "YWFhYWFhYWFhYWFhYWFhYQ==",
        }  # fmt: skip
        foreign = ({"host": "lain.example"}, {"origin": "http://lain.example"})
        with httpx.Client(trust_env=False) as client:
            for more in foreign:
                answer = client.get(f"{served.address}/_stcore/stream", headers=headers | more)
                assert answer.status_code == 403
    finally:
        served.stop()
