"""The WhatsApp webhook of either provider: proves who calls, keeps each message, reads it later."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from connectors.whatsapp import form, meta
from connectors.whatsapp.client import Api
from core import ids
from core.connector import Context, Delivery, Request
from core.errors import RejectedRequest
from core.schema import Message, RawMessage
from core.signatures import meta_challenge, verify_meta
from core.twilio import REPLY, REPLY_TYPE, Form, verify_twilio

_JSON = "application/json"
# What the record of a back-filled message bears in place of a content type.
REST = "twilio-rest"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What proves that the provider calls; both of a rotation."""

    signing: Sequence[str]
    verify_tokens: Sequence[str]


class WhatsApp:
    """The WhatsApp channel."""

    def __init__(
        self, provider: Literal["meta", "twilio"], secrets: Secrets, api: Api, context: Context
    ) -> None:
        self._provider, self._api, self._context = provider, api, context
        self._secrets = secrets

    def accept(self, request: Request) -> Delivery:
        """Prove the provider and keep what citizens sent; statuses are answered and counted."""
        if self._provider == "meta" and request.method == "GET":
            challenge = meta_challenge(request.query, self._secrets.verify_tokens)
            return Delivery(messages=(), reply=challenge)
        if request.method != "POST":
            raise RejectedRequest("method", status=405)
        return self._accept_form(request) if self._provider == "twilio" else self._accept(request)

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored message, whichever provider it came from. Raises Unparseable."""
        if raw.headers.get("content-type", "").startswith(_JSON):
            yield from meta.read(raw.body, raw.external_id, raw.version)
        elif raw.headers.get("source") == REST:
            yield form.read_item(raw.body, raw.external_id)
        else:
            yield form.read(Form(raw.body), raw.external_id)

    async def probe(self) -> str:
        """Ask the provider who we are. Raises ConfigError or RetryLater."""
        return await self._api.probe()

    def keep_item(self, body: bytes, item: Mapping[str, Any], history: bool) -> RawMessage:
        """Make the record of a message fetched from Twilio, under the webhook's own ids."""
        raw = self._keep(str(item.get("account_sid") or ""), str(item["sid"]), "", body, _JSON)
        return raw.model_copy(update={"headers": {"source": REST}, "history": history})

    def _accept(self, request: Request) -> Delivery:
        signing = [secret.encode() for secret in self._secrets.signing]
        if not signing:
            raise RejectedRequest("no_secret")
        verify_meta(signing, request.header("x-hub-signature-256"), request.body)
        events, notices = meta.split(request.body)
        raws = [self._keep(e.account, e.external_id, e.version, e.body, _JSON) for e in events]
        return Delivery(messages=raws, ignored=notices)

    def _accept_form(self, request: Request) -> Delivery:
        verify_twilio(self._secrets.signing, request)
        told = Form(request.body)
        name = told.first("MessageSid") or ids.content_id(request.body)
        kind = request.header("content-type")
        raw = self._keep(told.first("AccountSid"), name, "", request.body, kind)
        return Delivery(
            messages=(raw,) if told.inbound else (),
            reply=REPLY,
            content_type=REPLY_TYPE,
            ignored=0 if told.inbound else 1,
        )

    def _keep(self, account: str, name: str, version: str, body: bytes, kind: str) -> RawMessage:
        context = self._context
        return RawMessage(
            tenant=context.tenant,
            channel="whatsapp",
            account=account,
            external_id=name,
            version=version,
            headers={"content-type": kind},
            body=body,
            received_at=context.clock(),
            simulated=context.trial,
        )
