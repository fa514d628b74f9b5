"""Catat aduan: what a listener says on air or a visitor at the desk, typed in while they speak."""

import html
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.forms import SERVICES
from dashboard import actions, style, words
from dashboard.data import Office
from dashboard.views import opening, shell
from dashboard.views.shell import Shell
from sink import queries

_SAVED_SHOWN = 6
_OLDEST = timedelta(days=366)
_TEXTS = ("program", "isi", "lokasi", "penelepon", "telepon")
# What only the desk asks.
_DESK = ("layanan", "acuan")
_FLAGS = ("anonim", "rahasia", "simulasi")
# How the fields the intake may name are written on the form.
_LABELS = {
    "program": "Acara", "waktu_siar": "Waktu siar", "penelepon": "Nama penelepon",
    "telepon": "Nomor telepon", "isi": "Isi aduan", "lokasi": "Lokasi", "petugas": "Nama petugas",
    "acuan": "Nomor surat/register",
    "anonim": "Sembunyikan nama pelapor", "rahasia": "Laporan rahasia", "simulasi": "Latihan",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Saved:
    """A form that is on disk, and when it was stored."""

    complaint_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Form:
    """The open form: its id makes submitting twice one complaint."""

    form_id: str
    opened_at: datetime
    program: str = ""

    def key(self, field: str) -> str:
        """Name the widget of a field; a fresh form has fresh ones."""
        return f"{field}-{self.form_id}"

    def value(self, field: str) -> Any:
        """Return what is typed in a field."""
        return st.session_state.get(self.key(field))


def page(here: Shell) -> None:
    """Draw the form and what this session has stored."""
    office = here.office
    st.title("Catat aduan", anchor=False)
    if st.session_state.pop(_key(office, "ucapkan"), False):
        # On a phone the list of what is stored is out of sight.
        st.toast("Aduan tersimpan.", icon=":material/check_circle:")
    # Only on coming here: what is being typed right now is not known yet.
    if here.entered:
        _renew_untouched(office)
    _saved(here)
    with st.container(width=760):
        _form(office)


def _form(office: Office) -> None:
    # Neither st.form nor a fragment: what is typed is known at once, so a look at another page
    # loses none of it; and a fragment's message that overtakes a page switch empties the new page.
    form = _open_form(office)
    channel = _source(office)
    _what(office, form, channel)
    _who(form)
    _notice(office, channel)
    _how(office, form)
    _problem(form)
    st.button(
        "Simpan", key=form.key("simpan"), type="primary", icon=":material/save:",
        on_click=_submit, args=(office, channel, form),
    )  # fmt: skip


def _source(office: Office) -> str:
    """Return the channel to type for; the desk appears once it runs."""
    try:
        health = office.ask(queries.channel_health)
    # Whatever ails the published data, a caller on air can be written down.
    except Exception:
        return "radio"
    if not any(r["channel"] == "desk" and r["state"] != "mati" for r in health):
        return "radio"
    names = {"radio": "Siaran radio", "desk": "Loket layanan"}
    return st.segmented_control(
        "Sumber", list(names), default="radio", format_func=lambda name: names[name],
        key=_key(office, "sumber"), persist_state="session", required=True,
    )  # fmt: skip


def _problem(form: Form) -> None:
    refusal = st.session_state.get("ditolak")
    if not refusal or refusal[0] != form.form_id:
        return
    wrong: actions.Refusal = refusal[1]
    if wrong.field:
        name = _LABELS.get(wrong.field, words.plain(wrong.field))
        told = f"**{name}**: {wrong.sentence}. Belum tersimpan; perbaiki lalu tekan Simpan lagi."
        st.error(told, icon=":material/edit:")
    else:
        kept = "Isian Anda tetap ada: tekan Simpan lagi nanti, aduannya tidak akan menjadi dua."
        st.error(f"**Belum tersimpan.** {wrong.sentence} {kept}", icon=":material/error:")


def _what(office: Office, form: Form, channel: str) -> None:
    zone, radio = words.zone_name(office.zone), channel == "radio"
    left, right = st.columns(2)
    if radio:
        left.text_input(
            "Acara", value=form.program, key=form.key("program"), max_chars=200,
            persist_state="session", placeholder="nama acara yang sedang siar",
        )  # fmt: skip
    else:
        _service(office, form, left)
    right.datetime_input(
        f"{'Waktu siar' if radio else 'Waktu datang'} ({zone})", value=form.opened_at,
        min_value=form.opened_at - _OLDEST, max_value=form.opened_at + timedelta(days=1),
        key=form.key("waktu_siar"), format="DD/MM/YYYY", step=timedelta(minutes=1),
        persist_state="session", help="Boleh mundur, tidak boleh ke depan.",
    )  # fmt: skip
    st.text_area(
        "Isi aduan (wajib)", key=form.key("isi"), max_chars=10_000, height=150,
        persist_state="session", placeholder="Apa yang terjadi, di mana, sejak kapan",
    )  # fmt: skip
    st.text_input(
        "Lokasi", key=form.key("lokasi"), max_chars=500, persist_state="session",
        placeholder="jalan, RT/RW, desa/kelurahan, kecamatan",
    )  # fmt: skip


def _service(office: Office, form: Form, place: DeltaGenerator) -> None:
    services = [str(name) for name in _desk(office).get("layanan") or SERVICES]
    place.selectbox(
        "Layanan", services, index=services.index(form.program) if form.program in services else 0,
        key=form.key("layanan"), persist_state="session",
    )  # fmt: skip
    st.text_input(
        "Nomor surat/register (boleh kosong)", key=form.key("acuan"), max_chars=200,
        persist_state="session",
    )  # fmt: skip


def _notice(office: Office, channel: str) -> None:
    """Show whom the caller or visitor is to be told about: who keeps their data, and why."""
    told = office.tenant.privasi.of(office.tenant.office)
    if channel == "desk":
        lines = {name: str(_desk(office).get(name, "")) for name in type(told).model_fields}
        told = told.changed(**lines)
    # Plain lines: a name of an office is no markdown.
    st.html(f"<small>{'<br>'.join(html.escape(line) for line in told.lines)}</small>")


def _desk(office: Office) -> dict[str, Any]:
    """Return what the office has set for its desk."""
    return office.tenant.channels.get("desk", {})


def _who(form: Form) -> None:
    left, right = st.columns(2)
    left.text_input("Nama penelepon (boleh kosong)", key=form.key("penelepon"), max_chars=200,
                    persist_state="session")  # fmt: skip
    right.text_input("Nomor telepon (boleh kosong)", key=form.key("telepon"), max_chars=50,
                     persist_state="session")  # fmt: skip


def _how(office: Office, form: Form) -> None:
    with st.container(horizontal=True, gap="medium"):
        st.checkbox(
            "Sembunyikan nama pelapor (anonim)", key=form.key("anonim"), persist_state="session",
        )  # fmt: skip
        st.checkbox(
            "Laporan rahasia", key=form.key("rahasia"), persist_state="session",
            help="Seluruh isinya tidak tampil sebelum petugas membukanya; pembukaan dicatat.",
        )  # fmt: skip
        st.checkbox(
            "Ini latihan (simulasi)", value=office.demo, disabled=office.demo,
            key=form.key("simulasi"), persist_state="session",
            help="Tersimpan, tetapi tidak dihitung sebagai laporan.",
        )  # fmt: skip
    st.text_input("Nama petugas", value=opening.actor(), key=form.key("petugas"), max_chars=200,
                  persist_state="session")  # fmt: skip


def _submit(office: Office, channel: str, form: Form) -> None:
    """Send the form; pressed again before the screen has changed, it finds its id used up."""
    if form.form_id != _open_form(office).form_id:
        return
    answer = actions.send_form(office, channel, _filled(office, channel, form))
    if isinstance(answer, actions.Refusal):
        st.session_state["ditolak"] = (form.form_id, answer)
        return
    st.session_state[opening.ACTOR] = str(form.value("petugas") or "")
    st.session_state.setdefault(_key(office, "tersimpan"), []).insert(
        0, Saved(answer, office.now())
    )
    st.session_state[_key(office, "ucapkan")] = True
    # The next caller is in the same programme, the next visitor at the same service.
    _renew(office, form, str(form.value("program" if channel == "radio" else "layanan") or ""))


def _filled(office: Office, channel: str, form: Form) -> dict[str, object]:
    sent: dict[str, object] = {"form_id": form.form_id, "sumber": channel}
    sent |= {name: _typed(form, name) for name in (*_TEXTS, "petugas")}
    if channel == "desk":
        sent |= {"program": str(form.value("layanan") or ""), "acuan": _typed(form, "acuan")}
    sent |= {name: bool(form.value(name)) for name in _FLAGS}
    sent["simulasi"] = sent["simulasi"] or office.demo
    aired = form.value("waktu_siar")
    # Without a zone it is the office's own time, as it stands on the form.
    sent["waktu_siar"] = aired.isoformat() if isinstance(aired, datetime) else ""
    return sent


def _typed(form: Form, name: str) -> str:
    return str(form.value(name) or "").strip()


def _saved(here: Shell) -> None:
    office = here.office
    saved: list[Saved] = st.session_state.get(_key(office, "tersimpan"), [])
    if not saved:
        return

    @st.fragment(run_every=1.0)
    @shell.guarded
    def draw() -> None:
        st.success("**Tersimpan.** Formulir di bawah sudah kosong untuk aduan berikutnya.",
                   icon=":material/check_circle:")  # fmt: skip
        for one in saved[:_SAVED_SHOWN]:
            _saved_line(here, one)
        if len(saved) > _SAVED_SHOWN:
            st.caption(f"{words.number(len(saved))} aduan dicatat pada sesi ini.")

    draw()


def _saved_line(here: Shell, one: Saved) -> None:
    office = here.office
    at = words.clock(one.at, office.zone, seconds=True)
    row = office.ask(queries.complaint, one.complaint_id) if shell.published(office) else None
    if row is None:
        mark = style.badge("menunggu nomor tiket", "info")
        st.html(f'<div class="deret">{at} {mark}{style.line("kode " + one.complaint_id)}</div>')
        return
    ticket = row["ticket_no"] or "tanpa nomor"
    here.link_to(one.complaint_id, f"{ticket} - dicatat {at} - buka")


def _open_form(office: Office) -> Form:
    key = _key(office, "formulir")
    if key not in st.session_state:
        st.session_state[key] = Form(str(uuid.uuid4()), _local_minute(office))
    form: Form = st.session_state[key]
    return form


def _renew_untouched(office: Office) -> None:
    """Let a form nobody has begun stand at the present minute when the page is opened."""
    form = _open_form(office)
    begun = any(form.value(name) for name in ("isi", "lokasi", "penelepon", "telepon", "acuan"))
    moved = form.value("waktu_siar") not in (None, form.opened_at)
    if not begun and not moved and form.opened_at != _local_minute(office):
        _renew(office, form, str(form.value("program") or form.program))


def _renew(office: Office, form: Form, program: str) -> None:
    for field in (*_TEXTS, *_DESK, *_FLAGS, "petugas", "waktu_siar"):
        st.session_state.pop(form.key(field), None)
    st.session_state.pop("ditolak", None)
    fresh = Form(str(uuid.uuid4()), _local_minute(office), program)
    st.session_state[_key(office, "formulir")] = fresh


def _local_minute(office: Office) -> datetime:
    local = office.now().astimezone(office.zone)
    return local.replace(tzinfo=None, second=0, microsecond=0)


def _key(office: Office, name: str) -> str:
    return f"{name}-{office.name}"
