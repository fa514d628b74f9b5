"""tweepy's streaming client, made to hand on raw lines, parse nothing and never connect twice."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tweepy  # type: ignore[import-untyped]

from core.errors import GatewayError


@dataclass(frozen=True, slots=True)
class Ended:
    """The stream is over; why, if X did not simply close it."""

    trouble: GatewayError | None


Put = Callable[[bytes | Ended], None]
Meaning = Callable[[Any], GatewayError]


class Listener(tweepy.StreamingClient):  # type: ignore[misc]
    """A streaming client for one connection; an exception in `on_data` would end it silently."""

    _put: Put
    _meaning: Meaning
    _trouble: GatewayError | None = None
    _answered: Any = None

    def hand_to(self, put: Put, meaning: Meaning) -> None:
        """Say who takes the lines, and who knows what a refusal means."""
        self._put, self._meaning = put, meaning
        # tweepy tells of a refusal only its status; the headers say how long to wait.
        self.session.hooks["response"] = [self._remember]

    def _remember(self, response: Any, **_: Any) -> None:
        self._answered = response

    def on_connect(self) -> None:
        self._put(b"")

    def on_data(self, raw_data: bytes) -> None:
        self._put(raw_data)

    def on_keep_alive(self) -> None:
        self._put(b"")

    def on_closed(self, _: Any) -> None:
        # Left alone, tweepy would reconnect at once and burn the fifty connections.
        self.disconnect()

    def on_request_error(self, _: int) -> None:
        self._trouble = self._meaning(self._answered)
        self.disconnect()

    def on_connection_error(self) -> None:
        self._trouble = self._meaning(None)
        self.disconnect()

    def on_exception(self, _: Exception) -> None:
        self._trouble = self._meaning(None)

    def on_disconnect(self) -> None:
        self._put(Ended(self._trouble))
