"""Understands one message of Telegram: who, when, what, on what it hangs."""

from datetime import UTC, datetime
from typing import Any

from connectors.telegram.kinds import KNOWN, contents
from connectors.telegram.updates import Found, number
from core.reading import Json, rows, table, word
from core.schema import Message, Sender

_YEARS = range(2013, 2100)  # Telegram's first year, and a wrong clock


def read(found: Found, external_id: str, version: str) -> Message:
    """Understand a message; one of an unknown kind gets words that say so."""
    message, chat = found.message, table(found.message.get("chat"))
    parts = contents(message)
    pin = next((part.pin for part in parts if part.pin), None)
    command, said = _without_command(message)
    words = [said, *(part.text for part in parts)]
    sent = _moment(message.get("date"))
    chat_id = number(chat.get("id"))
    topic, answered = number(message.get("message_thread_id")), _answered(message)
    return Message(
        external_id=external_id,
        version=version,
        # Calls of the webhook overtake each other: versions are ordered by Telegram's clock.
        edited_at=_moment(message.get("edit_date")) or sent,
        sender=_sender(message, chat),
        occurred_at=sent,
        text="\n".join(word for word in words if word) or _placeholder(message),
        attachments=tuple(item for part in parts for item in part.attachments),
        lat=pin[0] if pin else None,
        lon=pin[1] if pin else None,
        reply_to=f"{chat_id}:{answered}" if answered else "",
        thread=f"{chat_id}:{topic}" if topic else "",
        permalink=_permalink(chat, found.number),
        album=word(message.get("media_group_id")),
        direct=chat.get("type") == "private",
        given=_given(message, chat, command) | {k: v for p in parts for k, v in p.given.items()},
    )


def _without_command(message: Json) -> tuple[str, str]:
    """Part "/lapor jalan rusak" into command and words; what follows /start is a machine's."""
    words = word(message.get("text")) or word(message.get("caption"))
    first = next(iter(rows(message.get("entities"))), {})
    length = first.get("length")
    if first.get("type") != "bot_command" or first.get("offset") or not isinstance(length, int):
        return "", words
    command = words[:length]
    return command, "" if command.startswith("/start") else words[length:].strip()


def _placeholder(message: Json) -> str:
    if KNOWN & message.keys():
        return ""
    return "(pesan Telegram jenis tidak dikenal; buka Telegram untuk melihatnya)"


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    try:
        at = datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.year in _YEARS else None


def _sender(message: Json, chat: Json) -> Sender:
    # Channels and anonymous admins write in the name of a chat.
    person = table(message.get("sender_chat")) or table(message.get("from"))
    known = number(person.get("id"))
    if not known:
        return Sender()
    names = [word(person.get(name)) for name in ("first_name", "last_name", "title")]
    username = word(person.get("username"))
    return Sender(
        platform="telegram",
        id=known,
        name=" ".join(name for name in names if name),
        contact=_own_number(message, known) or (f"@{username}" if username else ""),
        reply_address=number(chat.get("id")),
    )


def _own_number(message: Json, sender: str) -> str:
    """Return the telephone number a citizen shares as their own."""
    card = table(message.get("contact"))
    return word(card.get("phone_number")) if number(card.get("user_id")) == sender else ""


def _answered(message: Json) -> str:
    return number(table(message.get("reply_to_message")).get("message_id"))


def _permalink(chat: Json, message: str) -> str:
    username, chat_id = word(chat.get("username")), number(chat.get("id"))
    if chat.get("type") not in ("supergroup", "channel") or not message:
        return ""
    if username:
        return f"https://t.me/{username}/{message}"
    # Only members can open it.
    return f"https://t.me/c/{chat_id[4:]}/{message}" if chat_id.startswith("-100") else ""


def _given(message: Json, chat: Json, command: str) -> dict[str, Any]:
    private = chat.get("type") == "private"
    told: dict[str, Any] = {
        "perintah": command,
        "chat": "" if private else word(chat.get("type")),
        "judul_chat": word(chat.get("title")),
        "diteruskan": "forward_origin" in message,
    }
    return {name: value for name, value in told.items() if value}
