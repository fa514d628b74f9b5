"""Calls Google's APIs through its client library; shared by the channels that ask Google."""

import json
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any

from core.errors import ConfigError, GatewayError, RetryLater
from core.http import failure, hint
from core.reading import Json, table, word

_MINUTE = 60.0
_BUSY = frozenset({
    "rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED",
})  # fmt: skip

# Not Google's word: the refusal says that the project has a quota of nought.
NO_QUOTA = "quota_limit_value=0"


class Refused(Exception):
    """Google's refusal: its status, and its machine-readable reasons, old form and new."""

    def __init__(self, status: int, reasons: frozenset[str], retry_after: str = "") -> None:
        super().__init__(f"HTTP {status}")
        self.status, self.reasons, self.retry_after = status, reasons, retry_after

    def meaning(self, who: str, sentences: Mapping[str, str]) -> GatewayError:
        """Say what the runner does next; Google's own words, which may quote us, stay out."""
        for reason in sorted(self.reasons & sentences.keys()):
            return ConfigError(sentences[reason])
        after = hint(self.retry_after)
        if self.status == 429 or self.reasons & _BUSY:
            return RetryLater(f"{who} meminta jeda (HTTP {self.status})", after=after or _MINUTE)
        if self.status == 400:
            return RetryLater(f"{who} tidak dapat memproses permintaan (HTTP 400)", after=after)
        return failure(who, self.status, self.retry_after)


def execute(who: str, call: Any) -> Json:
    """Execute one call of the client library. Raises Refused, or RetryLater if nobody answers."""
    # Imported late: commands that ask Google nothing shall start without its library.
    from google.auth.exceptions import RefreshError, TransportError
    from googleapiclient.errors import HttpError  # type: ignore[import-untyped]
    from httplib2 import HttpLib2Error  # type: ignore[import-untyped]

    try:
        answer = call.execute()
    except HttpError as error:
        wait = str(error.resp.get("retry-after", ""))
        raise Refused(int(error.resp.status), _reasons(error.content), wait) from error
    except RefreshError as error:
        # The token could not be renewed; what the token endpoint said is the second argument.
        told = table(error.args[1] if len(error.args) > 1 else None)
        if error.retryable or "error" not in told:
            raise RetryLater(f"{who}: layanan masuk Google terganggu") from error
        raise Refused(401, frozenset({word(told["error"])})) from error
    except (HttpLib2Error, HTTPException, TransportError, OSError, ValueError) as error:
        raise RetryLater(f"{who} tidak dapat dihubungi") from error
    if not isinstance(answer, dict):
        # The library hands on whatever came with a 200: the login page of a network, say.
        raise RetryLater(f"{who} tidak dapat dihubungi: jawabannya bukan JSON")
    return answer


def _reasons(body: bytes) -> frozenset[str]:
    try:
        told = json.loads(body)["error"]
        listed = [*told.get("errors", ()), *told.get("details", ())]
        found = {str(one["reason"]) for one in listed if "reason" in one} | {told.get("status", "")}
        if any(table(one.get("metadata")).get("quota_limit_value") == "0" for one in listed):
            found.add(NO_QUOTA)
        return frozenset(found)
    except (ValueError, KeyError, TypeError, AttributeError):
        return frozenset()
