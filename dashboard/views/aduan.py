"""One complaint on a page of its own, under an address that can be passed on."""

import streamlit as st

from dashboard.views import detail, shell
from dashboard.views.shell import Shell


def page(here: Shell) -> None:
    """Draw the complaint the address names."""
    st.page_link(here.pages["pantauan"], label="Kembali ke pantauan", icon=":material/arrow_back:",
                 query_params=here.query())  # fmt: skip
    st.title("Aduan", anchor=False)
    complaint_id = str(st.query_params.get("id", "")).strip()
    if not shell.published(here.office):
        shell.waiting(here.office)
    elif not complaint_id:
        st.info("Pilih satu aduan di *Pantauan langsung*.", icon=":material/search:")
    else:
        _detail(here, complaint_id)


def _detail(here: Shell, complaint_id: str) -> None:
    @st.fragment(run_every=10.0)
    @shell.guarded
    def draw() -> None:
        detail.show(here, complaint_id)

    draw()
