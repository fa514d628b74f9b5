"""Asks X for mentions and searches through tweepy, and says what its refusals mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors.twitter.posts import time_of
from core.clock import Clock
from core.errors import ConfigError, GatewayError, RetryLater
from core.http import failure
from core.reading import Json, table, word

# Only `id`, `text` and the edit history come unasked.
_FIELDS = (
    "attachments,author_id,conversation_id,created_at,edit_history_tweet_ids,geo,"
    "in_reply_to_user_id,lang,note_tweet,referenced_tweets"
)
_WINDOW = 900.0
_HOUR = 3600.0
# A search reaches seven days back; a minute is left for clocks that differ.
_REACH = timedelta(days=7) - timedelta(minutes=1)
_TRANSPORT = "https://api.twitter.com"


def wanted(*, usernames: bool) -> dict[str, str]:
    """Return the parameters that say what is to come with a post."""
    expansions = ["attachments.media_keys", "geo.place_id"] + ["author_id"] * usernames
    return {
        "tweet_fields": _FIELDS,
        "expansions": ",".join(expansions),
        "media_fields": "type,url,preview_image_url",
        "place_fields": "full_name",
        **({"user_fields": "name,username"} if usernames else {}),
    }


@dataclass(frozen=True, slots=True)
class Door:
    """How X is reached: under which address (empty: its own), and how long it may take."""

    api_base: str
    timeout: float

    def adapter(self) -> Any:
        """Make a transport for the library, which knows neither a time limit nor an address."""
        from requests.adapters import HTTPAdapter

        door = self

        class Adapter(HTTPAdapter):
            def send(self, request: Any, *args: Any, **options: Any) -> Any:
                if door.api_base:
                    request.url = request.url.replace(_TRANSPORT, door.api_base.rstrip("/"), 1)
                options["timeout"] = min(options.get("timeout") or door.timeout, door.timeout)
                return super().send(request, *args, **options)

        return Adapter()


class X:
    """The calls Kanal makes. The library is blocking: call from a thread, one at a time."""

    def __init__(self, token: str, clock: Clock, door: Door, *, usernames: bool) -> None:
        self._token, self._clock, self._door = token, clock, door
        self.wanted = wanted(usernames=usernames)
        self._client: Any = None

    def mentions(self, user: str, size: int, **params: Any) -> Json:
        """Return one page of the posts that mention an account, the newest first."""
        token = params.pop("token", None)
        return self._ask("get_users_mentions", user, size, params | {"pagination_token": token})

    def search(self, query: str, size: int, **params: Any) -> Json:
        """Return one page of what a search of the last seven days finds."""
        token = params.pop("token", None)
        earliest = self._clock().replace(microsecond=0) - _REACH
        known = time_of(params.get("since_id", ""))
        if known and known < earliest:
            # X refuses an id older than its search reaches.
            del params["since_id"]
            params["start_time"] = earliest
        elif "start_time" in params:
            params["start_time"] = max(params["start_time"], earliest)
        return self._ask("search_recent_tweets", query, size, params | {"next_token": token})

    def rules(self) -> Json:
        """Return the rules of the filtered stream; this costs nothing."""
        return self.guard(lambda: self.listener().get_rules())

    def listener(self, kind: type[Any] | None = None) -> Any:
        """Make a streaming client (of our kind) that goes where this one goes."""
        from tweepy import StreamingClient  # type: ignore[import-untyped]

        made = (kind or StreamingClient)(self._token, return_type=dict, max_retries=0)
        made.session.mount(_TRANSPORT, self._door.adapter())
        return made

    def guard(self, call: Callable[[], Any]) -> Json:
        """Make a call; whatever goes wrong becomes one of the four errors."""
        import requests
        import tweepy

        try:
            answer = call()
        except tweepy.HTTPException as error:
            raise self.meaning(error.response.status_code, error.response) from error
        except (requests.RequestException, ValueError) as error:
            raise RetryLater("X tidak dapat dihubungi") from error
        except (AttributeError, TypeError) as error:
            # tweepy reads an error body as an object, whatever it is.
            raise RetryLater("X tidak dapat dihubungi: jawabannya tak terbaca") from error
        if not isinstance(answer, dict):
            raise RetryLater("X tidak dapat dihubungi: jawabannya tak terbaca")
        return answer

    def meaning(self, status: int, response: Any) -> GatewayError:
        """Turn a refusal into what the runner does next; the words of X stay out of it."""
        told = _told(response)
        if status == 402 or "credit" in told or "usagecap" in told:
            return RetryLater("Kredit atau batas bulanan X habis; isi di Developer Console", _HOUR)
        if status == 429:
            return RetryLater("X meminta jeda (HTTP 429)", after=self._reset(response.headers))
        if status == 403 and "client-not-enrolled" in told:
            return ConfigError("Aplikasi X ini belum terdaftar pada paket berbayar")
        return failure("X", status, response.headers.get("retry-after", ""), self._clock())

    def close(self) -> None:
        """Let go of the connections until the next turn."""
        if self._client is not None:
            self._client.session.close()

    def _ask(self, method: str, subject: str, size: int, params: Mapping[str, Any]) -> Json:
        import tweepy

        if self._client is None:
            # Never wait_on_rate_limit: without the reset header it would ask again at once.
            self._client = tweepy.Client(self._token, return_type=dict)
            self._client.session.mount(_TRANSPORT, self._door.adapter())
        asked = {name: value for name, value in params.items() if value is not None}
        asked |= self.wanted | {"max_results": size}
        return self.guard(lambda: getattr(self._client, method)(subject, **asked))

    def _reset(self, headers: Mapping[str, str]) -> float:
        """Return the seconds to the time X names; without one, a whole window."""
        named = headers.get("x-rate-limit-reset", "")
        left = int(named[:15]) - self._clock().timestamp() if named.isdecimal() else _WINDOW
        return min(max(left, 0.0) + 1, _HOUR)


def _told(response: Any) -> str:
    """Return the problem type and title of a refusal, in small letters and without blanks."""
    try:
        told = table(response.json())
    except (ValueError, OSError):
        return ""
    words = (word(told.get(name)) for name in ("type", "title", "reason"))
    return " ".join(words).lower().replace(" ", "")
