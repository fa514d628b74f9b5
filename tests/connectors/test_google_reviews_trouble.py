"""What Google refuses, and its sign-in: what the runner is told, and that nothing is lost."""

import asyncio

import pytest

from core.errors import ConfigError, GatewayError, RetryLater
from tests.connectors.fake_http import Answer, reply
from tests.connectors.google_fake import (
    LOCATION,
    MINUTE,
    NOW,
    OTHER,
    names,
    opened,
    refusal,
    several,
)

TROUBLES: list[tuple[str, Answer, type[GatewayError], float | None, str]] = [
    ("429", refusal(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"), RetryLater, 60, "jeda"),
    ("quota 0", refusal(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", quota_limit_value="0"),
     ConfigError, None, "belum disetujui"),
    ("off", refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED"), ConfigError, None, "dinyalakan"),
    ("scope", refusal(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
     ConfigError, None, "business.manage"),
    ("500", refusal(500, "INTERNAL"), RetryLater, None, "500"),
    ("503", reply({}, 503, retry_after="120"), RetryLater, 120, "503"),
    ("400", refusal(400, "INVALID_ARGUMENT"), RetryLater, None, "400"),
    ("cut", Answer(b"{" * 4000, fate="cut"), RetryLater, None, "dihubungi"),
    ("silent", Answer(fate="silent"), RetryLater, None, "dihubungi"),
    ("portal", Answer(b"<html>login</html>"), RetryLater, None, "dihubungi"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "kind", "after", "word"), [pytest.param(*t[1:], id=t[0]) for t in TROUBLES]
)
def test_trouble_says_what_the_runner_does_next_and_loses_nothing(
    answer: Answer, kind: type[GatewayError], after: float | None, word: str
) -> None:
    with opened() as office:
        written = several(office.business, 60, NOW - MINUTE)
        office.business.refusals = [answer]
        with pytest.raises(kind) as raised:
            office.turn(office.channel(timeout=0.2 if answer.fate == "silent" else 20.0))
        assert word in str(raised.value)
        assert "RAHASIA" not in str(raised.value)
        if isinstance(raised.value, RetryLater):
            assert raised.value.after == after
        assert names(office.turn()) == written


@pytest.mark.parametrize(
    ("answer", "kind", "word"),
    [
        (reply({"error": "invalid_grant"}, 400), ConfigError, "refresh_token"),
        (reply({"error": "invalid_client"}, 401), ConfigError, "client_secret"),
        (reply({"error": "mengejutkan"}, 400), ConfigError, "401"),
        (Answer(b"<html>", 502), RetryLater, "layanan masuk"),
        (Answer(fate="silent"), RetryLater, "dihubungi"),
    ],
)
def test_a_sign_in_that_fails_says_why(answer: Answer, kind: type[GatewayError], word: str) -> None:
    with opened() as office:
        # The library itself tries a broken sign-in again.
        office.business.sign_ins = [answer] * 9
        with pytest.raises(kind, match=word):
            office.turn(office.channel(timeout=0.2 if answer.fate == "silent" else 20.0))


def test_a_try_of_the_keys_asks_each_place_once() -> None:
    with opened() as office:
        office.business.places[OTHER] = {}
        channel = office.channel(locations=[LOCATION, OTHER])
        assert "2 lokasi" in asyncio.run(channel.probe())
        assert [a.query["pageSize"] for a in office.fake.asked if a.path != "/token"] == ["1", "1"]
        with pytest.raises(RetryLater, match="404"):
            asyncio.run(office.channel(locations=[LOCATION, "accounts/1/locations/404"]).probe())
