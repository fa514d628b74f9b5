"""Proves that a push comes from our own Pub/Sub subscription: Google's signature and who asked."""

import base64
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.clock import Clock
from core.errors import RejectedRequest
from core.log import get_logger
from core.reading import Json, table
from core.signatures import same

_ISSUERS = ("https://accounts.google.com", "accounts.google.com")
_SKEW = 60.0
_FRESH = timedelta(hours=6)
# A stranger's key id must not make us ask Google for every request.
_AGAIN = timedelta(minutes=1)


class Certificates:
    """Google's public keys by id; fetched in the background, never while a request waits."""

    def __init__(self, pinned: Mapping[str, str], url: str, timeout: float, clock: Clock) -> None:
        self._known = dict(pinned)
        self._pinned, self._url, self._timeout, self._clock = bool(pinned), url, timeout, clock
        self._fetched: datetime | None = None
        self._asked: datetime | None = None
        self.fetching: threading.Thread | None = None

    def get(self, key_id: str) -> str:
        """Return a public key, or nothing; what is missing or old is then being fetched."""
        now = self._clock()
        stale = self._fetched is None or now - self._fetched > _FRESH or key_id not in self._known
        asked = self._asked is not None and now - self._asked < _AGAIN
        if not self._pinned and stale and not asked:
            self._asked = now
            self.fetching = threading.Thread(target=self._fetch, daemon=True)
            self.fetching.start()
        return self._known.get(key_id, "")

    def _fetch(self) -> None:
        import httpx

        try:
            answer = httpx.get(self._url, timeout=self._timeout).raise_for_status().json()
            self._known = {str(name): str(pem) for name, pem in answer.items()}
            self._fetched = self._clock()
        except (httpx.HTTPError, ValueError, AttributeError) as error:
            get_logger().warning("keys_not_fetched", error=type(error).__name__)


@dataclass(frozen=True, slots=True)
class Subscription:
    """The push subscription that may call: the audience it signs for, the account it signs as."""

    audience: str
    email: str
    certificates: Certificates
    clock: Clock

    @property
    def configured(self) -> bool:
        """Whether both are known; any Google account could sign for a guessed audience."""
        return bool(self.audience and self.email)

    def prove(self, header: str) -> None:
        """Check the bearer token of a push. Raises RejectedRequest (403)."""
        if not self.configured:
            raise RejectedRequest("no_secret")
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise RejectedRequest("unsigned")
        claims = self._claims(token)
        now = self.clock().timestamp()
        if not (_number(claims, "iat") - _SKEW <= now <= _number(claims, "exp") + _SKEW):
            raise RejectedRequest("stale")
        verified = claims.get("iss") in _ISSUERS and claims.get("email_verified") is True
        named = same(str(claims.get("aud")), self.audience)
        if not (same(str(claims.get("email")), self.email) and named and verified):
            raise RejectedRequest("wrong_account")

    def _claims(self, token: str) -> Json:
        """Return what a signed token says. Raises RejectedRequest."""
        from google.auth import crypt

        try:
            head, body, signature = token.split(".")
            header, claims = (table(json.loads(_decoded(part))) for part in (head, body))
            signed = _decoded(signature)
            if header.get("alg") != "RS256":
                raise RejectedRequest("unknown_algorithm")
            key = self.certificates.get(str(header.get("kid")))
            if not key:
                # Pub/Sub comes again; by then the key has been fetched.
                raise RejectedRequest("unknown_key")
            verify: Callable[..., bool] = crypt.verify_signature
            good = verify(f"{head}.{body}".encode(), signed, key)
        except (ValueError, RecursionError) as error:
            raise RejectedRequest("wrong_signature") from error
        if not good:
            raise RejectedRequest("wrong_signature")
        return claims


def _decoded(part: str) -> bytes:
    """Decode a part of the token; only its one proper spelling will do. Raises ValueError."""
    decoded = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != part.encode():
        raise ValueError
    return decoded


def _number(claims: Json, name: str) -> float:
    value = claims.get(name)
    return float(value) if isinstance(value, int | float) else float("nan")
