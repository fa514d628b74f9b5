"""A published office behind the app, and the app run without a browser."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from tests.dashboard.house import FakeIntake, House, fake_intake, open_keys

APP = Path(__file__).parents[2] / "dashboard" / "app.py"

Open = Callable[..., AppTest]
"""Opens a page by its address: open_page("aduan", id=...)."""


@pytest.fixture
def intake() -> Iterator[FakeIntake]:
    with fake_intake() as served:
        yield served


@pytest.fixture
def house(tmp_path: Path, intake: FakeIntake) -> Iterator[House]:
    made = House(tmp_path, intake.port)
    open_keys(made, intake)
    made.reference()
    yield made
    made.close()


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch, house: House) -> Iterator[Open]:
    argv = ["app.py", "--config", str(house.config), "--data", str(house.data)]
    monkeypatch.setattr(sys, "argv", argv)

    def opened(page: str = "", **address: str) -> AppTest:
        at = AppTest.from_file(str(APP), default_timeout=60)
        # AppTest switches to pages that are files only; ours are functions, known by their path.
        at._page_hash = calc_hash(page) if page else ""
        at.query_params.update(address)
        return at.run()

    yield opened
    st.cache_data.clear()
    st.cache_resource.clear()


def shown(at: AppTest) -> str:
    """Return all the words a page shows, in their order (HTML as it is written)."""
    kinds = ("title", "subheader", "html", "markdown", "caption", "info", "warning", "error",
             "success", "text", "toast")  # fmt: skip
    assert not at.exception
    found = [element for kind in kinds for element in at.get(kind)]
    return "\n".join(str(getattr(e, "value", "") or getattr(e.proto, "body", "")) for e in found)
