"""Signatures shared by several channels, compared in constant time on the raw bytes."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import parse_qsl

from core.errors import RejectedRequest

INTERNAL_HEADER = "x-kanal-signature"
_TOLERANCE_SECONDS = 300


def same(given: str, expected: str) -> bool:
    """Compare two signatures without telling by the time taken where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def hmac_sha256_hex(secret: bytes, body: bytes) -> str:
    """Return the lower-case hex HMAC-SHA256 of a body."""
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


def verify_meta(secrets: Iterable[bytes], header: str, body: bytes) -> None:
    """Prove Meta's `X-Hub-Signature-256` on the raw bytes. Raises RejectedRequest (403)."""
    scheme, _, given = header.partition("=")
    if scheme != "sha256" or not given:
        raise RejectedRequest("unsigned")
    if not any([same(given, hmac_sha256_hex(secret, body)) for secret in secrets]):
        raise RejectedRequest("wrong_signature")


def meta_challenge(query: str, verify_tokens: Iterable[str]) -> bytes:
    """Answer Meta's verification GET with its challenge. Raises RejectedRequest (403)."""
    asked = dict(parse_qsl(query, keep_blank_values=True))
    good = [same(asked.get("hub.verify_token", ""), token) for token in verify_tokens if token]
    if asked.get("hub.mode") != "subscribe" or not any(good):
        raise RejectedRequest("wrong_verify_token")
    return asked.get("hub.challenge", "").encode()


def sign_internal(key: bytes, path: str, body: bytes, now: datetime) -> str:
    """Sign a request of our own forms: `t=<unix>,v1=<hex>` over time, path and body."""
    stamp = str(int(now.timestamp()))
    return f"t={stamp},v1={hmac_sha256_hex(key, _framed(stamp, path, body))}"


def verify_internal(
    keys: Iterable[bytes], header: str, path: str, body: bytes, now: datetime
) -> None:
    """Prove that one of our own forms signed this. Raises RejectedRequest (403)."""
    parts = dict(p.split("=", 1) for p in header.split(",") if "=" in p)
    stamp, given = parts.get("t", ""), parts.get("v1", "")
    if not stamp.isdigit() or not stamp.isascii() or not given:
        raise RejectedRequest("unsigned")
    if abs(now.timestamp() - int(stamp[:18])) > _TOLERANCE_SECONDS:
        raise RejectedRequest("stale")
    good = [hmac_sha256_hex(key, _framed(stamp, path, body)) for key in keys]
    if not any([same(given, one) for one in good]):
        raise RejectedRequest("wrong_signature")


def _framed(stamp: str, path: str, body: bytes) -> bytes:
    return f"{stamp}\n{path}\n".encode() + body
