"""What each kind of Telegram message holds: a table from a message's field to its reader."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from core.reading import Json, rows, table, word
from core.schema import Attachment


@dataclass(frozen=True, slots=True)
class Content:
    """What one field of a message adds to it."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    pin: tuple[float, float] | None = None
    given: dict[str, Any] = field(default_factory=dict)


def contents(message: Json) -> list[Content]:
    """Read every known field of a message besides its words, in the order of the table."""
    # An animation is sent a second time as a document, for readers that know no animations.
    known = [name for name in _READERS if name in message and not _twice(name, message)]
    return [_READERS[name](message[name]) for name in known]


def _twice(name: str, message: Json) -> bool:
    return (name == "document" and "animation" in message) or (
        name == "location" and "venue" in message
    )


def _file(value: Any) -> Content:
    one = table(value)
    size = one.get("file_size")
    found = Attachment(
        name=word(one.get("file_name")),
        mime=word(one.get("mime_type")),
        provider_id=word(one.get("file_id")),
        size=size if isinstance(size, int) and not isinstance(size, bool) else None,
    )
    return Content(attachments=(found,) if found.provider_id else ())


def _photo(value: Any) -> Content:
    largest = max(rows(value), key=_area, default={})
    photo = _file(largest).attachments
    return Content(attachments=tuple(p.model_copy(update={"mime": "image/jpeg"}) for p in photo))


def _area(size: Json) -> int:
    sides = [side for name in ("width", "height") if isinstance(side := size.get(name), int)]
    return math.prod(sides) if len(sides) == 2 else 0


def _paid(value: Any) -> Content:
    parts = rows(table(value).get("paid_media"))
    found = [one for part in parts for one in contents(part)]
    return Content(attachments=tuple(a for one in found for a in one.attachments))


def _location(value: Any) -> Content:
    lat: Any = table(value).get("latitude")
    lon: Any = table(value).get("longitude")
    live = {"lokasi_langsung": True} if table(value).get("live_period") else {}
    if not (_degrees(lat, 90) and _degrees(lon, 180)):
        return Content(given=live)
    return Content(pin=(float(lat), float(lon)), given=live)


def _degrees(value: Any, most: int) -> bool:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return known and abs(value) <= most  # false for NaN as well


def _venue(value: Any) -> Content:
    place = table(value)
    words = ", ".join(w for name in ("title", "address") if (w := word(place.get(name))))
    pin = _location(place.get("location")).pin
    return Content(text=f"Lokasi: {words}" if words else "", pin=pin)


def _contact(value: Any) -> Content:
    names = ("first_name", "last_name", "phone_number")
    words = " ".join(w for name in names if (w := word(table(value).get(name))))
    return Content(text=f"Kontak: {words}")


def _poll(value: Any) -> Content:
    options = [word(option.get("text")) for option in rows(table(value).get("options"))]
    return Content(text="\n".join([word(table(value).get("question")), *options]))


def _checklist(value: Any) -> Content:
    tasks = [word(task.get("text")) for task in rows(table(value).get("tasks"))]
    return Content(text="\n".join([word(table(value).get("title")), *tasks]))


def _emoji(value: Any) -> Content:
    # A sticker or dice is a greeting or thanks: it is noted, but it shows nothing.
    return Content(text=word(table(value).get("emoji")), given={"stiker": True})


def _web_app(value: Any) -> Content:
    return Content(text=word(table(value).get("data")))


def _rich(value: Any) -> Content:
    return Content(text="\n".join(_texts(value)))


def _texts(value: Any) -> Iterator[str]:
    """Yield every text of a formatted message, whatever blocks it is built of."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if words := word(one.get("text")):
                yield words
            waiting += [part for part in reversed(one.values()) if isinstance(part, dict | list)]
        elif isinstance(one, list):
            yield from (word(part) for part in one if isinstance(part, str))
            waiting += [part for part in reversed(one) if not isinstance(part, str)]


_READERS: dict[str, Callable[[Any], Content]] = {
    "rich_message": _rich,
    "photo": _photo,
    "live_photo": _file,
    "video": _file,
    "video_note": _file,
    "animation": _file,
    "voice": _file,
    "audio": _file,
    "document": _file,
    "paid_media": _paid,
    "location": _location,
    "venue": _venue,
    "contact": _contact,
    "poll": _poll,
    "checklist": _checklist,
    "sticker": _emoji,
    "dice": _emoji,
    "web_app_data": _web_app,
}
KNOWN = frozenset(_READERS) | {"text", "caption"}
