"""Turns what a provider's HTTP answer says into what the runner does next, in one place."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from core.errors import ConfigError, GatewayError, RetryLater

_LONGEST = 24 * 3600.0


def failure(
    who: str, status: int, retry_after: str = "", now: datetime | None = None
) -> GatewayError:
    """Name what a refused call means: wrong keys stop the channel, anything passing is retried."""
    if status == 429:
        return RetryLater(f"{who} meminta jeda (HTTP 429)", after=hint(retry_after, now))
    if status >= 500 or status == 408:
        return RetryLater(f"{who} sedang terganggu (HTTP {status})", after=hint(retry_after, now))
    if status in (401, 403):
        return ConfigError(f"{who} menolak kunci (HTTP {status}); periksa token dan izinnya")
    return ConfigError(f"{who} menolak permintaan (HTTP {status}); periksa pengaturan kanal")


def hint(retry_after: str, now: datetime | None = None) -> float | None:
    """Read `Retry-After`: seconds or a date; None if it says nothing usable."""
    written = retry_after.strip()
    try:
        seconds = float(written)
    except ValueError:
        try:
            at = parsedate_to_datetime(written)
        except (TypeError, ValueError):
            return None
        seconds = (at - (now or datetime.now(UTC))).total_seconds() if at.tzinfo else -1.0
    return min(seconds, _LONGEST) if seconds > 0 else None
