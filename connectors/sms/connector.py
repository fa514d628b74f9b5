"""Reads the SMS webhook: proves who carries it, keeps each SMS, understands it later."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sms import carrier as carriers
from connectors.sms.carrier import Carrier, Fields, at_path, attachments, moment, written
from core import ids
from core.connector import Context, Delivery, Request
from core.errors import RejectedRequest, Unparseable
from core.reading import Json, load
from core.schema import Message, RawMessage, Sender
from core.twilio import REPLY, REPLY_TYPE, Form, form_of, verify_twilio
from core.twilio_api import TwilioApi, received_at

# A form with none of these is not an SMS, whoever signed it.
_KNOWN = ("Body", "From", "To", "MessageSid")
# What a record bears whose body is not the form of a webhook.
REST, JSON = "twilio-rest", "json"


class Sms:
    """The SMS channel; with a carrier it speaks that carrier's JSON, without one Twilio's form."""

    def __init__(
        self,
        secrets: Sequence[str],
        carrier: Carrier | None,
        api: TwilioApi | None,
        context: Context,
    ) -> None:
        self._secrets = [secret for secret in secrets if secret.strip()]
        self._carrier, self._api, self._context = carrier, api, context

    def accept(self, request: Request) -> Delivery:
        """Prove the carrier and keep its SMS; a status callback is answered, not kept."""
        if request.method != "POST":
            raise RejectedRequest("method", status=405)
        if self._carrier:
            return self._accept_json(self._carrier, request)
        verify_twilio(self._secrets, request)
        form = Form(request.body)
        name = form.first("MessageSid") or ids.content_id(request.body)
        headers = {"content-type": request.header("content-type")}
        raw = self._keep(form.first("AccountSid"), name, headers, request.body)
        return Delivery(
            messages=(raw,) if form.inbound else (),
            reply=REPLY,
            content_type=REPLY_TYPE,
            ignored=0 if form.inbound else 1,
        )

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored SMS, whoever carried it. Raises Unparseable."""
        source = raw.headers.get("source")
        if source == JSON:
            yield self._read_json(raw)
        elif source == REST:
            item = load(raw.body)
            message = _read(form_of(item), raw)
            yield message.model_copy(update={"occurred_at": received_at(item)})
        else:
            yield _read(Form(raw.body), raw)

    async def probe(self) -> str:
        """Ask Twilio for the account. Raises ConfigError or RetryLater."""
        if self._api:
            return await self._api.probe()
        return "Webhook siap; tidak ada akun Twilio yang dapat ditanya."

    def keep_item(self, body: bytes, item: Mapping[str, Any], history: bool) -> RawMessage:
        """Make the record of an SMS fetched from Twilio, under the webhook's own ids."""
        account = str(item.get("account_sid") or "")
        raw = self._keep(account, str(item["sid"]), {"source": REST}, body)
        return raw.model_copy(update={"history": history})

    def _accept_json(self, carrier: Carrier, request: Request) -> Delivery:
        carriers.verify(carrier, self._secrets, request, self._context.clock())
        headers = {"source": JSON, "fields": carriers.stored_fields(carrier.fields)}
        found = carriers.split(carrier, request.body)
        return Delivery(
            messages=[self._keep(carrier.name, name, headers, body) for name, body in found],
            reply=carrier.reply.encode(),
            content_type="application/json",
        )

    def _read_json(self, raw: RawMessage) -> Message:
        item, now = load(raw.body), (self._carrier or Carrier()).fields
        for fields in carriers.candidates(now, raw.headers.get("fields", "")):
            if found := _read_item(item, fields, raw.external_id, self._context.zone):
                return found
        raise Unparseable("SMS tanpa isi; periksa tabel fields")

    def _keep(self, account: str, name: str, headers: dict[str, str], body: bytes) -> RawMessage:
        context = self._context
        return RawMessage(
            tenant=context.tenant,
            channel="sms",
            account=account,
            external_id=name,
            headers=headers,
            body=body,
            received_at=context.clock(),
            simulated=context.trial,
        )


def _read(form: Form, raw: RawMessage) -> Message:
    if not form.attachments and not any(form.first(name) for name in _KNOWN):
        raise Unparseable("bukan formulir SMS")
    return Message(
        external_id=raw.external_id,
        version=raw.version,
        sender=_sender(form.first("From")),
        # The webhook bears no time at all; the time of receipt stands in for it.
        occurred_at=None,
        text=form.first("Body"),
        attachments=form.attachments,
        direct=True,
        given={"to": form.first("To"), "num_segments": form.first("NumSegments")},
    )


def _read_item(item: Json, fields: Fields, external_id: str, zone: ZoneInfo) -> Message | None:
    """Read a carrier's SMS by these field names; None if they find nothing said."""
    text = written(at_path(item, fields.text))
    media = attachments(at_path(item, fields.media))
    if not text and not media:
        return None
    return Message(
        external_id=external_id,
        sender=_sender(written(at_path(item, fields.sender))),
        occurred_at=moment(at_path(item, fields.at), zone),
        text=text,
        attachments=media,
        direct=True,
        given={"to": written(at_path(item, fields.to))},
    )


def _sender(number: str) -> Sender:
    # A sender without a digit ("INFO-DESA") is a carrier's name, nobody's telephone.
    platform = "tel" if any(c.isdigit() for c in number) else "sms"
    return Sender(
        platform=platform if number else "", id=number, contact=number, reply_address=number
    )
