"""Reads providers' JSON whatever its shape: what is not as documented is empty, never an error."""

import json
from datetime import UTC, datetime
from typing import Any

from core.errors import Unparseable

Json = dict[str, Any]
# A provider's clock outside of these is a slip that would break every calendar behind it.
_YEARS = range(2000, 2100)


def load(body: bytes) -> Json:
    """Read a stored JSON object. Raises Unparseable."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unparseable("bukan JSON") from error
    if not isinstance(found, dict):
        raise Unparseable("bukan objek JSON")
    return found


def dump(value: object) -> bytes:
    """Write JSON in UTF-8; half characters, which no encoder can write, are replaced."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def table(value: object) -> Json:
    """Return an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[Json]:
    """Return the objects of a list."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def word(value: object) -> str:
    """Return a text, or an empty one; half characters are replaced."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def moment(value: object) -> datetime | None:
    """Return an ISO 8601 or RFC 3339 time as UTC (without a zone it is UTC), or none."""
    try:
        found = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None
    if found is None or found.year not in _YEARS:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
