"""All SQL of the dashboard: each query has a name and a sentence, and returns only what is shown.

Everywhere: pesan = messages, laporan = complaints, kasus = cases. bukan_aduan and stubs count only
as pesan; so do simulated rows, unless `simulated` is asked for (a trial installation).
What was written is masked, and nothing of a rahasia complaint, unless a logged act opens it.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from sink import books, calls
from sink.reader import Reader

Row = dict[str, Any]

LIST_LIMIT = 100
alarms, call_outcomes = books.alarms, calls.call_outcomes
_JSON_COLUMNS = ("rivals", "attachments", "given", "pii", "explain")

_LIST_COLUMNS = """complaint_id, ticket_no, case_id, suggested_case_id, relation, status, opd,
    opd_suggested, channel, anonim, rahasia, simulated, history, stub, klasifikasi, kategori,
    urgency, kecamatan, kelurahan_desa, occurred_at, received_at, jam_wib, arrived_seq, pub_seq,
    CASE WHEN NOT rahasia THEN coalesce(nullif(title_masked, ''), left(text_masked, 160))
    END AS title_shown"""

# What could quote a confidential complaint.
_QUOTES = (
    "title_masked", "text_masked", "wilayah_evidence", "rivals", "attachments", "given", "reply_to",
    "thread", "permalink",
)  # fmt: skip


def freshness(reader: Reader, tenant: str) -> Row:
    """Tell which version this is, when it was made, and the newest message in it."""
    manifest = reader.manifest()
    newest = _rows(
        reader,
        """
        SELECT max(received_at) AS newest_received_at, coalesce(max(arrived_seq), 0) AS head
        FROM complaints WHERE tenant = $tenant
        """,
        {"tenant": tenant},
    )
    return {"version": manifest.version, "made_at": manifest.made_at} | newest[0]


def newest_complaints(
    reader: Reader,
    tenant: str,
    upto_pub_seq: int,
    *,
    channel: str | None = None,
    limit: int = LIST_LIMIT,
) -> list[Row]:
    """List the newest complaints that had arrived by `upto_pub_seq`: later ones do not move it.

    `upto_pub_seq` is the `head` of `freshness`; edits and acts change a row where it stands.
    """
    return _rows(
        reader,
        f"""
        SELECT {_LIST_COLUMNS} FROM complaints
        WHERE tenant = $tenant AND arrived_seq <= $upto
          AND ($channel IS NULL OR channel = $channel)
        ORDER BY arrived_seq DESC LIMIT $limit
        """,
        {"tenant": tenant, "upto": upto_pub_seq, "channel": channel, "limit": limit},
    )


def count_new(reader: Reader, tenant: str, since_pub_seq: int, channel: str | None = None) -> int:
    """Count what has arrived after a frozen list; history never rings."""
    found = _rows(
        reader,
        """
        SELECT count(*) AS n FROM complaints
        WHERE tenant = $tenant AND arrived_seq > $since AND NOT history
          AND ($channel IS NULL OR channel = $channel)
        """,
        {"tenant": tenant, "since": since_pub_seq, "channel": channel},
    )
    return int(found[0]["n"])


def three_counts(reader: Reader, tenant: str, *, simulated: bool = False) -> Row:
    """Count pesan, laporan and kasus of an office."""
    return _rows(
        reader,
        """
        SELECT (SELECT coalesce(sum(messages), 0)::BIGINT FROM complaints
                WHERE tenant = $tenant) AS pesan,
               (SELECT count(*) FROM complaints
                WHERE tenant = $tenant AND laporan AND (NOT simulated OR $simulated)) AS laporan,
               (SELECT count(*) FROM cases
                WHERE tenant = $tenant AND members > 0 AND (NOT simulated OR $simulated)) AS kasus
        """,
        {"tenant": tenant, "simulated": simulated},
    )[0]


def only_simulated(reader: Reader, tenant: str) -> bool:
    """Say whether all an office has is an exercise (a trial installation)."""
    sql = "SELECT bool_and(simulated) AS trial FROM complaints WHERE tenant = $tenant"
    return bool(_rows(reader, sql, {"tenant": tenant})[0]["trial"])


def per_channel(reader: Reader, tenant: str, *, simulated: bool = False) -> list[Row]:
    """Count pesan and laporan of each channel, and when it last brought something."""
    return _rows(
        reader,
        """
        SELECT channel, sum(messages)::BIGINT AS pesan,
               count(*) FILTER (WHERE laporan AND (NOT simulated OR $simulated)) AS laporan,
               max(received_at) AS newest_received_at
        FROM complaints WHERE tenant = $tenant
        GROUP BY channel ORDER BY pesan DESC, channel
        """,
        {"tenant": tenant, "simulated": simulated},
    )


def per_hour(
    reader: Reader, tenant: str, now_local: datetime, *, simulated: bool = False
) -> list[Row]:
    """Count pesan and laporan per local hour and channel over the 24 hours up to this one.

    `now_local` is the office's own time, without zone; hours without messages have no row.
    """
    last = now_local.replace(minute=0, second=0, microsecond=0, tzinfo=None)
    return _rows(
        reader,
        """
        SELECT date_trunc('hour', jam_wib) AS jam, channel, sum(messages)::BIGINT AS pesan,
               count(*) FILTER (WHERE laporan AND (NOT simulated OR $simulated)) AS laporan
        FROM complaints
        WHERE tenant = $tenant AND jam_wib >= $first AND jam_wib < $end
        GROUP BY ALL ORDER BY jam, channel
        """,
        {
            "tenant": tenant,
            "first": last - timedelta(hours=23),
            "end": last + timedelta(hours=1),
            "simulated": simulated,
        },
    )


def complaint(reader: Reader, tenant: str, complaint_id: str) -> Row | None:
    """Return a complaint as it may be shown unasked, with its JSON columns decoded."""
    found = _rows(
        reader,
        """
        SELECT * EXCLUDE (title, text, text_clean)
        FROM complaints WHERE tenant = $tenant AND complaint_id = $id
        """,
        {"tenant": tenant, "id": complaint_id},
    )
    return _shown(_decoded(found[0])) if found else None


def original(reader: Reader, tenant: str, complaint_id: str) -> Row | None:
    """Return what the citizen wrote; ask only after the act of opening it is stored."""
    found = _rows(
        reader,
        "SELECT title, text FROM complaints WHERE tenant = $tenant AND complaint_id = $id",
        {"tenant": tenant, "id": complaint_id},
    )
    return found[0] if found else None


def reporter(reader: Reader, tenant: str, complaint_id: str) -> Row | None:
    """Return who complained and how to reach them; ask only after the act of opening is stored."""
    found = _rows(
        reader,
        """
        SELECT r.name, r.contact, r.reply_address
        FROM complaints c JOIN reporters r USING (tenant, reporter_ref)
        WHERE tenant = $tenant AND complaint_id = $id
        """,
        {"tenant": tenant, "id": complaint_id},
    )
    return found[0] if found else None


def versions(reader: Reader, tenant: str, complaint_id: str) -> list[Row]:
    """List what a complaint has said over time, the latest first."""
    return _rows(
        reader,
        """
        SELECT version_at, relation, klasifikasi, kategori, position,
               CASE WHEN NOT hidden THEN title_masked END AS title,
               CASE WHEN NOT hidden THEN text_masked END AS text
        FROM (SELECT v.*, v.rahasia OR c.rahasia AS hidden
              FROM complaint_versions v JOIN complaints c USING (tenant, complaint_id))
        WHERE tenant = $tenant AND complaint_id = $id
        ORDER BY version_at DESC, position DESC
        """,
        {"tenant": tenant, "id": complaint_id},
    )


def case(reader: Reader, tenant: str, case_id: str) -> Row | None:
    """Return one case."""
    found = _rows(
        reader,
        "SELECT * FROM cases WHERE tenant = $tenant AND case_id = $id",
        {"tenant": tenant, "id": case_id},
    )
    return found[0] if found else None


def case_members(reader: Reader, tenant: str, case_id: str, limit: int = LIST_LIMIT) -> list[Row]:
    """List the complaints of a case, the one that opened it first, with why each belongs."""
    return _rows(
        reader,
        f"""
        SELECT {_LIST_COLUMNS}, score, reason FROM complaints
        WHERE tenant = $tenant AND case_id = $id
        ORDER BY arrived_seq LIMIT $limit
        """,
        {"tenant": tenant, "id": case_id, "limit": limit},
    )


def case_decisions(reader: Reader, tenant: str, case_id: str) -> list[Row]:
    """List the acts on a case and on its complaints, with their outcome, in order."""
    return _rows(
        reader,
        """
        SELECT * FROM decisions
        WHERE tenant = $tenant
          AND (case_id = $id OR complaint_id IN (SELECT complaint_id FROM complaints
                                                 WHERE tenant = $tenant AND case_id = $id))
        ORDER BY pub_seq
        """,
        {"tenant": tenant, "id": case_id},
    )


def decision_outcome(reader: Reader, tenant: str, decision_id: str) -> Row | None:
    """Return what became of an act; None while it is still on its way."""
    found = _rows(
        reader,
        "SELECT outcome, sentence, case_id, complaint_id FROM decisions"
        " WHERE tenant = $tenant AND decision_id = $id",
        {"tenant": tenant, "id": decision_id},
    )
    return found[0] if found else None


def channel_health(reader: Reader, tenant: str) -> list[Row]:
    """List every channel's state as it last reported it."""
    return _rows(
        reader,
        """
        SELECT channel, mode, label, state, sentence, last_success, last_message_at, checked_at
        FROM channel_health WHERE tenant = $tenant ORDER BY channel
        """,
        {"tenant": tenant},
    )


def parked_counts(reader: Reader, tenant: str) -> list[Row]:
    """Count what is parked, by channel and stage; what even the sink did not read has no office."""
    return _rows(
        reader,
        """
        SELECT channel, stage, count(*) AS n, max(parked_at) AS newest
        FROM parked WHERE tenant = $tenant OR tenant IS NULL
        GROUP BY ALL ORDER BY n DESC, channel, stage
        """,
        {"tenant": tenant},
    )


def names(reader: Reader, tenant: str) -> dict[str, dict[str, str]]:
    """Return the names of the topics and of an office's OPD, by code."""
    topics = _rows(reader, "SELECT kode, uraian AS nama FROM kategori", {})
    offices = _rows(reader, "SELECT kode, nama FROM opd WHERE tenant = $tenant", {"tenant": tenant})
    return {
        "kategori": {r["kode"]: r["nama"] for r in topics},
        "opd": {r["kode"]: r["nama"] for r in offices},
    }


def _rows(reader: Reader, sql: str, params: dict[str, object]) -> list[Row]:
    rows: list[Row] = reader.query(sql, params).to_pylist()
    return rows


def _decoded(row: Row) -> Row:
    return row | {c: json.loads(row[c]) for c in _JSON_COLUMNS if row.get(c)}


def _shown(row: Row) -> Row:
    if not row["rahasia"]:
        return row
    explain = [e | {"words": []} for e in row["explain"] or ()]
    return row | dict.fromkeys(_QUOTES) | {"explain": explain}
