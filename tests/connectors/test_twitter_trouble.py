"""What X refuses: what the runner is told, and that nothing is lost."""

import pytest

from core.errors import ConfigError, GatewayError, RetryLater
from tests.connectors.fake_http import Answer, reply
from tests.connectors.x_fake import MINUTE, NOW, names, opened, several

PROBLEMS = "https://api.twitter.com/2/problems/"
RESET = str(int(NOW.timestamp()) + 77)
TROUBLES: list[tuple[str, Answer, type[GatewayError], float | None, str]] = [
    ("429", reply({"title": "Too Many Requests"}, 429, x_rate_limit_reset=RESET),
     RetryLater, 78, "jeda"),
    ("429 past", reply({}, 429, x_rate_limit_reset="1"), RetryLater, 1, "jeda"),
    ("429 bare", reply({"errors": [{"code": 88, "message": "RAHASIA"}]}, 429),
     RetryLater, 901, "jeda"),
    ("cap", reply({"title": "UsageCapExceeded", "detail": "RAHASIA"}, 429),
     RetryLater, 3600, "batas bulanan"),
    ("no credit", reply({"title": "Payment Required"}, 402), RetryLater, 3600, "Kredit"),
    ("503", reply({}, 503), RetryLater, None, "503"),
    ("502 text", Answer(b"<html>", 502), RetryLater, None, "502"),
    ("list", reply([1], 503), RetryLater, None, "tak terbaca"),
    ("null errors", reply({"errors": None}, 500), RetryLater, None, "tak terbaca"),
    ("cut", Answer(b"{" * 9000, fate="cut"), RetryLater, None, "dihubungi"),
    ("silent", Answer(fate="silent"), RetryLater, None, "dihubungi"),
    ("portal", Answer(b"<html>login</html>"), RetryLater, None, "dihubungi"),
    ("not an object", reply([]), RetryLater, None, "tak terbaca"),
    ("401", reply({"title": "Unauthorized"}, 401), ConfigError, None, "401"),
    ("403", reply({"reason": "client-not-enrolled"}, 403), ConfigError, None, "paket berbayar"),
    ("403 other", reply({"title": "Forbidden", "type": PROBLEMS + "x"}, 403),
     ConfigError, None, "403"),
    ("404", reply({"title": "Not Found"}, 404), ConfigError, None, "404"),
    ("400", reply({"errors": [{"message": "RAHASIA"}]}, 400), ConfigError, None, "400"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "kind", "after", "word"), [pytest.param(*t[1:], id=t[0]) for t in TROUBLES]
)
def test_trouble_says_what_the_runner_does_next_and_loses_nothing(
    answer: Answer, kind: type[GatewayError], after: float | None, word: str
) -> None:
    with opened() as office:
        written = several(office.world, 25, NOW - MINUTE)
        office.world.refusals = [answer]
        with pytest.raises(kind) as raised:
            office.turn(timeout=0.2 if answer.fate == "silent" else 20.0)
        assert word in str(raised.value)
        assert not {"RAHASIA", "kunci-contoh"} & set(str(raised.value).split())
        if isinstance(raised.value, RetryLater):
            assert raised.value.after == after
        assert len(office.fake.asked) == 1  # tweepy does not try again by itself
        assert names(office.turn()) == written
