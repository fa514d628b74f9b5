"""The whole house in a real browser: a signed SMS rings on the page, a form comes back as a row."""

import re
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page

from tests.acceptance.running import Running, running
from tests.browser import launch, need_chromium, outside
from tests.gateway.house import sms

BADGE = re.compile(r"Muat \d+ aduan baru")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    need_chromium()
    with running(tmp_path_factory.mktemp("rumah")) as made:
        yield made


def post(house: Running, text: str, sid: str) -> None:
    url, headers, body = sms(house.base, text, sid)
    assert httpx.post(url, headers=headers, content=body, trust_env=False).status_code == 200


def listed(page: Page, words: str) -> None:
    """Wait for a cell of the list; its picture is a canvas, its words are for screen readers."""
    page.get_by_text(words).first.wait_for(state="attached")


@pytest.mark.browser
def test_a_signed_sms_rings_and_is_opened(
    house: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    post(house, "Sampah menumpuk di Desa Tlogo Kecamatan Kanigoro", "SM1")
    house.wait_for("SELECT count(*) FROM complaints", 1)
    with launch() as page:
        strangers = outside(page)
        page.goto(house.dashboard)
        listed(page, "Sampah menumpuk di Desa Tlogo")
        sent = time.monotonic()
        post(house, "Lampu PJU mati di Desa Minggirsari Kecamatan Kanigoro", "SM2")
        page.get_by_role("button", name=BADGE).wait_for()
        seconds = time.monotonic() - sent
        with capsys.disabled():
            print(f"\nSMS accepted to 'Muat N' badge in Chromium: {seconds:.1f} s")
        # The list an operator reads stands still until it is asked for more.
        assert page.get_by_text("Lampu PJU mati").count() == 0
        page.get_by_role("button", name=BADGE).click()
        listed(page, "Lampu PJU mati")
        assert strangers == []


@pytest.mark.browser
def test_a_radio_form_comes_back_as_a_complaint(house: Running) -> None:
    words = "Banjir di depan balai desa setiap hujan, selokan tersumbat"
    with launch() as page:
        page.goto(f"{house.dashboard}/catat")
        page.get_by_label("Isi aduan").fill(words)
        page.get_by_label("Lokasi").fill("Desa Minggirsari, Kanigoro")
        page.get_by_role("button", name="Simpan").click()
        page.get_by_text("tersimpan", exact=False).first.wait_for()
        house.wait_for("SELECT count(*) FROM complaints WHERE channel = 'radio'", 1)
        (row,) = house.sql("SELECT complaint_id, kategori FROM complaints WHERE channel = 'radio'")
        assert row["kategori"] == "drainase_banjir"
        page.goto(f"{house.dashboard}/pantauan")
        listed(page, words[:30])
        page.goto(f"{house.dashboard}/aduan?id={row['complaint_id']}")
        page.get_by_text(words[:30]).first.wait_for()
        page.get_by_text("Banjir", exact=False).first.wait_for()
