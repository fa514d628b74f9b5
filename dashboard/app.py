"""The dashboard's one script: chooses the office, offers the pages, draws the one asked for."""

import argparse
import sys
from pathlib import Path

import streamlit as st

from core import log
from core.errors import ConfigError
from core.settings import Settings, TenantSettings
from dashboard import data, style
from dashboard.data import Office
from dashboard.views import aduan, catat, pantauan, shell
from dashboard.views.shell import Shell

_ICON = Path(__file__).with_name("favicon.png")


def main() -> None:
    """Draw the page that is asked for."""
    options = _options(sys.argv[1:])
    if options.log:
        _log_as_the_others()
    # A picture of our own: an icon by name would be fetched from outside.
    st.set_page_config(page_icon=str(_ICON), layout="wide")
    st.html(style.HEAD)
    st.html(style.SCRIPT, unsafe_allow_javascript=True)
    try:
        settings = data.settings(options.config, options.data)
    except ConfigError as error:
        st.title("Dasbor belum dapat dibuka")
        st.error("Pengaturan salah; perbaiki di server lalu muat ulang halaman ini.")
        st.text(str(error))
        return
    _draw(Office(settings, _choose(settings), data.reader(settings.data_dir)))


def _draw(office: Office) -> None:
    st.logo(style.logo(office.tenant.product), size="large")
    pages = {
        "pantauan": st.Page(lambda: pantauan.page(here), title="Pantauan langsung",
                            url_path="pantauan", icon=":material/monitor_heart:"),
        "catat": st.Page(lambda: catat.page(here), title="Catat aduan", url_path="catat",
                         icon=":material/edit_note:"),
        "aduan": st.Page(lambda: aduan.page(here), title="Aduan", url_path="aduan",
                         icon=":material/article:", visibility="hidden"),
        # The default page has no address of its own: it only leads to one that has.
        "": st.Page(lambda: here.go("pantauan"), title="Beranda", url_path="beranda", default=True,
                    visibility="hidden"),
    }  # fmt: skip
    chosen = st.navigation(list(pages.values()))
    here = Shell(office, pages, entered=st.session_state.get("halaman") != chosen.url_path)
    st.session_state["halaman"] = chosen.url_path
    st.set_page_config(page_title=f"{chosen.title} - {office.tenant.product}")
    if len(office.settings.tenants) == 1:
        st.sidebar.caption(office.tenant.office)
    shell.guarded(lambda: shell.banner(office))()
    shell.guarded(chosen.run)()
    shell.footer(office)


def _choose(settings: Settings) -> TenantSettings:
    """Return the office on the screen; with several, the address says which."""
    names = sorted(settings.tenants)
    if len(names) == 1:
        return settings.tenants[names[0]]
    if "kantor" not in st.session_state and st.query_params.get("kantor") in names:
        st.session_state["kantor"] = st.query_params["kantor"]
    chosen = st.sidebar.selectbox(
        "Kantor", names, format_func=lambda name: settings.tenants[name].office, key="kantor"
    )
    # By hand: a bound widget would write the office's long name, and a page switch clears it.
    st.query_params["kantor"] = chosen
    return settings.tenants[chosen]


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dashboard", allow_abbrev=False)
    parser.add_argument("--config", type=Path, default=Path("config"))
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--log", action="store_true", help="log like Kanal's other processes")
    return parser.parse_args(argv)


@st.cache_resource(show_spinner=False)
def _log_as_the_others() -> None:
    log.configure()


if __name__ == "__main__":
    main()
