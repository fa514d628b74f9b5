"""What the webhooks of Meta's Pages and of Instagram share: proof, batches, ids and times."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from core import ids
from core.connector import Context, Delivery, Request
from core.errors import RejectedRequest, Unparseable
from core.reading import Json, dump, load, rows, table, word
from core.schema import RawMessage
from core.signatures import meta_challenge, verify_meta

# The time of a version that has no words (a removal): it never stands above one that has them.
WORDLESS = datetime(1970, 1, 1, tzinfo=UTC)
_LISTS = ("changes", "messaging", "standby")
# Comments are dated in seconds and messages in milliseconds; no second is that late.
_MILLISECONDS = 100_000_000_000
_YEARS = range(2004, 2100)


class Named(NamedTuple):
    """What an event is known by: the thing it speaks of, and which version of it."""

    external_id: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One change or one direct message, with the entry it came in; a message has no field."""

    account: str
    at: datetime | None
    field: str
    value: Json
    # What the Graph API told of it, if it was asked.
    graph: Json


# Names an event; None if it is ours or no message. Raises Unparseable.
Namer = Callable[[Event], Named | None]


class Hook:
    """The webhook of one channel."""

    def __init__(
        self, channel: str, secrets: Sequence[str], verify_token: str, context: Context
    ) -> None:
        self._channel, self._context = channel, context
        self._secrets = [secret.encode() for secret in secrets if secret.strip()]
        self._tokens = [verify_token] if verify_token.strip() else []

    def accept(self, request: Request, name: Namer) -> Delivery:
        """Answer Meta's challenge, or keep what it tells; what has no name is ignored."""
        if request.method == "GET":
            return Delivery((), reply=meta_challenge(request.query, self._tokens))
        if request.method != "POST":
            raise RejectedRequest("method", status=405)
        if not self._secrets:
            raise RejectedRequest("no_secret")
        verify_meta(self._secrets, request.header("x-hub-signature-256"), request.body)
        kept = [self._keep(body, name) for body in split(request.body)]
        messages = [raw for raw in kept if raw]
        # An empty batch counts as one thing ignored, or the books would not know of it.
        return Delivery(messages, ignored=len(kept) - len(messages) if kept else 1)

    def _keep(self, body: bytes, name: Namer) -> RawMessage | None:
        # What nobody can read is kept too: it is parked, and a stub shows it.
        account, named = "", Named(ids.content_id(body))
        with suppress(Unparseable):
            event = read(body)
            account = event.account
            found = name(event)
            if found is None:
                return None
            named = found
        context = self._context
        return RawMessage(
            tenant=context.tenant,
            channel=self._channel,
            account=account,
            external_id=named.external_id,
            version=named.version,
            headers={"content-type": "application/json"},
            body=body,
            received_at=context.clock(),
            simulated=context.trial,
        )


def split(body: bytes) -> list[bytes]:
    """Give each event of a batch an envelope of its own; what cannot be split stays whole."""
    try:
        document = load(body)
    except Unparseable:
        return [body]
    entries = document.get("entry")
    if not isinstance(entries, list):
        return [body]
    alone = [one for entry in entries for one in _alone(entry)]
    if len(alone) == 1:
        return [body]
    return [dump({**document, "entry": [one]}) for one in alone]


def read(body: bytes) -> Event:
    """Read an envelope with one event in it. Raises Unparseable."""
    document = load(body)
    entry = _only(document, "entry")
    name = next((name for name in _LISTS if entry.get(name)), "")
    item, at = _only(entry, name), moment(entry.get("time"))
    account, graph = ident(entry.get("id")), table(document.get("graph"))
    if name != "changes":
        return Event(account, at, "", item, graph)
    value = table(item.get("value"))
    # Instagram's trial button sends a message in the dress of a change.
    direct = {"sender", "recipient"} <= value.keys()
    return Event(account, at, "" if direct else must(word(item.get("field"))), value, graph)


def ident(value: object) -> str:
    """Return an id as a text; Meta writes ids as numbers and as texts."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else word(value)


def must(found: str) -> str:
    """Return what has to be there. Raises Unparseable."""
    if not found:
        raise Unparseable("tanpa id atau nama")
    return found


def moment(value: object) -> datetime | None:
    """Read a Unix time in seconds or milliseconds; None if it is no time of Meta's."""
    if not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
        found = datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS else number, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.year in _YEARS else None


def _alone(entry: Any) -> Iterator[Any]:
    lists = {}
    if isinstance(entry, dict):
        lists = {n: entry[n] for n in _LISTS if isinstance(entry.get(n), list) and entry[n]}
    if not lists:
        yield entry
        return
    rest = {name: value for name, value in entry.items() if name not in lists}
    for name, items in lists.items():
        for item in items:
            yield rest | {name: [item]}


def _only(value: Json, name: str) -> Json:
    items = value.get(name)
    found = rows(items)
    if not isinstance(items, list) or len(items) != 1 or not found:
        raise Unparseable("bukan pemberitahuan Meta")
    return found[0]
