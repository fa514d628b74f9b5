"""What every page shares: links, the banner, the footer, and calm words when something fails."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st
from streamlit.navigation.page import Page

from core.log import get_logger, where
from dashboard import words
from dashboard.data import Office
from sink import queries
from sink.reader import NotPublished

# Older than this, the published data is called old: every minute brings at least a channel's state.
STALE = timedelta(minutes=3)
_FOOTER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Shell:
    """The office on the screen and the pages one can go to."""

    office: Office
    pages: Mapping[str, Page]
    entered: bool = True
    """Whether this run is the first one on its page."""

    def query(self, **more: str) -> dict[str, str]:
        """Return the URL's parameters for another page: the office stays the one chosen."""
        several = len(self.office.settings.tenants) > 1
        return ({"kantor": self.office.name} if several else {}) | more

    def go(self, page: str) -> None:
        """Go on to another page."""
        st.switch_page(self.pages[page], query_params=self.query())

    def link_to(self, complaint_id: str, label: str) -> None:
        """Draw a link to a complaint's own page."""
        page = self.pages["aduan"]
        st.page_link(page, label=words.unmarked(label), query_params=self.query(id=complaint_id))


def guarded(draw: Callable[[], None]) -> Callable[[], None]:
    """Let a part of a page fail in a sentence: no traceback, and the other parts stand."""

    def safely() -> None:
        try:
            draw()
        except NotPublished:
            st.caption("Menunggu data diterbitkan …")
        # Whatever it is: an operator can do nothing with a traceback, the log can.
        except Exception as error:
            _report(error)
            st.error(
                "Bagian ini sedang tidak dapat ditampilkan; halaman mencoba lagi sendiri. "
                "Bila tetap begini, beri tahu pengelola server.",
                icon=":material/error:",
            )

    return safely


def published(office: Office) -> bool:
    """Say whether there is anything to show at all."""
    try:
        office.reader.manifest()
    except NotPublished:
        return False
    return True


def waiting(office: Office) -> None:
    """Say that nothing is published yet; the page fills by itself."""
    st.info(
        "**Belum ada data yang diterbitkan.** Gerbang baru dinyalakan atau belum berjalan. "
        "Jalankan `kanal up` di server; halaman ini terisi sendiri beberapa detik setelahnya.",
        icon=":material/hourglass_empty:",
    )

    @st.fragment(run_every=1.0)
    def look() -> None:
        if published(office):
            st.rerun()

    look()


def banner(office: Office) -> None:
    """Say in red that what is shown is an exercise."""
    if office.demo or (published(office) and office.simulated):
        st.html(
            '<div class="simulasi" role="status">DATA SIMULASI - bukan aduan warga yang sebenarnya'
            "</div>"
        )


def footer(office: Office) -> None:
    """Draw the line under every page; it keeps itself up to date."""

    @st.fragment(run_every=_FOOTER_SECONDS)
    @guarded
    def draw() -> None:
        now = office.now()
        if not published(office):
            st.html(f'<div class="kaki" {beat(now, _FOOTER_SECONDS)}>Belum ada data.</div>')
            return
        fresh = office.ask(queries.freshness)
        states = [r["state"] for r in office.ask(queries.channel_health) if r["state"] != "mati"]
        connected = sum(state in ("terhubung", "percobaan") for state in states)
        made_at, zone = fresh["made_at"], office.zone
        moment = f"{words.day(made_at, zone)} {words.clock(made_at, zone, seconds=True)}"
        st.html(
            f'<div class="kaki" {beat(now, _FOOTER_SECONDS)}>Data s.d. {moment} '
            f"{words.zone_name(zone)} · versi {words.number(fresh['version'])} · "
            f"{connected} dari {len(states)} kanal terhubung</div>"
        )

    draw()


def beat(now: datetime, every: float) -> str:
    """Return the attributes by which the browser sees that the server still draws."""
    return f'data-beat="{now.timestamp():.1f}" data-patience="{max(6, round(4 * every))}"'


def _report(error: Exception) -> None:
    """Log an error once per viewer, not once per heartbeat."""
    place = where(error)
    reported: set[str] = st.session_state.setdefault("dilaporkan", set())
    if place not in reported:
        reported.add(place)
        get_logger().error("page_failed", error=type(error).__name__, where=place)
