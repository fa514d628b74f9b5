"""Meta's Graph API over real HTTP: what each of its refusals makes the runner do."""

import asyncio
import json
from typing import Any

import pytest

from core.errors import ConfigError, GatewayError, RetryLater, Unparseable
from core.meta_graph import Graph, check
from core.signatures import hmac_sha256_hex
from tests.connectors.fake_http import Answer, Provider, provider, reply


def graph(fake: Provider, secret: str = "", seconds: float = 5.0) -> Graph:
    return Graph(f"{fake.url}/v24.0/", "token-contoh", secret, seconds)


def refusal(code: int, status: int = 400, **more: Any) -> Answer:
    return reply({"error": {"message": "x", "code": code, **more}}, status)


def usage(*minutes: Any) -> Answer:
    uses = {"17841": [{"type": "pages", "estimated_time_to_regain_access": m} for m in minutes]}
    answer = refusal(80002)
    return Answer(answer.body, 400, {"x-business-use-case-usage": json.dumps(uses)})


def test_the_token_goes_in_a_header_and_the_proof_with_it() -> None:
    with provider(lambda _: reply({"id": "9"})) as fake:
        assert asyncio.run(graph(fake, "rahasia").get("9", "id,timestamp")) == {"id": "9"}
    (asked,) = fake.asked
    assert asked.path == "/v24.0/9"
    assert asked.headers["authorization"] == "Bearer token-contoh"
    proof = hmac_sha256_hex(b"rahasia", b"token-contoh")
    assert asked.query == {"fields": "id,timestamp", "appsecret_proof": proof}


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (refusal(190, 401), ConfigError, "kedaluwarsa"),
        (refusal(10, 403), ConfigError, "kode 10"),
        (refusal(200, 403), ConfigError, "kode 200"),
        (refusal(4), RetryLater, "batas"),
        (refusal(0, 429), RetryLater, "batas"),
        (refusal(2, 500), RetryLater, "terganggu"),
        (refusal(1200, 400, is_transient=True), RetryLater, "terganggu"),
        (refusal(100, 400), Unparseable, "kode 100"),
        (refusal(4, 200), RetryLater, "batas"),
        (Answer(b"<html>", 502), RetryLater, "502"),
        (Answer(b"<html>", 200), RetryLater, "tidak terbaca"),
        (Answer(b"[]", 200), RetryLater, "tidak terbaca"),
        (reply({"error": {"code": ["190"]}}, 401), ConfigError, "401"),
        (Answer(b'{"id": "9"}', fate="cut"), RetryLater, "terjangkau"),
    ],
)
def test_a_refusal_says_what_to_do_next(
    answer: Answer, error: type[GatewayError], words: str
) -> None:
    with provider(lambda _: answer) as fake, pytest.raises(error, match=words):
        asyncio.run(graph(fake).get("9"))


@pytest.mark.parametrize("answer", [refusal(100, 400, error_subcode=33), refusal(803, 404)])
def test_what_is_gone_is_none(answer: Answer) -> None:
    with provider(lambda _: answer) as fake:
        assert asyncio.run(graph(fake).get("9")) is None


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (usage(7, 12), 720.0),
        (usage("7"), 420.0),
        (usage(0), None),
        (usage("kapan-kapan"), None),
        (usage(10**9), 86400.0),
        (Answer(b"{}", 429, {"x-business-use-case-usage": "["}), None),
        (Answer(b"{}", 429, {"x-business-use-case-usage": '{"1": 5}'}), None),
        (Answer(b"{}", 429, {"retry-after": "90"}), 90.0),
    ],
)
def test_the_pause_is_the_one_meta_asks_for(answer: Answer, after: float | None) -> None:
    with provider(lambda _: answer) as fake, pytest.raises(RetryLater) as later:
        asyncio.run(graph(fake).get("9"))
    assert later.value.after == after


def test_who_never_answers_is_not_waited_for() -> None:
    with (
        provider(lambda _: Answer(fate="silent")) as fake,
        pytest.raises(RetryLater, match="ReadTimeout"),
    ):
        asyncio.run(graph(fake, seconds=0.2).get("9"))


def test_who_is_not_there_is_tried_later() -> None:
    with provider(lambda _: Answer()) as fake:
        pass
    with pytest.raises(RetryLater, match="terjangkau"):
        asyncio.run(graph(fake).get("9"))


@pytest.mark.parametrize(
    "apps", [{"data": []}, {"data": [{"subscribed_fields": ["messages"]}]}, {"data": 5}, {}]
)
def test_an_account_that_is_not_subscribed_is_told(apps: Any) -> None:
    with provider(lambda _: reply(apps)) as fake, pytest.raises(ConfigError, match="feed"):
        asyncio.run(check(graph(fake), "feed"))


def test_a_token_of_nobody_is_told() -> None:
    with provider(lambda _: reply({}, 404)) as fake, pytest.raises(ConfigError, match="pemilik"):
        asyncio.run(check(graph(fake), "feed"))
