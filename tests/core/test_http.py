"""What a provider's HTTP answer means to the runner."""

from datetime import UTC, datetime

import pytest

from core.errors import ConfigError, GatewayError, RetryLater
from core.http import failure, hint

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ConfigError),
        (401, ConfigError),
        (403, ConfigError),
        (404, ConfigError),
        (408, RetryLater),
        (429, RetryLater),
        (500, RetryLater),
        (503, RetryLater),
    ],
)
def test_a_status_names_what_happens_next(status: int, kind: type[GatewayError]) -> None:
    error = failure("Penyedia", status)
    assert type(error) is kind
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("30", 30.0),
        (" 1.5 ", 1.5),
        ("Wed, 25 Nov 2026 08:01:00 GMT", 60.0),
        ("Wed, 25 Nov 2026 07:00:00 GMT", None),
        ("Wed, 25 Nov 2026 08:01:00", None),
        ("0", None),
        ("-5", None),
        ("nan", None),
        ("inf", 86400.0),
        ("", None),
        ("sebentar", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(written: str, expected: float | None) -> None:
    assert hint(written, NOW) == expected


def test_the_providers_hint_reaches_the_runner() -> None:
    for status in (429, 503):
        error = failure("Penyedia", status, "17")
        assert isinstance(error, RetryLater)
        assert error.after == 17.0
