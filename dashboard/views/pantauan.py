"""Pantauan langsung: is anything new, is any of it urgent, is the stream alive?"""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from dashboard import style, words
from dashboard.data import Office, Row
from dashboard.views import detail, panel, shell
from dashboard.views.shell import Shell
from sink import queries

_BEAT_SECONDS = 1.0
# Often enough for "5 menit lalu" to stay true; what is listed does not change by it.
_LIST_SECONDS = 30.0
_ROW_HEIGHT = 36
_ROWS_SHOWN = 16
_DETAIL_HEIGHT = (_ROWS_SHOWN + 1) * _ROW_HEIGHT + 30
_MARKS = {"high": "▲ MENDESAK", "emergency": "▲ DARURAT"}
_FLAGS = {
    "rahasia": "RAHASIA", "anonim": "anonim", "history": "riwayat", "stub": "tidak terbaca",
    "simulated": "simulasi",
}  # fmt: skip


def page(here: Shell) -> None:
    """Draw the page."""
    office = here.office
    st.title("Pantauan langsung", anchor=False)
    if not shell.published(office):
        shell.waiting(office)
        return
    _heartbeat(office)
    panel.alarms(office)
    panel.counts(office)
    _list(here)
    panel.channels(office)


def _heartbeat(office: Office) -> None:
    @st.fragment(run_every=_BEAT_SECONDS)
    @shell.guarded
    def draw() -> None:
        upto = _frozen_at(office)
        waiting = office.ask(queries.count_new, upto)
        left, right = st.columns([3, 2], vertical_alignment="center")
        with left:
            st.html(_pulse(office))
        with right:
            if waiting:
                st.button(
                    f"Muat {words.number(waiting)} aduan baru",
                    key="muat", type="primary", icon=":material/refresh:", shortcut="M",
                    width="stretch", on_click=_ask_to_load, args=(office,),
                )  # fmt: skip
        if _moved(office, upto):
            st.rerun()

    draw()


def _pulse(office: Office) -> str:
    now, fresh = office.now(), office.ask(queries.freshness)
    late = now - fresh["made_at"]
    checked = f"diperiksa {words.clock(now, office.zone, seconds=True)} {_zone(office)}"
    if late > shell.STALE:
        mark = style.badge(f"Data lama: {words.age(late)} tidak diperbarui", "bad")
        note = "Aduan baru mungkin belum tampak; beri tahu pengelola server."
    else:
        mark = style.badge(f"Langsung - data {words.age(late)} lalu", "ok")
        note = ""
    newest = fresh["newest_received_at"]
    last = f"pesan terakhir {words.relative(newest, now, office.zone)}" if newest else ""
    parts = "".join(style.line(text) for text in (note, last, checked) if text)
    return f'<div class="denyut" {shell.beat(now, _BEAT_SECONDS)}>{mark}{parts}</div>'


def _list(here: Shell) -> None:
    office = here.office

    @st.fragment(run_every=_LIST_SECONDS)
    @shell.guarded
    def draw() -> None:
        upto = _frozen_at(office)
        rows = office.ask(queries.newest_complaints, upto)
        if not rows:
            panel.nothing_yet(office)
            return
        left, right = st.columns([4, 3], gap="medium")
        with left:
            opened = _table(office, rows, upto)
        with right:
            if opened is None:
                st.caption("Klik satu baris untuk membaca aduannya di sini.")
                return
            with st.container(height=_DETAIL_HEIGHT, key="rincian", border=False):
                here.link_to(opened, "Buka di halaman sendiri")
                detail.show(here, opened)

    draw()


def _table(office: Office, rows: Sequence[Row], upto: int) -> str | None:
    """Draw the frozen list; return the id of the complaint that is open, never its position."""
    ids = [r["complaint_id"] for r in rows]
    opened = st.session_state.get(_key(office, "terbuka"))
    marked = [ids.index(opened)] if opened in ids else []
    # The frozen head is part of the key: a selection cannot slip to another complaint.
    key = f"daftar-{office.name}-{upto}"
    event = st.dataframe(
        columns(rows, office, office.now()),
        key=key,
        on_select=lambda: _mark(key, marked),
        selection_mode=["single-row", "single-cell"],
        selection_default={"selection": {"rows": marked}},
        hide_index=True,
        row_height=_ROW_HEIGHT,
        height=(min(len(rows), _ROWS_SHOWN) + 1) * _ROW_HEIGHT + 3,
        column_config=_columns(office),
    )
    chosen = event.selection.rows
    opened = ids[chosen[0]] if chosen and chosen[0] < len(ids) else None
    st.session_state[_key(office, "terbuka")] = opened
    shown = words.number(len(rows))
    st.caption(
        f"{shown} terbaru sampai daftar ini dimuat; yang baru menunggu di tombol Muat (tombol M)."
    )
    return opened


def _mark(key: str, before: list[int]) -> None:
    """Let a click anywhere in a row choose that row; a click on its box may also let it go."""
    chosen = st.session_state[key]["selection"]
    rows = list(chosen["rows"])
    # The box speaks first: letting a row go leaves a stray cell behind.
    if chosen["cells"] and rows == before:
        rows = [chosen["cells"][0][0]]
    st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}


def columns(rows: Sequence[Row], office: Office, now: datetime) -> dict[str, list[str]]:
    """Write the rows of the list in words, column by column."""
    topics, zone = office.names("kategori"), office.zone
    used, off = office.channels()
    labels = used | off
    made: dict[str, list[str]] = {
        "masuk": [words.relative(r["received_at"], now, zone) for r in rows],
        "isi": [title(r) for r in rows],
        "kanal": [labels[r["channel"]] for r in rows],
        "kategori": [words.named(r["kategori"], topics) for r in rows],
        "tempat": [words.place(r["kelurahan_desa"], r["kecamatan"]) for r in rows],
        "status": [words.named(r["status"], words.STATUS) for r in rows],
        "tiket": [r["ticket_no"] or "" for r in rows],
        "waktu": [words.short(r["occurred_at"], now, zone) for r in rows],
    }
    return made


def title(row: Row) -> str:
    """Return what a list shows of a complaint: what sets it apart, and its words."""
    marks = [_MARKS.get(row["urgency"], "")]
    marks += ["bukan aduan"] if row["klasifikasi"] == "bukan_aduan" else []
    marks += [word for field, word in _FLAGS.items() if row[field]]
    said = " ".join((row["title_shown"] or "(tanpa teks)").split())
    words_shown = "isi tidak ditampilkan" if row["rahasia"] else said
    return " - ".join([*(mark for mark in marks if mark), words_shown])


def _columns(office: Office) -> dict[str, ColumnConfig]:
    text = st.column_config.TextColumn
    return {
        "masuk": text("Masuk", width=95, pinned=True),
        "isi": text("Isi (disamarkan)", width=320),
        "kanal": text("Kanal", width=120),
        "kategori": text("Kategori", width=150),
        "tempat": text("Tempat", width=170),
        "status": text("Status", width=85),
        "tiket": text("Tiket", width=95),
        "waktu": text(f"Dikirim ({_zone(office)})", width=115),
    }


def _frozen_at(office: Office) -> int:
    """Return where this viewer's list stands; a first look stands at the newest."""
    key = _key(office, "sampai")
    if key not in st.session_state:
        st.session_state[key] = office.ask(queries.freshness)["head"]
    upto: int = st.session_state[key]
    return upto


def _ask_to_load(office: Office) -> None:
    st.session_state[_key(office, "muat")] = True


def _moved(office: Office, upto: int) -> bool:
    """Move the list on if its reader asked for it, and say whether it moved."""
    head: int = office.ask(queries.freshness)["head"]
    asked = st.session_state.pop(_key(office, "muat"), False)
    # A rebuilt store counts from the beginning again; an empty list disturbs nobody by filling.
    if asked or head < upto or (head > upto and not office.ask(queries.newest_complaints, upto)):
        st.session_state[_key(office, "sampai")] = head
        return True
    return False


def _key(office: Office, name: str) -> str:
    return f"{name}-{office.name}"


def _zone(office: Office) -> str:
    return words.zone_name(office.zone)
