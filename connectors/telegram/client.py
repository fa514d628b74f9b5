"""What the channel asks of Telegram: updates, the state of the webhook, who the bot is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from connectors.telegram.updates import WANTED
from core.errors import ConfigError, RetryLater
from core.reading import Json, table

if TYPE_CHECKING:
    from connectors.telegram.transport import Line

API = "https://api.telegram.org"
_LIMIT = 100
# How much longer than the long poll itself an answer may take.
_SLACK = 10.0


class Conversation:
    """A few calls over one line."""

    def __init__(self, line: "Line", slack: float) -> None:
        self._line, self._slack = line, slack

    async def updates(self, offset: int | None, wait: float) -> list[Any]:
        """Return what is unconfirmed; whatever lies before the offset is thereby confirmed."""
        asked: dict[str, Any] = {"limit": _LIMIT, "timeout": int(wait), "allowed_updates": WANTED}
        if offset is not None:
            asked["offset"] = offset
        found = await self._line.ask("get__updates", wait + self._slack, asked)
        if not isinstance(found, list):
            raise RetryLater("jawaban Telegram tidak terbaca")
        return found

    async def webhook(self) -> Json:
        """Return the state of the webhook."""
        return table(await self._line.ask("get__webhook__info", self._slack))

    async def me(self) -> Json:
        """Return who the bot is."""
        return table(await self._line.ask("get__me", self._slack))


class BotApi:
    """The Bot API of one bot; a line is opened for each turn."""

    def __init__(self, token: str, base: str = API, slack: float = _SLACK) -> None:
        self._token, self._base, self._slack = token, base.rstrip("/") or API, slack

    @property
    def bot_id(self) -> str:
        """The bot's own id, which its token begins with."""
        return self._token.partition(":")[0]

    @asynccontextmanager
    async def talk(self) -> AsyncIterator[Conversation]:
        """Open a line. Raises ConfigError if there is no token."""
        if not self._token:
            raise ConfigError("bot_token belum diisi")
        # Imported here: every command loads the registry, and few of them ask Telegram.
        from connectors.telegram.transport import Line

        line = Line(self._token, self._base)
        try:
            yield Conversation(line, self._slack)
        finally:
            await line.close()
