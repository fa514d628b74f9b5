"""What both providers of WhatsApp share: who sent it, when, and words for what cannot be shown."""

import math
import re
from datetime import UTC, datetime

from core.schema import Sender

_KIND = re.compile(r"[a-z_]{1,40}")
_YEARS = range(2009, 2100)  # WhatsApp's first year, and a wrong clock


def placeholder(kind: str) -> str:
    """Stand in for a message that cannot be shown, so that the operator sees that it came."""
    named = kind if _KIND.fullmatch(kind) else "tidak dikenal"
    return f"(pesan WhatsApp jenis {named}; buka WhatsApp untuk melihatnya)"


def moment(value: object) -> datetime | None:
    """Read Unix seconds, which Meta writes as a string."""
    try:
        at = datetime.fromtimestamp(int(str(value)), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.year in _YEARS else None


def coordinates(lat: object, lon: object) -> tuple[float | None, float | None]:
    """Read a pin given as numbers or as text; half a pin is none."""
    pair = _degrees(lat, 90.0), _degrees(lon, 180.0)
    return pair if None not in pair else (None, None)


def sender(number: str, user: str, name: str) -> Sender:
    """Name a sender by the phone number, or by WhatsApp's own id where the number is hidden."""
    digits = number.removeprefix("+")
    if digits.isascii() and digits.isdigit():
        phone = f"+{digits}"
        return Sender(platform="tel", id=phone, name=name, contact=phone, reply_address=phone)
    known = user or number
    return Sender(platform="whatsapp" if known else "", id=known, name=name, reply_address=known)


def _degrees(value: object, most: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        degrees = float(value)
    except (ValueError, OverflowError):
        return None
    return degrees if math.isfinite(degrees) and abs(degrees) <= most else None
