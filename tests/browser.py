"""A real Chromium for tests of the screens, driven by Playwright with Debian's executable."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
MISSING = "Chromium tidak ada: apt-get install chromium"
# The machine is shared: Playwright's own waiting, but patient.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
_ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def need_chromium() -> None:
    """Skip the test where Chromium is missing; with CI=true that is a failure."""
    if CHROMIUM.exists():
        return
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(MISSING, pytrace=False)
    pytest.skip(MISSING)


@contextmanager
def launch(width: int = 1360, height: int = 900, locale: str = "id-ID") -> Iterator[Page]:
    """Open a page of a fresh browser; the browser ends with the context."""
    need_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=_ARGS)
        try:
            page = browser.new_page(viewport={"width": width, "height": height}, locale=locale)
            page.set_default_timeout(PATIENCE_MS)
            yield page
        finally:
            browser.close()


def outside(page: Page) -> list[str]:
    """Collect from now on every address the page asks for that is not on this machine."""
    strangers: list[str] = []
    local = ("http://127.0.0.1:", "ws://127.0.0.1:", "http://localhost:", "data:", "blob:")

    def note(url: str) -> None:
        if not url.startswith(local):
            strangers.append(url)

    page.on("request", lambda request: note(request.url))
    page.on("websocket", lambda socket: note(socket.url))
    return strangers
