"""Asks the Business Profile API (v4) for reviews; its discovery document lies beside this file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import google
from core.reading import Json, rows

# google-api-python-client bundles no document for mybusiness v4; this one holds the calls used.
_DOCUMENT = Path(__file__).with_name("mybusiness_v4.json")
_SCOPE = "https://www.googleapis.com/auth/business.manage"
# Today's reference allows 50; the old document still says 200.
_PAGE = 50
_WHO = "Google Business Profile"
_NO_ACCESS = (
    "Kuota proyek Google ini masih nol: akses Business Profile API belum disetujui; "
    "ajukan formulirnya (lihat README kanal)."
)
_SIGN_IN = "Izin Google dicabut atau kedaluwarsa; masuk ulang dan ganti refresh_token."
_SENTENCES = {
    google.NO_QUOTA: _NO_ACCESS,
    "SERVICE_DISABLED": "Business Profile API belum dinyalakan di proyek Google ini.",
    "accessNotConfigured": "Business Profile API belum dinyalakan di proyek Google ini.",
    "invalid_grant": _SIGN_IN,
    "invalid_client": "Google tidak mengenal client_id atau client_secret ini.",
    "unauthorized_client": "refresh_token itu milik client_id lain; masuk ulang.",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "Izin Google kurang: masuk ulang dengan business.manage.",
}


@dataclass(frozen=True, slots=True)
class Keys:
    """What Google lets us in with."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    token_uri: str


class Reviews:
    """The two calls Kanal makes. The library is blocking: call from a thread, one at a time."""

    def __init__(self, keys: Keys, api_base: str, timeout: float) -> None:
        self._keys, self._timeout = keys, timeout
        self._options = {"api_endpoint": api_base} if api_base else {}
        self._service: Any = None

    def pages(self, location: str, size: int = _PAGE) -> Iterator[list[Json]]:
        """Yield a location's reviews, the last changed first, page by page.

        Raises google.Refused if this location is not ours to read.
        """
        token = None
        while True:
            # No orderBy: the default is the last changed first, under whichever name it goes now.
            call = self._calls().list(parent=location, pageSize=size, pageToken=token)
            page = self._ask(call)
            yield rows(page.get("reviews"))
            token = page.get("nextPageToken")
            if not token:
                return

    def exists(self, name: str) -> bool:
        """Say whether a review is still there."""
        try:
            self._ask(self._calls().get(name=name))
        except google.Refused as refused:
            if refused.status == 404:
                return False
            raise
        return True

    def close(self) -> None:
        """Let go of the connection: until the next turn Google would drop it anyway."""
        if self._service is not None:
            self._service.close()

    def _ask(self, call: Any) -> Json:
        try:
            return google.execute(_WHO, call)
        except google.Refused as refused:
            known = refused.reasons & _SENTENCES.keys()
            if refused.status in (403, 404) and not known:
                raise  # this location or review; the others may be fine
            raise refused.meaning(_WHO, _SENTENCES) from refused

    def _calls(self) -> Any:
        if self._service is None:
            # Imported late: it takes longer than most commands of Kanal take altogether.
            from google.oauth2.credentials import Credentials
            from google_auth_httplib2 import AuthorizedHttp  # type: ignore[import-untyped]
            from googleapiclient.discovery import (  # type: ignore[import-untyped]
                build_from_document,
            )
            from httplib2 import Http  # type: ignore[import-untyped]

            keys = self._keys
            credentials = Credentials(
                None, refresh_token=keys.refresh_token, token_uri=keys.token_uri,
                client_id=keys.client_id, client_secret=keys.client_secret, scopes=[_SCOPE],
            )  # type: ignore[no-untyped-call]  # fmt: skip
            self._service = build_from_document(
                json.loads(_DOCUMENT.read_text()), client_options=self._options,
                http=AuthorizedHttp(credentials, http=Http(timeout=self._timeout)),
            )  # fmt: skip
        return self._service.accounts().locations().reviews()
