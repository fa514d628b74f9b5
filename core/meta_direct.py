"""Names and reads the direct messages of Messenger and of Instagram, which look alike."""

from collections.abc import Iterator

from core import ids
from core.errors import Unparseable
from core.meta import WORDLESS, Event, Named, ident, moment, must
from core.reading import Json, rows, table, word
from core.schema import Attachment, Message, RawMessage, Sender

_KINDS = ("message", "message_edit", "postback")
# What of a conversation is no message: receipts, reactions, consent, payments, who answers.
_QUIET = frozenset({
    "read", "delivery", "reaction", "optin", "optout", "referral", "account_linking", "app_roles",
    "pass_thread_control", "take_thread_control", "request_thread_control", "policy_enforcement",
    "payment", "checkout_update", "pre_checkout", "game_play",
})  # fmt: skip
_FILES = {"image": "foto", "video": "video", "audio": "suara", "file": "berkas"}


def name_direct(event: Event) -> Named | None:
    """Name a direct message; ours and what is no message have none. Raises Unparseable."""
    kind, message = _kind(event)
    if not kind and _QUIET & event.value.keys():
        return None
    sender = ident(table(event.value.get("sender")).get("id"))
    echo = message.get("is_echo") is True or event.value.get("is_self") is True
    if echo or (sender and sender == event.account):
        return None
    if kind == "postback" and not word(message.get("title")):
        return None  # a button without words says nothing
    version = "deleted" if message.get("is_deleted") is True else ""
    if kind == "message_edit":
        changed = ident(message.get("num_edit")) or ids.digest(word(message.get("text")))
        version = f"edit:{changed}"
    return Named(must(ident(message.get("mid"))), version)


def read_direct(raw: RawMessage, event: Event, platform: str) -> Message:
    """Read a direct message. Raises Unparseable."""
    kind, message = _kind(event)
    text = word(message.get("title" if kind == "postback" else "text"))
    attachments, (lat, lon) = tuple(_attachments(message)), _pin(message)
    given = {
        "keadaan": "dihapus" if message.get("is_deleted") is True else "",
        "stiker": ident(message.get("sticker_id")),
    }
    shown = bool(text or attachments or lat is not None)
    if not (shown or any(given.values()) or kind == "message_edit"):
        raise Unparseable("jenis pesan langsung yang belum dikenal")
    at = moment(event.value.get("timestamp")) or event.at
    sender = ident(table(event.value.get("sender")).get("id"))
    answered = table(message.get("reply_to"))
    return Message(
        external_id=raw.external_id,
        version=raw.version,
        # Meta promises no order: versions are ordered by its own clock, not by arrival.
        edited_at=(event.at if kind == "message_edit" else at) if shown else WORDLESS,
        sender=Sender(platform=platform if sender else "", id=sender, reply_address=sender),
        occurred_at=at,
        text=text,
        attachments=attachments,
        lat=lat,
        lon=lon,
        reply_to=ident(answered.get("mid")),
        thread=ident(table(answered.get("story")).get("id")),
        direct=True,
        given={name: value for name, value in given.items() if value},
    )


def _kind(event: Event) -> tuple[str, Json]:
    kind = next((kind for kind in _KINDS if table(event.value.get(kind))), "")
    return kind, table(event.value.get(kind))


def _attachments(message: Json) -> Iterator[Attachment]:
    for item in rows(message.get("attachments")):
        payload, kind = table(item.get("payload")), word(item.get("type"))
        url = word(payload.get("url")) or word(item.get("url"))
        # A sticker (a raised thumb) shows nothing of the problem.
        if url and not payload.get("sticker_id"):
            yield Attachment(name=word(item.get("title")) or _FILES.get(kind, kind), url=url)


def _pin(message: Json) -> tuple[float | None, float | None]:
    """Return a shared location; one off the earth or at 0,0 is none."""
    for item in rows(message.get("attachments")):
        place = table(table(item.get("payload")).get("coordinates"))
        lat, lon = place.get("lat"), place.get("long")
        if isinstance(lat, int | float) and isinstance(lon, int | float):
            on_earth = -90 <= lat <= 90 and -180 <= lon <= 180 and (lat, lon) != (0, 0)
            return (float(lat), float(lon)) if on_earth else (None, None)
    return None, None
