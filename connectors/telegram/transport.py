"""Calls the Bot API through python-telegram-bot on raw dicts, and names what went wrong."""

import json
from typing import Any

from telegram import Bot
from telegram.error import Conflict, Forbidden, InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from core.errors import ConfigError, RetryLater

_CONNECT_SECONDS = 10.0


class Throttled(TelegramError):
    """Telegram asks for a pause; taken before the library's own error, which warns of itself."""

    def __init__(self, after: float | None) -> None:
        super().__init__("throttled")
        self.after = after


class Transport(HTTPXRequest):
    """The library's transport, with Telegram's own pause kept as a number."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Send a request. Raises Throttled."""
        status, payload = await super().do_request(*args, **kwargs)
        if status == 429:
            raise Throttled(_pause(payload))
        return status, payload


class Line:
    """An open line to the Bot API; it is closed by whoever opened it."""

    def __init__(self, token: str, base: str) -> None:
        self._transport = Transport(
            connection_pool_size=2, connect_timeout=_CONNECT_SECONDS, pool_timeout=_CONNECT_SECONDS
        )
        self._bot = Bot(
            token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=self._transport,
            get_updates_request=self._transport,
        )

    async def ask(self, method: str, timeout: float, asked: dict[str, Any] | None = None) -> Any:
        """Return a method's raw result. Raises ConfigError or RetryLater.

        The method is written `get__updates`: the library turns it into `getUpdates`, but does not
        recognise one of its own, whose results it would parse into closed models.
        """
        try:
            return await self._bot.do_api_request(method, asked or {}, read_timeout=timeout)
        except Throttled as error:
            raise RetryLater("Telegram meminta jeda", after=error.after) from error
        except (InvalidToken, Forbidden) as error:
            raise ConfigError(
                "Telegram menolak bot_token; ambil token yang benar dari @BotFather"
            ) from error
        except Conflict as error:
            # Sporadic ones are normal; a lasting one shows on the health line.
            raise RetryLater(_conflict(error.message), after=30.0) from error
        except TelegramError as error:
            # Its words may quote the address, which holds the token.
            raise RetryLater(f"Telegram tidak menjawab ({type(error).__name__})") from error

    async def close(self) -> None:
        """Hang up."""
        await self._transport.shutdown()


def _conflict(words: str) -> str:
    if "webhook" in words.lower():
        return "Telegram masih memasang webhook untuk bot ini; hapus dengan deleteWebhook"
    return "bot ini sedang dibaca proses lain; jalankan di satu tempat saja"


def _pause(payload: bytes) -> float | None:
    try:
        after = json.loads(payload)["parameters"]["retry_after"]
    except (ValueError, KeyError, TypeError):
        return None
    return float(after) if isinstance(after, int | float) and 0 < after < 86400 else None
