"""One complaint: what was said, why it is understood so, its case, versions and acts."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

import streamlit as st

from dashboard import style, words
from dashboard.data import Office, Row
from dashboard.style import Tone
from dashboard.views import opening
from dashboard.views.shell import Shell
from sink import queries

_MEMBERS_SHOWN = 20
_BRIEF = 90
_URGENCY_TONE: dict[str, Tone] = {"high": "warn", "emergency": "bad"}
_STATUS_TONE: dict[str, Tone] = {"baru": "info", "selesai": "ok"}
_ORDER = ("klasifikasi", "kategori", "wilayah", "opd_suggested", "urgency", "anonim", "rahasia",
          "berkadar_pengawasan", "language", "stub")  # fmt: skip


def show(here: Shell, complaint_id: str) -> None:
    """Draw a complaint, or say that there is none of this id."""
    office = here.office
    row = office.ask(queries.complaint, complaint_id)
    if row is None:
        st.info(
            "**Aduan ini belum ada di data yang diterbitkan.** Bila baru dicatat, tunggu beberapa "
            "detik; bila tetap tidak ada, periksa tautannya.",
            icon=":material/search:",
        )
        return
    now = office.now()
    _head(office, row, now)
    opening.show(office, row)
    st.html(style.line("Mengapa dipahami begini", "besar"))
    st.html(_why(office, row))
    _case(here, row)
    _versions(office, row)
    _acts(office, row)


def _head(office: Office, row: Row, now: datetime) -> None:
    zone = office.zone
    tags = [
        style.badge(
            words.named(row["status"], words.STATUS), _STATUS_TONE.get(row["status"], "plain")
        ),
        style.badge(words.named(row["klasifikasi"], words.KLASIFIKASI)),
        style.badge(
            words.named(row["urgency"], words.URGENCY), _URGENCY_TONE.get(row["urgency"], "plain")
        ),
        *(style.badge(word, "warn") for word in ("rahasia", "anonim") if row[word]),
        *(style.badge("simulasi", "bad") for _ in range(bool(row["simulated"]))),
        *(style.badge("riwayat") for _ in range(bool(row["history"]))),
    ]
    channel = style.swatch(row["channel"], office.label(row["channel"]))
    sent, taken = row["occurred_at"], row["received_at"]
    facts = {
        "Kanal": channel,
        "Dikirim": f"{words.exact(sent, zone)} ({words.relative(sent, now, zone)})",
        "Diterima": words.exact(taken, zone),
    }
    if row["incident_at"]:
        facts["Kejadian"] = words.exact(row["incident_at"], zone)
    if row["opd"]:
        facts["OPD penanggung jawab"] = escape(words.named(row["opd"], office.names("opd")))
    if program := (row["given"] or {}).get("program"):
        facts["Acara"] = escape(str(program))
    ticket = row["ticket_no"] or "(belum bernomor)"
    st.html(
        style.line(ticket, "besar") + f'<div class="deret">{"".join(tags)}</div>'
        + style.pairs(facts)
    )  # fmt: skip


def _why(office: Office, row: Row) -> str:
    """Say for every derived field its value, the rule and the words that decided."""
    kategori, opd = office.names("kategori"), office.names("opd")
    told = {e["field"]: e for e in row["explain"] or ()}
    lines = {}
    for field in (*(f for f in _ORDER if f in told), *(f for f in told if f not in _ORDER)):
        e = told[field]
        value = words.value_of(field, e["value"], kategori, opd)
        if field == "wilayah":
            value = _place(row)
        if field == "kategori" and row["kategori"] != row["kategori_mesin"]:
            value = f"{words.named(row['kategori'], kategori)} (dikoreksi; semula {value})"
        reason = words.rule_of(e["rule"], kategori)
        if e["words"]:
            reason += ": " + ", ".join(f"“{word}”" for word in e["words"])
        lines[words.FIELD.get(field, words.plain(field))] = (
            f"<b>{escape(value)}</b>{style.line(reason)}"
        )
    if not lines:
        return style.line("Tidak ada keterangan untuk aduan ini.")
    return style.pairs(lines)


def _place(row: Row) -> str:
    where = words.place(row["kelurahan_desa"], row["kecamatan"], row["kabupaten_kota"])
    if not where:
        return "tidak diketahui"
    sure = row["wilayah_confidence"]
    rivals = [r["nama"] for r in row["rivals"] or ()]
    text = f"{where} (keyakinan {round(100 * sure)} %)" if sure else where
    return f"{text}; bisa juga {', '.join(rivals[:5])}" if rivals else text


def _case(here: Shell, row: Row) -> None:
    office = here.office
    case = office.ask(queries.case, row["case_id"] or "")
    if case is None:
        st.caption("Belum masuk kasus mana pun.")
        return
    members = office.ask(queries.case_members, row["case_id"])
    reporters = f", {words.number(case['reporters'])} pelapor" if case["reporters"] > 1 else ""
    st.html(
        style.line("Kasus", "besar")
        + style.line(case["title"] or "(tanpa judul)", "judul")
        + style.line(f"{words.number(case['members'])} laporan{reporters}, "
                     f"status {words.named(case['status'], words.STATUS).lower()}")
    )  # fmt: skip
    if row["reason"]:
        st.html(style.line(f"Aduan ini: {_belongs(row)}"))
    others = [m for m in members if m["complaint_id"] != row["complaint_id"]]
    if not others:
        st.caption("Belum ada laporan serupa.")
    _members(here, others[:_MEMBERS_SHOWN])
    if len(others) > _MEMBERS_SHOWN:
        st.caption(f"dan {words.number(len(others) - _MEMBERS_SHOWN)} laporan lain.")
    _suggested(here, row)


def _members(here: Shell, members: Sequence[Row]) -> None:
    office = here.office
    for m in members:
        with st.container(gap="xsmall"):
            channel = office.label(m["channel"])
            tag = " - simulasi" if m["simulated"] else ""
            here.link_to(m["complaint_id"], f"{m['ticket_no'] or 'tanpa nomor'} - {channel}{tag}")
            text = "(laporan rahasia)" if m["rahasia"] else _brief(m["title_shown"])
            about = f"{words.exact(m['occurred_at'], office.zone)} - {_belongs(m)}"
            st.html(f'<div class="serupa">{style.line(text, "judul")}{style.line(about)}</div>')


def _brief(text: str | None) -> str:
    shown = " ".join((text or "(tanpa teks)").split())
    return f"{shown[:_BRIEF]} …" if len(shown) > _BRIEF else shown


def _belongs(row: Row) -> str:
    """Say why a complaint is in its case."""
    relation = words.RELATION.get(row["relation"] or "", "")
    score = f" (kemiripan {round(100 * row['score'])} %)" if row["score"] else ""
    return f"{relation}{score}" + (f": {row['reason']}" if row["reason"] else "")


def _suggested(here: Shell, row: Row) -> None:
    if not row["suggested_case_id"]:
        return
    case = here.office.ask(queries.case, row["suggested_case_id"])
    first = here.office.ask(queries.case_members, row["suggested_case_id"], 1)
    if case is None or not first:
        return
    st.html(style.line(f"Mungkin serupa dengan kasus: {case['title'] or '(tanpa judul)'}"))
    here.link_to(first[0]["complaint_id"], f"Buka {first[0]['ticket_no'] or 'kasus itu'}")


def _versions(office: Office, row: Row) -> None:
    found = office.ask(queries.versions, row["complaint_id"])
    if len(found) < 2:
        return
    with st.expander(f"Riwayat isi ({words.number(len(found))} versi)"):
        for version in found:
            said = "(laporan rahasia)" if row["rahasia"] else version["text"] or "(tanpa teks)"
            kind = words.RELATION.get(version["relation"] or "", "")
            at = words.exact(version["version_at"], office.zone)
            st.html(style.line(f"{at} - {kind}") + style.said(said))


def _acts(office: Office, row: Row) -> None:
    found = office.ask(queries.case_decisions, row["case_id"] or "")
    with st.expander(f"Tindakan ({words.number(len(found))})"):
        if not found:
            st.caption("Belum ada tindakan pada kasus ini.")
            return
        rows = [
            (
                escape(words.exact(d["decided_at"], office.zone)),
                escape(words.named(d["kind"], words.ACT)),
                escape(d["actor"] or "-"),
                style.badge("berlaku", "ok") if d["outcome"] == "applied"
                else style.badge("ditolak", "bad"),
                escape(" - ".join(t for t in (d["reason"], d["sentence"]) if t)),
            )
            for d in found
        ]  # fmt: skip
        head = ("Waktu", "Tindakan", "Oleh", "Hasil", "Keterangan")
        st.html(style.table(head, rows, "Tindakan pada kasus ini"))
