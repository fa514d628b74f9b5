"""What each kind of WhatsApp message holds: a table from Meta's `type` to its reader."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.whatsapp.reading import coordinates
from core.reading import Json, rows, table, word
from core.schema import Attachment


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says. `understood`: it may rightly be without words."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    lat: float | None = None
    lon: float | None = None
    reply_to: str = ""
    given: Json = field(default_factory=dict)
    understood: bool = False


def text(value: Any) -> str:
    """Return a text; numbers are written out, JSON's half characters replaced."""
    number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if number else word(value)


def read_content(message: Json) -> Content:
    """Read a message by its kind; an unknown kind gives empty content."""
    kind = text(message.get("type"))
    reader = _READERS.get(kind)
    return reader(message.get(kind)) if reader else Content()


def _said(part: Any) -> Content:
    return Content(text=text(table(part).get("body")))


def _media(part: Any) -> Content:
    media = table(part)
    found = Attachment(
        name=text(media.get("filename")),
        mime=text(media.get("mime_type")),
        provider_id=text(media.get("id")),
    )
    attachments = (found,) if found.provider_id else ()
    return Content(text(media.get("caption")), attachments, understood=bool(attachments))


def _sticker(part: Any) -> Content:
    # A sticker is a greeting or thanks: it is noted, but it shows nothing.
    return Content(given={"stiker": text(table(part).get("id"))}, understood=True)


def _location(part: Any) -> Content:
    place = table(part)
    lat, lon = coordinates(place.get("latitude"), place.get("longitude"))
    named = [text(place.get(name)) for name in ("name", "address")]
    words = ", ".join(name for name in named if name)
    return Content(
        f"Lokasi: {words}" if words else "", lat=lat, lon=lon, understood=lat is not None
    )


def _contacts(part: Any) -> Content:
    lines = []
    for card in rows(part):
        name = text(table(card.get("name")).get("formatted_name"))
        phones = [text(phone.get("phone")) for phone in rows(card.get("phones"))]
        lines.append(" ".join(["Kontak:", *(word for word in (name, *phones) if word)]))
    return Content(text="\n".join(lines))


def _button(part: Any) -> Content:
    return Content(text=text(table(part).get("text")) or text(table(part).get("payload")))


def _interactive(part: Any) -> Content:
    chosen = table(table(part).get(text(table(part).get("type"))))
    names = ("title", "description", "body", "response_json")
    return Content(text="\n".join(said for name in names if (said := text(chosen.get(name)))))


def _order(part: Any) -> Content:
    order = table(part)
    goods = [text(item.get("product_retailer_id")) for item in rows(order.get("product_items"))]
    return Content(text=text(order.get("text")), given={"product_items": goods})


def _reaction(part: Any) -> Content:
    # Without an emoji the reaction was taken back.
    return Content(
        text=text(table(part).get("emoji")),
        reply_to=text(table(part).get("message_id")),
        understood=True,
    )


def _edit(part: Any) -> Content:
    return read_content(table(table(part).get("message")))


def _revoke(_part: Any) -> Content:
    return Content(given={"keadaan": "dihapus"}, understood=True)


def _system(part: Any) -> Content:
    # "X changed from 62... to 62...": a notice of WhatsApp's, nobody's words.
    return Content(given={"system": text(table(part).get("type"))}, understood=True)


def _nothing(_part: Any) -> Content:
    return Content(understood=True)


_READERS: Mapping[str, Callable[[Any], Content]] = {
    "text": _said,
    "image": _media,
    "video": _media,
    "audio": _media,
    "voice": _media,
    "document": _media,
    "sticker": _sticker,
    "location": _location,
    "contacts": _contacts,
    "button": _button,
    "interactive": _interactive,
    "order": _order,
    "reaction": _reaction,
    "edit": _edit,
    "revoke": _revoke,
    "system": _system,
    # A citizen who opens the chat for the first time has not said anything yet.
    "request_welcome": _nothing,
}
