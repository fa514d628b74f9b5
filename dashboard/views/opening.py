"""Opening what is hidden: the act is stored first, then the text or the contact is shown."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from dashboard import actions, style
from dashboard.data import Office, Row
from sink import queries

ACTOR = "petugas"
"""Where a session keeps the name of who sits before the screen (accounts come later)."""


@dataclass(frozen=True, slots=True)
class _Act:
    """What can be opened: its name in the audit, and its words on the button."""

    name: str
    label: str
    close: str
    icon: str

    def state(self) -> str:
        """Name the session's note of which complaint this is open for."""
        return f"terbuka-{self.name}"


_TEXT = _Act("open_text", "Tampilkan teks asli", "Sembunyikan teks asli", ":material/visibility:")
_CONTACT = _Act(
    "open_contact", "Tampilkan kontak pelapor", "Tutup kontak", ":material/contact_phone:"
)


def show(office: Office, row: Row) -> None:
    """Draw what was written, masked, and what a stored act has opened of it."""
    opened = [act for act in (_TEXT, _CONTACT) if _is_open(act, row["complaint_id"])]
    _words(office, row, as_written=_TEXT in opened)
    if _CONTACT in opened:
        _contact(office, row)
    elif not row["reporter_ref"]:
        st.caption("Pelapor tidak meninggalkan kontak.")
    elif row["anonim"]:
        st.caption("Pelapor minta namanya disembunyikan; buka hanya bila perlu menghubunginya.")
    for act in (_TEXT, _CONTACT):
        _refused(act, row["complaint_id"])
    with st.container(horizontal=True, gap="small"):
        for act in (_TEXT, _CONTACT) if row["reporter_ref"] else (_TEXT,):
            _button(office, act, row["complaint_id"], is_open=act in opened)


def actor() -> str:
    """Return who sits before the screen, as they have said."""
    return str(st.session_state.get(ACTOR) or "").strip()


def _words(office: Office, row: Row, *, as_written: bool) -> None:
    if as_written:
        written = office.ask_uncached(queries.original, row["complaint_id"]) or {}
        parts = written.get("title"), written.get("text")
    elif row["rahasia"]:
        st.warning(
            "**Laporan rahasia.** Isinya tidak ditampilkan sebelum pembukaannya tercatat.",
            icon=":material/lock:",
        )
        return
    else:
        parts = row["title_masked"], row["text_masked"]
    st.html(style.said("\n".join(part for part in parts if part) or "(tanpa teks)"))
    if as_written:
        st.caption("Teks asli. Pembukaan ini tercatat.")


def _contact(office: Office, row: Row) -> None:
    who = office.ask_uncached(queries.reporter, row["complaint_id"]) or {}
    facts = {
        "Pelapor": who.get("name"),
        "Kontak": who.get("contact"),
        "Alamat balasan": who.get("reply_address"),
    }
    known = {name: escape(value) for name, value in facts.items() if value}
    st.html(style.pairs(known) if known else style.line("Tidak ada nama dan kontak."))


def _button(office: Office, act: _Act, cid: str, *, is_open: bool) -> None:
    key = f"{act.name}-{cid}"
    if is_open:
        st.button(act.close, key=f"tutup-{key}", on_click=_close, args=(act,))
    elif actor():
        st.button(act.label, key=key, icon=act.icon, on_click=_open, args=(office, act, cid),
                  help="Pembukaan dicatat: siapa, kapan, aduan yang mana.")  # fmt: skip
    else:
        _ask_name(office, act, cid)


def _ask_name(office: Office, act: _Act, cid: str) -> None:
    """Ask who is opening before the first opening of a session."""
    key = f"nama-{act.name}-{cid}"
    with st.popover(act.label, icon=act.icon), st.form(f"{key}-form", border=False):
        st.caption("Pembukaan dicatat: siapa, kapan, aduan yang mana.")
        st.text_input("Nama petugas", key=key, max_chars=100)
        st.form_submit_button(
            "Catat dan buka", type="primary", on_click=_name_and_open, args=(office, act, cid, key)
        )


def _name_and_open(office: Office, act: _Act, cid: str, key: str) -> None:
    name = str(st.session_state.get(key) or "").strip()
    if name:
        st.session_state[ACTOR] = name
        _open(office, act, cid)
    else:
        st.session_state[_refusal_key(act, cid)] = "Isi nama petugas dahulu."


def _open(office: Office, act: _Act, cid: str) -> None:
    refusal = actions.record_opening(office, act.name, cid, actor())
    if refusal is None:
        st.session_state[act.state()] = cid
    else:
        st.session_state[_refusal_key(act, cid)] = refusal.sentence


def _refused(act: _Act, cid: str) -> None:
    if sentence := st.session_state.pop(_refusal_key(act, cid), ""):
        st.error(f"Tidak dibuka, karena pembukaannya belum dapat dicatat. {sentence}",
                 icon=":material/error:")  # fmt: skip


def _close(act: _Act) -> None:
    st.session_state.pop(act.state(), None)


def _is_open(act: _Act, cid: str) -> bool:
    """Say whether this complaint is open; only one is at a time: going on closes the other."""
    if st.session_state.get(act.state()) not in (None, cid):
        _close(act)
    return bool(st.session_state.get(act.state()) == cid)


def _refusal_key(act: _Act, cid: str) -> str:
    return f"ditolak-{act.name}-{cid}"
