"""Who may push: tokens signed by Google's own library, and what a stranger could make of them."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt
from hypothesis import given
from hypothesis import strategies as st

from connectors.google_reviews import Settings, build
from connectors.google_reviews.connector import GoogleReviews
from connectors.google_reviews.push import Certificates
from core.clock import FrozenClock
from core.connector import Context, Delivery, Request
from core.errors import RejectedRequest
from tests.connectors.fake_http import Answer, Provider, provider, reply
from tests.connectors.google_fake import LOCATION, Business

# The real present: Google's library, whose verdict is compared, looks at no other clock.
NOW = datetime.now(UTC)
AUDIENCE = "https://aduan.contoh.go.id/hooks/kab-blitar/google_reviews"
EMAIL = "dorong@contoh-proyek.iam.gserviceaccount.com"
BODY = json.dumps({"message": {"messageId": "1", "data": "e30="}, "subscription": "s"}).encode()


def pair() -> tuple[str, str]:
    """Make a key: what signs, and what Google would publish."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


PRIVATE, PUBLIC = pair()
STRANGER, _ = pair()


def token(key: str = PRIVATE, kid: str = "k1", **claims: Any) -> str:
    now = int(NOW.timestamp())
    good = {
        "iss": "https://accounts.google.com", "aud": AUDIENCE, "email": EMAIL,
        "email_verified": True, "iat": now - 5, "exp": now + 3600, "sub": "1",
    }  # fmt: skip
    sign: Callable[..., bytes] = jwt.encode
    signer = crypt.RSASigner.from_string(key, kid)  # type: ignore[no-untyped-call]
    return sign(signer, good | claims, key_id=kid).decode()


def channel(clock: FrozenClock | None = None, **settings: Any) -> GoogleReviews:
    given_ = {"push_audience": AUDIENCE, "push_email": EMAIL, "push_certs": {"k1": PUBLIC}}
    context = Context(
        "kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", clock or FrozenClock(NOW)
    )
    made = build(Settings.model_validate(given_ | settings), context)
    assert isinstance(made, GoogleReviews)
    return made


def push(bearer: str, body: bytes = BODY, method: str = "POST") -> Request:
    return Request(method, AUDIENCE, "", {"authorization": bearer}, body)


def test_a_push_of_our_subscription_is_taken_as_a_hint() -> None:
    delivery = channel().accept(push(f"Bearer {token()}"))
    assert delivery == Delivery(messages=(), ignored=1)


STRANGERS = {
    "another audience": (token(aud="https://lain.go.id/hooks"), "wrong_account"),
    "no audience": (token(aud=None), "wrong_account"),
    "another google account": (token(email="warga@gmail.com"), "wrong_account"),
    "an unverified e-mail": (token(email_verified=False), "wrong_account"),
    "e-mail verified as text": (token(email_verified="true"), "wrong_account"),
    "another issuer": (token(iss="https://login.example"), "wrong_account"),
    "expired": (token(exp=int(NOW.timestamp()) - 61), "stale"),
    "not yet": (token(iat=int(NOW.timestamp()) + 61), "stale"),
    "without an end": (token(exp=None), "stale"),
    "another key of the same name": (token(key=STRANGER), "wrong_signature"),
    "an unknown key": (token(kid="k9"), "unknown_key"),
    "no signature": (token().rpartition(".")[0] + ".", "wrong_signature"),
    "two parts": ("e30.e30", "wrong_signature"),
    "not base64": ("a.b.c", "wrong_signature"),
    "padding added": (token() + "=", "wrong_signature"),
}


@pytest.mark.parametrize(("bearer", "reason"), STRANGERS.values(), ids=STRANGERS)
def test_strangers_are_refused(bearer: str, reason: str) -> None:
    with pytest.raises(RejectedRequest) as refused:
        channel().accept(push(f"Bearer {bearer}"))
    assert (refused.value.reason, refused.value.status) == (reason, 403)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES256"])
def test_only_googles_algorithm_counts(algorithm: str) -> None:
    sign: Callable[..., bytes] = jwt.encode
    signer = crypt.RSASigner.from_string(PRIVATE, "k1")  # type: ignore[no-untyped-call]
    other = sign(signer, {}, header={"alg": algorithm}, key_id="k1").decode()
    with pytest.raises(RejectedRequest) as refused:
        channel().accept(push(f"Bearer {other}"))
    assert refused.value.reason == "unknown_algorithm"


@pytest.mark.parametrize(
    ("bearer", "body", "method", "status"),
    [
        ("", BODY, "POST", 403),
        ("Basic abc", BODY, "POST", 403),
        (f"Bearer {token()}", b"", "POST", 400),
        (f"Bearer {token()}", BODY[:-1], "POST", 400),
        (f"Bearer {token()}", b'{"message": {}}', "POST", 400),
        (f"Bearer {token()}", BODY, "GET", 405),
    ],
)
def test_what_is_no_push_is_refused(bearer: str, body: bytes, method: str, status: int) -> None:
    with pytest.raises(RejectedRequest) as refused:
        channel().accept(push(bearer, body, method))
    assert refused.value.status == status


def test_without_audience_and_email_nobody_may_push() -> None:
    for unguarded in (channel(push_audience=""), channel(push_email="")):
        with pytest.raises(RejectedRequest, match="no_secret"):
            unguarded.accept(push(f"Bearer {token()}"))


@given(st.text(st.characters(max_codepoint=255)))
def test_any_header_is_answered(bearer: str) -> None:
    with pytest.raises(RejectedRequest):
        channel().accept(push(bearer))


@given(st.integers(0, 2000), st.sampled_from("AZaz09-_.="))
def test_one_letter_changed_anywhere_is_seen(at: int, letter: str) -> None:
    good = GOOD
    place = at % len(good)
    spoilt = good[:place] + letter + good[place + 1 :]
    if spoilt != good:
        with pytest.raises(RejectedRequest):
            channel().accept(push(f"Bearer {spoilt}"))


GOOD = token()


def test_googles_library_and_we_agree_on_signature_and_audience() -> None:
    verify: Callable[..., Any] = jwt.decode
    for bearer, _ in [*STRANGERS.values(), (token(), "")]:
        try:
            verify(bearer, certs={"k1": PUBLIC}, audience=AUDIENCE, clock_skew_in_seconds=60)
        except (ValueError, KeyError, TypeError):
            with pytest.raises(RejectedRequest):
                channel().accept(push(f"Bearer {bearer}"))


@pytest.fixture
def google() -> Iterator[Provider]:
    with provider(lambda _: reply({"k1": PUBLIC})) as fake:
        yield fake


def test_keys_are_fetched_beside_the_request_and_kept(google: Provider) -> None:
    clock = FrozenClock(NOW)
    keys = Certificates({}, google.url, 5.0, clock)
    assert keys.get("k1") == ""  # the request does not wait; Pub/Sub comes again
    assert keys.fetching
    keys.fetching.join()
    assert [keys.get("k1"), keys.get("k1")] == [PUBLIC, PUBLIC]
    assert len(google.asked) == 1
    # A stranger's key ids make us ask once a minute at most.
    for n in range(20):
        assert keys.get(f"asing-{n}") == ""
    keys.fetching.join()
    assert len(google.asked) == 1
    clock.at = NOW + timedelta(hours=7)
    google.answer = lambda _: Answer(b"rusak", 500)
    assert keys.get("k1") == PUBLIC  # a Google that fails takes nothing away
    keys.fetching.join()
    google.answer = lambda _: reply({"k2": PUBLIC})
    clock.at += timedelta(minutes=2)
    keys.get("k2")
    keys.fetching.join()
    assert (keys.get("k2"), keys.get("k1")) == (PUBLIC, "")


def test_a_push_is_followed_by_a_question_before_its_time() -> None:
    business, clock = Business(), FrozenClock(NOW)
    with provider(business.answer) as fake:
        pushed = channel(
            clock, client_id="id", client_secret="r", refresh_token="segar", locations=[LOCATION],
            api_base=fake.url, sign_in_url=f"{fake.url}/token",
        )  # fmt: skip
        cursor: list[str | None] = [None]

        async def turn() -> list[str]:
            found = []
            async for page in pushed.fetch(cursor[0]):
                cursor[0] = page.cursor
                found += [raw.external_id for raw in page.messages]
            return found

        assert pushed.every == 10.0
        assert asyncio.run(turn()) == []
        business.say("R1", "antre lama", NOW)
        asked = len(fake.asked)
        clock.at += timedelta(seconds=10)
        assert asyncio.run(turn()) == []
        assert len(fake.asked) == asked  # not yet time, and nobody pushed
        pushed.accept(push(f"Bearer {token()}"))
        fake.answer = lambda _: Answer(b"", 503)
        with pytest.raises(Exception, match="503"):
            asyncio.run(turn())
        fake.answer = business.answer
        assert asyncio.run(turn()) == ["locations/202/reviews/R1"]
        clock.at += timedelta(seconds=890)
        asked = len(fake.asked)
        asyncio.run(turn())
        assert len(fake.asked) == asked
        clock.at += timedelta(seconds=20)
        asyncio.run(turn())
        assert len(fake.asked) > asked
