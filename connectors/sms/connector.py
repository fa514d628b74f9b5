"""Reads the SMS webhook: proves Twilio's signature, keeps the form, understands it later."""

import re
from collections.abc import Iterable, Sequence
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

from core import ids
from core.connector import Context, Delivery, Request
from core.errors import RejectedRequest, Unparseable
from core.schema import Attachment, Message, RawMessage, Sender

# An empty TwiML document: whatever else stood here could be sent to the citizen as an SMS.
_REPLY = str(MessagingResponse()).encode()
_ALGORITHMS = frozenset({HMAC_SHA1, HMAC_SHA256})
_MEDIA = re.compile(r"MediaUrl([0-9]{1,3})")
# A form with none of these is not an SMS, whoever signed it.
_KNOWN = ("Body", "From", "To", "MessageSid")


class _Form(dict[str, list[str]]):
    """The fields of a form with every value, as Twilio's validator reads them (`getlist`)."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        # Blank fields are signed too, so they must stay.
        for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
            self.setdefault(name, []).append(value)

    def getlist(self, name: str) -> list[str]:
        return self[name]

    def first(self, name: str) -> str:
        return self.get(name, [""])[0]


class Sms:
    """The SMS channel."""

    def __init__(self, secrets: Sequence[str], context: Context) -> None:
        self._validators = [RequestValidator(s) for s in secrets if s.strip()]
        self._context = context

    def accept(self, request: Request) -> Delivery:
        """Prove the carrier and keep its form; a status callback is answered, not kept."""
        if request.method != "POST":
            raise RejectedRequest("method", status=405)
        self._prove(request)
        form = _Form(request.body)
        # A status callback bears the id of the message it speaks of: never keep it as one.
        status = form.first("SmsStatus") or form.first("MessageStatus")
        inbound = status.lower() in ("", "received")
        return Delivery(
            messages=(self._keep(request, form),) if inbound else (),
            reply=_REPLY,
            content_type="text/xml",
            ignored=0 if inbound else 1,
        )

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored form as one message. Raises Unparseable."""
        form = _Form(raw.body)
        attachments = _attachments(form)
        if not attachments and not any(form.first(name) for name in _KNOWN):
            raise Unparseable("bukan formulir SMS")
        yield Message(
            external_id=raw.external_id,
            version=raw.version,
            sender=_sender(form.first("From")),
            # The webhook bears no time at all; the time of receipt stands in for it.
            occurred_at=None,
            text=form.first("Body"),
            attachments=attachments,
            direct=True,
            given={"to": form.first("To"), "num_segments": form.first("NumSegments")},
        )

    def _keep(self, request: Request, form: _Form) -> RawMessage:
        context = self._context
        return RawMessage(
            tenant=context.tenant,
            channel="sms",
            account=form.first("AccountSid"),
            external_id=form.first("MessageSid") or ids.content_id(request.body),
            headers={"content-type": request.header("content-type")},
            body=request.body,
            received_at=context.clock(),
            simulated=context.trial,
        )

    def _prove(self, request: Request) -> None:
        if not self._validators:
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
            good = [v.validate(request.url, signed, signature, algorithm) for v in self._validators]
        except (TypeError, ValueError) as error:
            raise RejectedRequest("wrong_signature") from error
        if not any(good):
            raise RejectedRequest("wrong_signature")


def _signed_part(request: Request) -> str | _Form:
    """Return what the signature covers besides the address: the form, or a body named by hash."""
    if "bodySHA256" in parse_qs(urlsplit(request.url).query):
        return request.body.decode("utf-8")
    return _Form(request.body)


def _sender(number: str) -> Sender:
    # A sender without a digit ("INFO-DESA") is a carrier's name, nobody's telephone.
    platform = "tel" if any(c.isdigit() for c in number) else "sms"
    return Sender(
        platform=platform if number else "", id=number, contact=number, reply_address=number
    )


def _attachments(form: _Form) -> tuple[Attachment, ...]:
    numbers = sorted(int(m[1]) for m in map(_MEDIA.fullmatch, form) if m)
    found = ((form.first(f"MediaUrl{n}"), form.first(f"MediaContentType{n}")) for n in numbers)
    return tuple(Attachment(url=url, mime=mime) for url, mime in found if url)
