"""Fetches from Twilio what the SMS webhook missed; the records bear the webhook's own ids."""

from collections.abc import AsyncIterator, Iterable

from connectors.sms.connector import Sms
from core.connector import Delivery, Page, Request
from core.reading import dump
from core.schema import Message, RawMessage
from core.twilio_api import Backfill


class Backfilled:
    """The SMS webhook of Twilio, with a second face that asks."""

    def __init__(self, webhook: Sms, backfill: Backfill, every: float) -> None:
        self.every = every
        self._webhook, self._backfill = webhook, backfill

    def accept(self, request: Request) -> Delivery:
        """Take what is pushed, as the webhook does."""
        return self._webhook.accept(request)

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored SMS. Raises Unparseable."""
        return self._webhook.parse(raw)

    async def probe(self) -> str:
        """Ask Twilio for the account. Raises ConfigError or RetryLater."""
        return await self._webhook.probe()

    async def fetch(self, cursor: str | None) -> AsyncIterator[Page]:
        """Yield what Twilio received since the cursor, oldest first."""
        first = cursor is None
        async for items, reached in self._backfill.pages(cursor):
            # One account may carry WhatsApp (whatsapp:+62...) and Messenger as well.
            ours = [item for item in items if ":" not in str(item.get("to"))]
            raws = [self._webhook.keep_item(dump(i), i, first) for i in ours]
            yield Page(raws, reached)
