"""What is asked of two complaints to say why they are, or are not, one case."""

import json
from typing import Any

from core.schema import Complaint
from sink.reader import Reader

Row = dict[str, Any]

_FIELDS = (
    "tenant", "complaint_id", "channel", "account", "external_id", "version", "reporter_ref",
    "occurred_at", "received_at", "history", "simulated", "stub", "klasifikasi", "kategori",
    "kategori_lain", "rahasia", "thread", "sp4n_tracking_id", "title_masked",
)  # fmt: skip


def found(reader: Reader, tenant: str, name: str) -> Row | None:
    """Return a complaint by its id or ticket; the words that are compared are the masked ones."""
    rows: list[Row] = reader.query(
        """
        SELECT * EXCLUDE (title, text) FROM complaints
        WHERE tenant = $tenant AND (complaint_id = $name OR ticket_no = upper($name))
        LIMIT 1
        """,
        {"tenant": tenant, "name": name},
    ).to_pylist()
    return rows[0] if rows else None


def as_complaint(row: Row) -> Complaint:
    """Return the complaint of a row, as far as a comparison reads it."""
    place = {
        "kode": row["wilayah_kode"] or "", "kecamatan": row["kecamatan"] or "",
        "kelurahan_desa": row["kelurahan_desa"] or "", "lat": row["lat"], "lon": row["lon"],
        "confidence": row["wilayah_confidence"] or 0.0,
        "evidence": row["wilayah_evidence"] or "",
    }  # fmt: skip
    fields = {name: row[name] for name in _FIELDS if row.get(name) is not None}
    return Complaint.model_validate(
        fields
        | {
            "text_clean": row["text_clean"] or "", "text_masked": row["text_masked"] or "",
            "wilayah": place, "attachments": json.loads(row["attachments"] or "[]"),
        }
    )  # fmt: skip


def acts(reader: Reader, tenant: str, names: list[str]) -> list[Row]:
    """List the merges, splits and "not the same" that name one of these cases or complaints."""
    rows: list[Row] = reader.query(
        """
        SELECT kind, actor, decided_at, outcome, sentence FROM decisions
        WHERE tenant = $tenant AND kind IN ('merge', 'split', 'not_same') AND outcome = 'applied'
          AND (list_contains($names, case_id) OR list_contains($names, complaint_id)
               OR list_contains($names, value->>'case_id'))
        ORDER BY decided_at
        """,
        {"tenant": tenant, "names": names},
    ).to_pylist()
    return rows
