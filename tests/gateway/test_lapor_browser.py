"""The public form in a real Chromium: on a phone, by keyboard alone, and without JavaScript."""

import asyncio
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import launch, outside
from tests.gateway.house import TENANT
from tests.gateway.public_house import FORM, Street, opened, picture


def by_keyboard(base: str, photo: Path) -> str:
    """Fill in the form with keys alone; return the receipt as it stands on the screen."""
    with launch(width=320, height=640) as page:
        strangers = outside(page)
        page.goto(base + FORM)
        assert wide(page) <= 320, "nothing sticks out on the smallest phone"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # over the heading
        reach(page, "isi")
        reach(page, "kirim")
        page.keyboard.press("Enter")  # with nothing filled in
        page.get_by_role("alert").wait_for()
        assert page.title().startswith("Galat: ")
        assert page.locator("#isi").get_attribute("aria-invalid") == "true"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # the summary's link leads to the field
        assert page.evaluate("document.activeElement.id || location.hash") in ("isi", "#isi")
        reach(page, "isi")
        page.keyboard.type("Lampu jalan mati di depan balai desa")
        reach(page, "wilayah")
        page.keyboard.type("Desa Minggirsari")
        reach(page, "rahasia")
        page.keyboard.press("Space")
        page.locator("#foto").set_input_files(photo)
        reach(page, "kirim")
        page.keyboard.press("Enter")
        page.wait_for_url("**/terima/*")
        assert wide(page) <= 320
        assert strangers == []
        return page.locator(".tanda code").first.inner_text()


def wide(page: Page) -> int:
    """Return how wide the page is."""
    return int(page.evaluate("document.documentElement.scrollWidth"))


def reach(page: Page, name: str) -> None:
    """Press Tab until the field is reached; what only a robot fills in is never on the way."""
    for _ in range(40):
        page.keyboard.press("Tab")
        found = page.evaluate("document.activeElement.id")
        assert found != "situs_web"
        if found == name:
            assert page.locator(f"#{name}").evaluate("e => e.matches(':focus-visible')")
            return
    raise AssertionError(name)


@pytest.mark.browser
def test_the_form_is_filled_in_by_keyboard_alone(tmp_path: Path) -> None:
    photo = tmp_path / "foto.jpg"
    photo.write_bytes(picture(400))

    async def main() -> None:
        async with asyncio.timeout(120), opened(tmp_path / "data", served=True) as street:
            code = await asyncio.to_thread(by_keyboard, street.settings.intake.address, photo)
            await stored(street, code)

    asyncio.run(main())


async def stored(street: Street, code: str) -> None:
    (raw,), (message,) = await street.raws(), await street.messages()
    assert (raw.tenant, raw.simulated, message.rahasia) == (TENANT, False, True)
    assert "Lokasi: Desa Minggirsari, Kecamatan Kanigoro" in message.text
    assert message.attachments[0].mime == "image/jpeg"
    assert code
