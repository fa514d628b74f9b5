"""The Telegram channel: takes updates by webhook or by long polling, with an offset of our own."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from connectors.telegram.client import BotApi, Conversation
from connectors.telegram.reading import read
from connectors.telegram.updates import find, is_notice, number
from core import ids
from core.connector import Context, Delivery, Page, Request
from core.errors import ConfigError, RejectedRequest, RetryLater, Unparseable
from core.reading import Json, dump, load, table, word
from core.schema import Message, RawMessage
from core.signatures import same

# After a week without updates Telegram numbers them anew, at random: an old offset says nothing.
_OFFSET_HOLDS = timedelta(days=6)
# A webhook that failed this recently while updates wait is in trouble.
_TROUBLED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the office chose: the way in, how often and how long to ask, whose words are its own."""

    receive: Literal["polling", "webhook"]
    every: float
    wait: float
    own: frozenset[str]


class Telegram:
    """The Telegram channel."""

    def __init__(
        self, choices: Choices, secrets: Sequence[str], api: BotApi, context: Context
    ) -> None:
        self.every = choices.every if choices.receive == "polling" else 60.0
        self._choices, self._secrets = choices, secrets
        self._api, self._context = api, context

    def accept(self, request: Request) -> Delivery:
        """Prove Telegram by the secret it sends back, and keep the update."""
        if request.method != "POST":
            raise RejectedRequest("method", status=405)
        if not self._secrets:
            raise RejectedRequest("no_secret")
        given = request.header("x-telegram-bot-api-secret-token")
        if not any([same(given, secret) for secret in self._secrets]):
            raise RejectedRequest("wrong_secret" if given else "unsigned")
        try:
            update = load(request.body)
        except Unparseable as error:
            # The secret does not cover the body: a torn one is to come again.
            raise RejectedRequest("malformed", status=400) from error
        raw = self._keep(update, request.body)
        # Anything in the answer would be taken as a call of a method.
        return Delivery((raw,) if raw else (), ignored=0 if raw else 1)

    async def fetch(self, cursor: str | None) -> AsyncIterator[Page]:
        """Yield updates oldest first; with a webhook only see whether Telegram can deliver."""
        async with self._api.talk() as telegram:
            if self._choices.receive == "webhook":
                self._judge(await telegram.webhook())
                return
            async for page in self._poll(telegram, cursor):
                yield page

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored update as one message. Raises Unparseable."""
        found = find(load(raw.body))
        if found is None:
            raise Unparseable("kiriman Telegram tanpa pesan")
        yield read(found, raw.external_id, raw.version)

    async def probe(self) -> str:
        """Ask who the bot is and how its webhook stands. Raises ConfigError or RetryLater."""
        async with self._api.talk() as telegram:
            bot, webhook = await telegram.me(), await telegram.webhook()
        if self._choices.receive == "webhook":
            self._judge(webhook)
        elif word(webhook.get("url")):
            raise ConfigError(
                "webhook masih terpasang di Telegram; hapus dengan deleteWebhook, atau pakai "
                'receive = "webhook"'
            )
        hears = bot.get("can_read_all_group_messages") is True
        groups = "" if hears else " Di grup hanya perintah dan balasan yang terbaca (privacy mode)."
        return f"Telegram menjawab: bot @{word(bot.get('username'))}.{groups}"

    async def _poll(self, telegram: Conversation, cursor: str | None) -> AsyncIterator[Page]:
        now, first = self._context.clock(), cursor is None
        offset = _offset(cursor, now)
        # The first turn brings what waited; it ends as soon as nothing waits.
        wait = 0.0 if first else self._choices.wait
        while found := await telegram.updates(offset, wait):
            updates = sorted(map(table, found), key=_update_id)
            last = _update_id(updates[-1])
            if last < 0:
                raise RetryLater("jawaban Telegram tidak terbaca")
            # Not the highest ever seen: after a new numbering the next may be lower.
            offset = last + 1
            kept = (self._keep(u, dump(u)) for u in updates)
            raws = [raw.model_copy(update={"history": first}) for raw in kept if raw]
            yield Page(raws, f"{offset}@{self._context.clock().isoformat()}")
        if first and offset is None:
            yield Page((), f"@{now.isoformat()}")

    def _keep(self, update: Json, body: bytes) -> RawMessage | None:
        """Make the record of an update; our own posts and mere notices have none."""
        found = find(update)
        if is_notice(update) or (found and (found.is_service or self._is_ours(found.message))):
            return None
        context = self._context
        return RawMessage(
            tenant=context.tenant,
            channel="telegram",
            account=self._api.bot_id,
            external_id=found.external_id if found else _stray(update, body),
            version=found.version if found else "",
            headers={"content-type": "application/json"},
            body=body,
            received_at=context.clock(),
            simulated=context.trial,
        )

    def _is_ours(self, message: Json) -> bool:
        writers = {number(table(message.get(n)).get("id")) for n in ("from", "sender_chat")}
        # What a channel posts is repeated by Telegram in the group that discusses it.
        return (
            bool(writers & self._choices.own)
            or self._api.bot_id in writers
            or message.get("is_automatic_forward") is True
        )

    def _judge(self, webhook: Json) -> None:
        """See whether Telegram delivers. Raises RetryLater with what the operator is to do."""
        if not word(webhook.get("url")):
            raise RetryLater("webhook belum dipasang di Telegram; lihat README kanal (setWebhook)")
        waiting, failed = webhook.get("pending_update_count"), webhook.get("last_error_date")
        since = self._context.clock() - _TROUBLED
        if waiting and isinstance(failed, int) and failed > since.timestamp():
            said = word(webhook.get("last_error_message"))[:100]
            raise RetryLater(f"Telegram gagal mengirim ({waiting} menunggu): {said}")


def _update_id(update: Json) -> int:
    found: Any = update.get("update_id")
    return found if isinstance(found, int) and not isinstance(found, bool) else -1


def _stray(update: Json, body: bytes) -> str:
    known = number(update.get("update_id"))
    return f"update:{known}" if known else ids.content_id(body)


def _offset(cursor: str | None, now: datetime) -> int | None:
    """Read where to go on: the next update's id, and when it was last known to be so."""
    offset, _, at = (cursor or "").partition("@")
    if not offset or now - datetime.fromisoformat(at) > _OFFSET_HOLDS:
        return None
    return int(offset)
