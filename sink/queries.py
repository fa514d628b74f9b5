"""All SQL of the dashboard: each query has a name and a sentence, and returns only what is shown.

Everywhere: pesan = messages, laporan = complaints, kasus = cases. bukan_aduan and stubs count only
as pesan; so do simulated rows, unless `simulated` is asked for (a trial installation).
"""

import json
from datetime import datetime, timedelta
from typing import Any

from sink.reader import Reader

Row = dict[str, Any]

LIST_LIMIT = 100

_JSON_COLUMNS = ("rivals", "attachments", "given", "pii", "explain")

_LIST_COLUMNS = """complaint_id, ticket_no, case_id, suggested_case_id, relation, status, opd,
    opd_suggested, channel, anonim, rahasia, simulated, history, stub, klasifikasi, kategori,
    urgency, kecamatan, kelurahan_desa, occurred_at, received_at, jam_wib, title_shown, arrived_seq,
    pub_seq"""


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
        SELECT {_LIST_COLUMNS}
        FROM (SELECT *, coalesce(nullif(title, ''), left(text, 160)) AS title_shown
              FROM complaints)
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
    """Return everything about one complaint, with its JSON columns decoded."""
    found = _rows(
        reader,
        "SELECT * FROM complaints WHERE tenant = $tenant AND complaint_id = $id",
        {"tenant": tenant, "id": complaint_id},
    )
    return _decoded(found[0]) if found else None


def versions(reader: Reader, tenant: str, complaint_id: str) -> list[Row]:
    """List what a complaint has said over time, the latest first."""
    return _rows(
        reader,
        """
        SELECT version_at, relation, title, text, klasifikasi, kategori, position
        FROM complaint_versions WHERE tenant = $tenant AND complaint_id = $id
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
        SELECT {_LIST_COLUMNS}, score, reason
        FROM (SELECT *, coalesce(nullif(title, ''), left(text, 160)) AS title_shown
              FROM complaints)
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


def _rows(reader: Reader, sql: str, params: dict[str, object]) -> list[Row]:
    rows: list[Row] = reader.query(sql, params).to_pylist()
    return rows


def _decoded(row: Row) -> Row:
    return row | {c: json.loads(row[c]) for c in _JSON_COLUMNS if row.get(c)}
