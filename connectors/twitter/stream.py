"""Listens to the filtered stream through tweepy: raw lines only, one connection, our own pauses."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from connectors.twitter.client import X
from connectors.twitter.posts import Post, read
from core import ids
from core.backoff import backoff
from core.errors import ConfigError, GatewayError, RetryLater
from core.reading import rows, table, word

# Only rules with this tag are ours to add and to delete.
TAG = "kanal"
# How many lines may wait until they are stored; then the reading thread waits too.
_AHEAD = 1000
_PATIENCE = 60.0


class Stream:
    """The one connection an application may have."""

    def __init__(self, client: X) -> None:
        self._client = client
        self._failures = 0

    def agree(self, rules: Sequence[str]) -> None:
        """Make the rules of our tag at X the given ones. Raises ConfigError."""
        from tweepy import StreamRule  # type: ignore[import-untyped]

        listener = self._client.listener()
        try:
            there = rows(self._client.guard(listener.get_rules).get("data"))
            ours = {word(r.get("value")): word(r.get("id")) for r in there if r.get("tag") == TAG}
            if old := [name for value, name in ours.items() if value not in rules]:
                self._client.guard(lambda: listener.delete_rules(old))
            if new := [StreamRule(value, TAG) for value in rules if value not in ours]:
                answer = self._client.guard(lambda: listener.add_rules(new))
                if table(table(answer.get("meta")).get("summary")).get("invalid"):
                    raise ConfigError("X menolak aturan stream; periksa stream_rules")
        finally:
            listener.session.close()

    async def lines(self) -> AsyncGenerator[bytes, None]:
        """Yield the lines as they come, an empty one for each sign of life, until X closes.

        Raises one of the errors if the connection is refused or breaks.
        """
        # Imported late, as tweepy is.
        from connectors.twitter.listener import Ended, Listener

        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[bytes | Ended] = asyncio.Queue()
        room = threading.Semaphore(_AHEAD)

        def put(line: bytes | Ended) -> None:
            try:
                if not isinstance(line, Ended) and not room.acquire(timeout=_PATIENCE):
                    raise TimeoutError
                loop.call_soon_threadsafe(waiting.put_nowait, line)
            except RuntimeError:
                return  # the loop is closed: nobody listens any more

        listener = self._client.listener(Listener)
        listener.hand_to(put, self._meaning)
        # Not asyncio's own threads: those would hold up the end of the process.
        threading.Thread(target=listener.filter, kwargs=self._client.wanted, daemon=True).start()
        try:
            while not isinstance(line := await waiting.get(), Ended):
                room.release()
                self._failures = 0
                yield line
            if line.trouble:
                raise line.trouble
        finally:
            listener.disconnect()

    def _meaning(self, response: Any) -> GatewayError:
        """Say how long to wait, as X asks of those who listen."""
        self._failures += 1
        if response is None:
            pause = min(max(0.25 * self._failures, 1.0), 16.0)
            return RetryLater("Sambungan stream X terputus", after=pause)
        status = int(response.status_code)
        error = self._client.meaning(status, response)
        if not isinstance(error, RetryLater):
            return error
        if status == 429 and "x-rate-limit-reset" not in response.headers:
            pause = backoff(60.0, self._failures, 900.0)
        elif status == 429 or error.after:
            return error
        else:
            pause = backoff(5.0, self._failures, 320.0)
        return RetryLater(str(error), after=pause)


def of_line(line: bytes) -> tuple[Post, int] | None:
    """Read a line as a post and the number of writers named with it.

    What X says about the stream itself is no post; a line nobody understands is kept as it came.
    """
    try:
        event = table(json.loads(line))
    except (ValueError, RecursionError):
        name = ids.content_id(line)
        return (Post(name, name, "", line), 0) if line.strip() else None
    if "data" not in event:
        return None
    users = rows(table(event.get("includes")).get("users"))
    return read(line, table(event["data"])), len(users)
