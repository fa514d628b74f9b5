"""Asks Meta's Graph API one thing at a time and turns its refusals into the four errors."""

import json
from collections.abc import Iterator

import httpx

from core.errors import ConfigError, RetryLater, Unparseable
from core.http import failure, hint
from core.reading import Json, load, rows, table
from core.signatures import hmac_sha256_hex

_DAY_MINUTES = 1440.0
# Meta's error codes: developers.facebook.com/docs/graph-api/guides/error-handling
_TOKEN = frozenset({102, 190, 463, 467})
_PERMISSION = frozenset({3, 10, *range(200, 300)})
_THROTTLED = frozenset({4, 17, 32, 341, 368, 613, *range(80_000, 80_015)})
_TROUBLE = frozenset({1, 2})
_MISSING = 33  # a subcode: the object is gone, or was never ours to see


class Graph:
    """The Graph API as one token sees it."""

    def __init__(self, base: str, token: str, secret: str, seconds: float = 15.0) -> None:
        self._base, self._token, self._seconds = base.rstrip("/"), token, seconds
        # An app may demand it: proof that the token is in the hands of who has the secret.
        self._proof = hmac_sha256_hex(secret.encode(), token.encode()) if secret else ""

    async def get(self, path: str, fields: str = "") -> Json | None:
        """Return an object, or None if it is gone. Raises Unparseable if Meta will not tell."""
        asked = {"fields": fields, "appsecret_proof": self._proof}
        params = {name: value for name, value in asked.items() if value}
        # In a header, because addresses end up in other people's logs.
        headers = {"authorization": f"Bearer {self._token}"}
        try:
            async with httpx.AsyncClient(timeout=self._seconds) as client:
                answer = await client.get(f"{self._base}/{path}", params=params, headers=headers)
        except httpx.RequestError as error:
            raise RetryLater(f"Graph API tidak terjangkau ({type(error).__name__})") from error
        return _read(answer)


async def check(graph: Graph, wanted: str) -> str:
    """Try a token out, and look whether the account subscribes to the webhook's main field."""
    apps = await graph.get("me/subscribed_apps")
    if apps is None:
        raise ConfigError("akun pemilik access_token tidak ditemukan di Graph API")
    found: set[str] = set()
    for app in rows(apps.get("data")):
        named = app.get("subscribed_fields")
        found |= {str(field) for field in named} if isinstance(named, list) else set()
    if wanted not in found:
        raise ConfigError(
            f"access_token berlaku, tetapi akun ini belum berlangganan webhook {wanted}; "
            "jalankan langkah berlangganan di README kanal ini"
        )
    return f"access_token berlaku; akun berlangganan {', '.join(sorted(found))}."


def _read(answer: httpx.Response) -> Json | None:
    try:
        document = load(answer.content)
    except Unparseable as unread:
        if answer.is_success:
            raise RetryLater("jawaban Graph API tidak terbaca") from unread
        document = {}
    error = table(document.get("error"))
    code, subcode = error.get("code"), error.get("error_subcode")
    if answer.is_success and not error:
        return document
    if answer.status_code == 404 or subcode == _MISSING:
        return None
    raise _refusal(answer, code if isinstance(code, int) else 0, error.get("is_transient") is True)


def _refusal(answer: httpx.Response, code: int, passing: bool) -> Exception:
    if code in _TOKEN:
        return ConfigError("access_token ditolak Meta: kedaluwarsa atau dicabut; buat yang baru")
    if answer.status_code == 429 or code in _THROTTLED:
        return RetryLater("batas panggilan Graph API tercapai", after=_pause(answer))
    if code in _PERMISSION:
        return ConfigError(f"access_token tidak berizin (kode {code}); lihat README kanal ini")
    if code in _TROUBLE or passing:
        return RetryLater(f"Graph API sedang terganggu (kode {code})")
    if not code:
        return failure("Graph API", answer.status_code, answer.headers.get("retry-after", ""))
    return Unparseable(f"ditolak Graph API (HTTP {answer.status_code}, kode {code})")


def _pause(answer: httpx.Response) -> float | None:
    """Return the seconds Meta asks us to wait; it tells them in minutes, per kind of use."""
    minutes = max(_minutes(answer.headers.get("x-business-use-case-usage", "")), default=0.0)
    return minutes * 60 or hint(answer.headers.get("retry-after", ""))


def _minutes(header: str) -> Iterator[float]:
    try:
        usage = json.loads(header or "{}")
        for uses in usage.values():
            for use in uses:
                yield min(float(use["estimated_time_to_regain_access"]), _DAY_MINUTES)
    except (ValueError, TypeError, KeyError, AttributeError):
        return
