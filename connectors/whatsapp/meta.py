"""Reads Meta's Cloud API deliveries: cuts a batch into its messages, and understands each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.whatsapp.kinds import read_content, text
from connectors.whatsapp.reading import moment, placeholder, sender
from core import ids
from core.errors import Unparseable
from core.reading import Json, dump, load, rows, table
from core.schema import Message

_PRODUCT = "whatsapp_business_account"
# Kinds that speak of an earlier message: they are a version of it.
_LATER = ("edit", "revoke")
# The time of a version without words (a withdrawal): it never stands above one that has them.
_WORDLESS = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """One message of a delivery, as it is to be stored."""

    external_id: str
    version: str
    account: str
    at: int
    body: bytes


@dataclass(slots=True)
class _Walk:
    """What stands in a delivery: messages with their surroundings, notices, and the unknown."""

    messages: list[tuple[Json, Json, Json]] = field(default_factory=list)
    notices: int = 0
    odd: list[Any] = field(default_factory=list)


def split(body: bytes) -> tuple[list[Event], int]:
    """Cut a delivery into its messages, oldest first, and count what is none (statuses, echoes)."""
    try:
        walk = _walk(load(body))
    except Unparseable:
        return [_unknown(body)], 0
    whole = len(walk.messages) == 1 and not walk.odd
    events = [_event(*found, body=body if whole else None) for found in walk.messages]
    # Meta promises no order within a batch.
    events.sort(key=lambda event: event.at)
    if not events and not walk.notices:
        events = [_unknown(body)]
    elif walk.odd:
        events.append(_unknown(dump({"object": _PRODUCT, "unknown": walk.odd})))
    return events, walk.notices


def read(body: bytes, external_id: str, version: str) -> Iterator[Message]:
    """Understand the stored messages. Raises Unparseable if there is none."""
    messages = _walk(load(body)).messages
    if not messages:
        raise Unparseable("bukan pesan WhatsApp")
    named = [found for found in messages if _key(found[2]) == (external_id, version)]
    if len(messages) == 1:
        yield _message(*messages[0][1:], external_id, version)
        return
    for _entry, value, message in named or messages:
        yield _message(value, message, *_key(message))


def _walk(payload: Json) -> _Walk:
    walk = _Walk()
    if payload.get("object") == _PRODUCT:
        for entry in _list(payload.get("entry")):
            changes = table(entry).get("changes")
            if not isinstance(changes, list):
                walk.odd.append(entry)
                continue
            for change in changes:
                _walk_change(walk, entry, change)
    return walk


def _walk_change(walk: _Walk, entry: Json, change: Any) -> None:
    value = table(change).get("value")
    messages = table(value).get("messages", [])
    if not isinstance(value, dict) or not isinstance(messages, list):
        walk.odd.append(change)
        return
    for message in messages:
        if text(table(message).get("id")):
            walk.messages.append((entry, value, message))
        else:
            walk.odd.append(message)
    said = len(_list(value.get("statuses"))) + len(_list(value.get("errors")))
    # A change without messages (a template's review, an echo of our own reply) is one notice.
    walk.notices += said or (0 if messages else 1)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _key(message: Json) -> tuple[str, str]:
    """Name a message and its version; an edit is a version of what it edits."""
    kind, own = text(message.get("type")), text(message.get("id"))
    original = text(table(message.get(kind)).get("original_message_id"))
    return (original, own) if kind in _LATER and original else (own, "")


def _event(entry: Json, value: Json, message: Json, *, body: bytes | None) -> Event:
    external_id, version = _key(message)
    sent = moment(message.get("timestamp"))
    return Event(
        external_id=external_id,
        version=version,
        account=text(table(value.get("metadata")).get("phone_number_id")),
        at=int(sent.timestamp()) if sent else 0,
        body=_cut(entry, value, message) if body is None else body,
    )


def _unknown(body: bytes) -> Event:
    return Event(ids.content_id(body), "", "", 0, body)


def _cut(entry: Json, value: Json, message: Json) -> bytes:
    """Write one message in the envelope it came in, without its neighbours."""
    kept = {name: part for name, part in value.items() if name not in ("statuses", "errors")}
    contact = _contact(value, message)
    kept |= {"messages": [message], "contacts": [contact] if contact else []}
    change = {"field": "messages", "value": kept}
    return dump({"object": _PRODUCT, "entry": [{"id": entry.get("id"), "changes": [change]}]})


def _contact(value: Json, message: Json) -> Json:
    """Find the contact card of a message's sender."""
    cards = rows(value.get("contacts"))
    told = {text(message.get(name)) for name in ("from", "from_user_id")} - {""}
    for card in cards:
        if told & {text(card.get("wa_id")), text(card.get("user_id"))}:
            return card
    return cards[0] if len(cards) == 1 else {}


def _message(value: Json, message: Json, external_id: str, version: str) -> Message:
    kind = text(message.get("type"))
    sent = moment(message.get("timestamp"))
    content = read_content(message)
    card = _contact(value, message)
    profile = table(card.get("profile"))
    user = text(message.get("from_user_id")) or text(card.get("user_id"))
    group = text(message.get("group_id"))
    context = table(message.get("context"))
    return Message(
        external_id=external_id,
        version=version,
        # Meta promises no order: versions are ordered by its own clock, not by arrival.
        edited_at=_WORDLESS if kind == "revoke" else sent,
        sender=sender(
            text(message.get("from")) or text(card.get("wa_id")),
            user,
            text(profile.get("name")) or text(profile.get("username")),
        ),
        occurred_at=sent,
        text=content.text or ("" if content.understood else placeholder(kind)),
        attachments=content.attachments,
        lat=content.lat,
        lon=content.lon,
        reply_to=content.reply_to or text(context.get("id")),
        thread=group,
        direct=not group,
        given=_given(kind, message, user) | content.given,
    )


def _given(kind: str, message: Json, user: str) -> dict[str, Any]:
    context, referral = table(message.get("context")), table(message.get("referral"))
    told: Mapping[str, Any] = {
        "type": "" if kind == "text" else kind,
        "user_id": user,
        "forwarded": context.get("forwarded") is True
        or context.get("frequently_forwarded") is True,
        "referral": text(referral.get("source_url")),
    }
    return {name: value for name, value in told.items() if value}
