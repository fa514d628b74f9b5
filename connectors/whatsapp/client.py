"""Asks Meta's Graph API about the office's own number (`kanal check whatsapp`)."""

from typing import Any, Protocol

import httpx

from core.errors import ConfigError, RetryLater
from core.http import failure

GRAPH = "https://graph.facebook.com"
_TIMEOUT = 15.0
# Graph's own codes: https://developers.facebook.com/docs/graph-api/guides/error-handling
_EXPIRED = 190
_THROTTLED = frozenset({4, 80007, 130429})
_NO_PERMISSION = frozenset({3, 10, *range(200, 300)})


class Api(Protocol):
    """The provider's API, as far as we ask it."""

    async def probe(self) -> str:
        """Say who answered. Raises ConfigError or RetryLater."""
        ...


class MetaApi:
    """Meta's Graph API with the office's token."""

    def __init__(self, token: str, number_id: str, base: str, version: str) -> None:
        self._token, self._number = token, number_id
        self._base = f"{base.rstrip('/') or GRAPH}/{version}"

    async def probe(self) -> str:
        """Ask for the number's name and quality. Raises ConfigError or RetryLater."""
        if not self._token or not self._number:
            return (
                "Webhook siap; token akses belum dapat diperiksa karena access_token atau "
                "phone_number_id kosong (lampiran tidak akan terambil)."
            )
        found = await self._get(self._number, fields="display_phone_number,quality_rating")
        return (
            f"Meta menjawab: nomor dikenal, mutu {found.get('quality_rating') or 'tidak disebut'}."
        )

    async def _get(self, path: str, **params: str) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._token}"}
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT, headers=headers) as client:
                answer = await client.get(f"{self._base}/{path}", params=params)
        except httpx.HTTPError as error:
            raise RetryLater(f"Meta tidak terjangkau ({type(error).__name__})") from error
        found = _json(answer)
        if answer.status_code != 200:
            _refused(answer, found)
        return found


class NoApi:
    """Stands where no account is configured."""

    async def probe(self) -> str:
        """Say that there is nothing to ask."""
        return "Webhook siap; akun tidak dapat diperiksa karena account_sid kosong."


def _refused(answer: httpx.Response, found: dict[str, Any]) -> None:
    error = found.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    after = answer.headers.get("retry-after", "")
    if code == _EXPIRED:
        raise ConfigError(
            "token akses Meta ditolak atau kedaluwarsa; buat token System User yang baru"
        )
    if code in _THROTTLED:
        raise failure("Meta", 429, after)
    if code in _NO_PERMISSION:
        raise ConfigError("token akses Meta tidak punya izin whatsapp_business_messaging")
    if code == 100:
        raise ConfigError("Meta tidak mengenal phone_number_id ini untuk token tersebut")
    raise failure("Meta", answer.status_code, after)


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
