"""How Open311 GeoReport v2 is written: JSON and XML, dates with their zone, errors in its shape."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

Row = Mapping[str, Any]

_TYPES = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}
# What no XML 1.0 document may hold, however it is escaped.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
CLOSED = ("selesai", "bukan_wewenang", "arsip")


class Failed(Exception):
    """A request Open311 answers with errors: its status and its sentences."""

    def __init__(self, status: int, *sentences: str, retry_after: int = 0) -> None:
        super().__init__(*sentences)
        self.status, self.sentences, self.retry_after = status, sentences, retry_after


def answer(form: str, names: tuple[str, str], rows: Sequence[Row], status: int = 200) -> Response:
    """Answer with a list: `names` are what XML calls the list and one of it."""
    if form == "json":
        body = json.dumps(rows, ensure_ascii=False).encode("utf-8", "replace")
    else:
        root = ET.Element(names[0])
        for row in rows:
            _fill(ET.SubElement(root, names[1]), row)
        body = ET.tostring(root, "utf-8", xml_declaration=True)
    return _response(form, body, status)


def single(form: str, name: str, row: Row) -> Response:
    """Answer with one thing that is no list."""
    if form == "json":
        body = json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")
    else:
        root = ET.Element(name)
        _fill(root, row)
        body = ET.tostring(root, "utf-8", xml_declaration=True)
    return _response(form, body, 200)


def failure(form: str, failed: Failed) -> Response:
    """Answer with what is wrong."""
    rows = [{"code": failed.status, "description": sentence} for sentence in failed.sentences]
    response = answer(form, ("errors", "error"), rows, failed.status)
    if failed.retry_after:
        response.headers["retry-after"] = str(failed.retry_after)
    return response


def services(kategori: Iterable[tuple[str, str]]) -> list[Row]:
    """Write the topics as services; none of them asks more than every report does."""
    return [
        {
            "service_code": code, "service_name": name, "description": name, "metadata": False,
            "type": "realtime", "keywords": "", "group": "",
        }
        for code, name in kategori
    ]  # fmt: skip


def report(row: Row, names: Mapping[str, str], zone: ZoneInfo) -> Row:
    """Write a published report; what is not known is empty, as the standard has it."""
    places = (("Desa/Kelurahan", "kelurahan_desa"), ("Kecamatan", "kecamatan"))
    address = ", ".join(f"{kind} {row[field]}" for kind, field in places if row[field])
    code = row["kategori"] or ""
    return {
        "service_request_id": row["complaint_id"],
        "status": "closed" if row["status"] in CLOSED else "open",
        "status_notes": (row["status"] or "").replace("_", " "),
        "service_name": names.get(code, code),
        "service_code": code,
        "description": row["text"] or "",
        "agency_responsible": "",
        "service_notice": row["ticket_no"] or "",
        "requested_datetime": row["received_at"].astimezone(zone).isoformat(timespec="seconds"),
        "updated_datetime": row["version_at"].astimezone(zone).isoformat(timespec="seconds"),
        "expected_datetime": "",
        "address": address,
        "address_id": "",
        "zipcode": "",
        "lat": row["lat"],
        "long": row["lon"],
        "media_url": "",
    }


def _fill(element: ET.Element, row: Row) -> None:
    for name, value in row.items():
        child = ET.SubElement(element, name)
        if isinstance(value, list):
            for one in value:
                _fill(ET.SubElement(child, name.removesuffix("s")), one)
        elif value is not None:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            child.text = _ILLEGAL.sub("\ufffd", text)


def _response(form: str, body: bytes, status: int) -> Response:
    headers = {
        "content-type": _TYPES[form],
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    return Response(body, status, headers)
