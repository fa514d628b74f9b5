"""The figures and the channels' health beside the list, each with what it means."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import streamlit as st

from dashboard import charts, style, words
from dashboard.data import Office, Row
from dashboard.style import Tone
from dashboard.views import shell
from sink import queries

_SECONDS = 10.0

# A channel that was checked lately and brought nothing for a day is quiet, not broken.
_QUIET, _CHECKED = timedelta(hours=24), timedelta(hours=1)
_DEFINITIONS = {
    "pesan": ("Pesan", "semua yang diterima, termasuk bukan aduan dan simulasi"),
    "laporan": ("Laporan", "yang merupakan aduan; potongan pesan seorang warga digabung"),
    "kasus": ("Kasus", "masalah di lapangan; laporan serupa dihitung sekali"),
}
_ALARMS = {
    "gap": "Pembukuan", "parked": "Ditahan", "lag": "Tertinggal", "silent": "Sunyi",
    "failing": "Gagal", "burst": "Lonjakan",
}  # fmt: skip
_STATES: dict[str, tuple[str, Tone]] = {
    "terhubung": ("Terhubung", "ok"),
    "percobaan": ("Percobaan", "info"),
    "gagal": ("Gagal", "bad"),
    "belum_disambungkan": ("belum disambungkan", "mute"),
    "mati": ("Dimatikan", "mute"),
}


def counts(office: Office) -> None:
    """Draw pesan, laporan and kasus with their definitions."""

    @st.fragment(run_every=_SECONDS)
    @shell.guarded
    def draw() -> None:
        found = office.ask(queries.three_counts, simulated=office.simulated)
        cards = "".join(
            f"<div>{style.line(name)}<b>{words.number(found[key])}</b>{style.line(meaning)}</div>"
            for key, (name, meaning) in _DEFINITIONS.items()
        )
        note = "Simulasi ikut dihitung." if office.simulated else ""
        st.html(f'<div class="angka">{cards}</div>{style.line(note)}')

    draw()


def alarms(office: Office) -> None:
    """Draw what a person should look at now; nothing when all is well."""

    @st.fragment(run_every=_SECONDS)
    @shell.guarded
    def draw() -> None:
        standing = office.ask(queries.alarms)
        if not standing:
            return
        now = office.now()
        rows = [
            (
                style.badge(_ALARMS.get(r["kind"], "Periksa"), "warn"),
                # A burst's channel is its kategori and place, which its sentence says too.
                style.line(
                    office.label(r["channel"]) if r["channel"] and r["kind"] != "burst" else "-"
                ),
                style.line(r["sentence"]),
                style.line(words.relative(r["since"], now, office.zone)),
            )
            for r in standing
        ]
        head = ("Peringatan", "Kanal", "Sebab", "Sejak")
        st.html(style.table(head, rows, "Yang perlu diperiksa"))

    draw()


def channels(office: Office) -> None:
    """Draw the last 24 hours and how every channel stands."""

    @st.fragment(run_every=_SECONDS)
    @shell.guarded
    def draw() -> None:
        now = office.now()
        st.subheader("24 jam terakhir, per kanal", anchor=False)
        _hours(office, now)
        st.subheader("Kesehatan kanal", anchor=False)
        _health(office, now)

    draw()


def nothing_yet(office: Office) -> None:
    """Say why the list is empty, and what to do about it."""
    health = office.ask(queries.channel_health)
    running = [r for r in health if r["state"] in ("terhubung", "percobaan")]
    troubled = [r for r in health if r["state"] == "gagal"]
    names = words.unmarked(", ".join(office.label(r["channel"]) for r in running))
    if troubled:
        st.warning(
            f"**Belum ada aduan, dan {len(troubled)} kanal gagal.** Lihat *Kesehatan kanal* di "
            "bawah; jalankan `kanal check` di server untuk sebab dan cara memperbaikinya.",
            icon=":material/warning:",
        )
    elif running:
        st.info(
            f"**Belum ada aduan.** {len(running)} kanal terhubung ({names}) dan menunggu pesan "
            "pertama; daftar ini terisi sendiri. Untuk mencoba: buka *Catat aduan* dan ketik satu "
            "aduan.",
            icon=":material/inbox:",
        )
    else:
        st.info(
            "**Belum ada aduan, karena belum ada kanal yang disambungkan.** Isi kunci kanal di "
            "server lalu jalankan `kanal check`. Sementara itu aduan dapat diketik di "
            "*Catat aduan*.",
            icon=":material/power_off:",
        )


def _hours(office: Office, now: datetime) -> None:
    local = now.astimezone(office.zone).replace(tzinfo=None)
    rows = office.ask(
        queries.per_hour, local.replace(minute=0, second=0, microsecond=0),
        simulated=office.simulated,
    )  # fmt: skip
    # Asked after the rows: a version that comes between the two only adds channels.
    labels, _ = office.channels()
    told = charts.sentence(rows, labels)
    if not rows:
        st.caption(told)
        return
    st.altair_chart(charts.per_hour(rows, labels, local), width="stretch", height=300, alt=told)
    st.caption(told)
    with st.expander("Lihat sebagai tabel"):
        st.html(_hours_table(rows, labels))


def _hours_table(rows: Sequence[Row], labels: dict[str, str]) -> str:
    cells = [
        (
            f"{r['jam']:%H}.00-{r['jam']:%H}.59",
            style.swatch(r["channel"], labels[r["channel"]]),
            words.number(r["pesan"]),
            words.number(r["laporan"]),
        )
        for r in reversed(rows)
    ]
    return style.table(("Jam", "Kanal", "Pesan", "Laporan"), cells, "Pesan per jam dan kanal")


def _health(office: Office, now: datetime) -> None:
    health = {r["channel"]: r for r in office.ask(queries.channel_health)}
    counted = {r["channel"]: r for r in office.ask(queries.per_channel, simulated=office.simulated)}
    parked: dict[str, int] = {}
    for row in office.ask(queries.parked_counts):
        parked[row["channel"] or ""] = parked.get(row["channel"] or "", 0) + row["n"]
    labels, off = office.channels()
    if not labels and not off:
        st.caption("Belum ada kanal yang melapor; gerbang baru dinyalakan atau tidak berjalan.")
        return
    rows = [
        (
            style.swatch(name, label),
            _state(health.get(name)),
            _latest(office, now, health.get(name), counted.get(name)),
            words.number(counted.get(name, {}).get("pesan", 0)),
            words.number(counted.get(name, {}).get("laporan", 0)),
            style.badge(f"{parked[name]} gagal", "warn") if parked.get(name) else "-",
            style.line(_note(office, now, health.get(name))),
        )
        for name, label in labels.items()
    ]
    head = ("Kanal", "Keadaan", "Pesan terakhir", "Pesan", "Laporan", "Gagal diproses", "Catatan")
    st.html(style.table(head, rows, "Kesehatan kanal"))
    if told := words.calls(office.ask(queries.call_outcomes, simulated=office.simulated)):
        st.caption(told)
    if off:
        names = words.unmarked(", ".join(off.values()))
        st.caption(f"Tidak dijalankan (tidak ada di tenant.toml): {names}.")
    if parked.get(""):
        st.caption(f"{parked['']} catatan lain gagal diproses; lihat `kanal parked`.")


def _state(row: Row | None) -> str:
    word, tone = _STATES.get(row["state"] if row else "", ("tidak melapor", "warn"))
    return style.badge(word, tone)


def _note(office: Office, now: datetime, health: Row | None) -> str:
    """Say what is to be said of a channel; of a quiet one, that it is only quiet."""
    row = health or {}
    checked, heard = row.get("last_success"), row.get("last_message_at")
    quiet = heard is None or now - heard > _QUIET
    if row.get("state") == "terhubung" and checked and quiet and now - checked < _CHECKED:
        return f"terhubung, memang sepi; diperiksa {words.relative(checked, now, office.zone)}"
    return str(row.get("sentence") or "")


def _latest(office: Office, now: datetime, health: Row | None, counted: Row | None) -> str:
    moments = [
        m
        for m in (
            (health or {}).get("last_message_at"),
            (counted or {}).get("newest_received_at"),
        )
        if m
    ]
    if not moments:
        return style.line("belum pernah")
    at = max(moments)
    return style.line(
        f"{words.relative(at, now, office.zone)} ({words.short(at, now, office.zone)})"
    )
