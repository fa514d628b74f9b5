"""Twilio's webhook form, which several channels share: read it, and prove Twilio sent it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from twilio.request_validator import (  # type: ignore[import-untyped]
    HMAC_SHA1,
    HMAC_SHA256,
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)
from twilio.twiml.messaging_response import MessagingResponse  # type: ignore[import-untyped]

from core.connector import Request
from core.errors import RejectedRequest
from core.schema import Attachment

# An empty TwiML document: whatever else stood here could be sent to the citizen.
REPLY = str(MessagingResponse()).encode()
REPLY_TYPE = "text/xml"
_ALGORITHMS = frozenset({HMAC_SHA1, HMAC_SHA256})
_MEDIA_BASE = "https://api.twilio.com"
_MEDIA = re.compile(r"MediaUrl([0-9]{1,3})")


class Form(dict[str, list[str]]):
    """The fields of a form with every value, as Twilio's validator reads them (`getlist`)."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        # Blank fields are signed too, so they must stay.
        for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
            self.setdefault(name, []).append(value)

    def getlist(self, name: str) -> list[str]:
        """Return every value of a field."""
        return self[name]

    def first(self, name: str) -> str:
        """Return the first value of a field, or an empty string."""
        return self.get(name, [""])[0]

    @property
    def inbound(self) -> bool:
        """Whether it brings a message; a status callback bears the id of the one it speaks of."""
        status = self.first("SmsStatus") or self.first("MessageStatus")
        return status.lower() in ("", "received")

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """The media it names, in Twilio's order."""
        numbers = sorted(int(m[1]) for m in map(_MEDIA.fullmatch, self) if m)
        found = ((self.first(f"MediaUrl{n}"), self.first(f"MediaContentType{n}")) for n in numbers)
        return tuple(Attachment(url=url, mime=mime) for url, mime in found if url)


def verify_twilio(secrets: Iterable[str], request: Request) -> None:
    """Prove `X-Twilio-Signature` by Twilio's own validator. Raises RejectedRequest (403)."""
    validators = [RequestValidator(secret) for secret in secrets if secret.strip()]
    if not validators:
        raise RejectedRequest("no_secret")
    signature = request.header(SIGNATURE_HEADER.lower())
    if not signature:
        raise RejectedRequest("unsigned")
    algorithm = get_signature_algorithm(request.header(SIGNATURE_SETTINGS_HEADER.lower()))
    # Asked here because the validator would write the sender's word into the log.
    if algorithm.upper() not in _ALGORITHMS:
        raise RejectedRequest("unknown_algorithm")
    try:
        signed = _signed_part(request)
        good = [v.validate(request.url, signed, signature, algorithm) for v in validators]
    except (TypeError, ValueError) as error:
        raise RejectedRequest("wrong_signature") from error
    if not any(good):
        raise RejectedRequest("wrong_signature")


def _signed_part(request: Request) -> str | Form:
    """Return what the signature covers besides the address: the form, or a body named by hash."""
    if "bodySHA256" in parse_qs(urlsplit(request.url).query):
        return request.body.decode("utf-8")
    return Form(request.body)


def form_of(item: Mapping[str, Any]) -> Form:
    """Write a message of the REST API as the form its webhook would have brought."""
    named = {
        "MessageSid": "sid", "AccountSid": "account_sid", "From": "from", "To": "to",
        "Body": "body", "NumSegments": "num_segments",
    }  # fmt: skip
    form = Form(b"")
    for field, name in named.items():
        form[field] = [_written(item.get(name))]
    media = [one for one in item.get("media") or () if isinstance(one, Mapping)]
    for number, one in enumerate(media):
        form[f"MediaUrl{number}"] = [_MEDIA_BASE + _written(one.get("uri")).removesuffix(".json")]
        form[f"MediaContentType{number}"] = [_written(one.get("content_type"))]
    return form


def _written(value: object) -> str:
    return "" if value is None else str(value).encode("utf-8", "replace").decode()
