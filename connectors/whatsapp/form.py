"""Reads WhatsApp messages that Twilio delivers as its form."""

from typing import Any

from connectors.whatsapp.reading import coordinates, placeholder, sender
from core.errors import Unparseable
from core.reading import load
from core.schema import Message, Sender
from core.twilio import Form, form_of
from core.twilio_api import received_at

# A form with none of these is not a WhatsApp message, whoever signed it.
_KNOWN = ("Body", "From", "MessageSid", "MessageType", "Latitude")
_PREFIX = "whatsapp:"
# Kinds that may rightly be without words.
_WORDLESS = ("", "text", "reaction")


def read_item(body: bytes, external_id: str) -> Message:
    """Understand a message fetched from Twilio's API. Raises Unparseable."""
    item = load(body)
    return read(form_of(item), external_id).model_copy(update={"occurred_at": received_at(item)})


def read(form: Form, external_id: str) -> Message:
    """Understand a stored form. Raises Unparseable."""
    if not form.attachments and not any(form.first(name) for name in _KNOWN):
        raise Unparseable("bukan formulir WhatsApp")
    lat, lon = coordinates(form.first("Latitude"), form.first("Longitude"))
    return Message(
        external_id=external_id,
        sender=_sender(form),
        # The webhook bears no time at all; the time of receipt stands in for it.
        occurred_at=None,
        text=_words(form, has_pin=lat is not None),
        attachments=form.attachments,
        lat=lat,
        lon=lon,
        reply_to=form.first("OriginalRepliedMessageSid"),
        direct=True,
        given=_given(form),
    )


def _words(form: Form, *, has_pin: bool) -> str:
    said = form.first("Body") or form.first("ButtonText") or form.first("ButtonPayload")
    place = ", ".join(p for p in (form.first("Label"), form.first("Address")) if p)
    words = "\n".join(part for part in (said, f"Lokasi: {place}" if place else "") if part)
    kind = form.first("MessageType").lower()
    if words or has_pin or form.attachments or kind in _WORDLESS:
        return words
    return placeholder(kind)


def _sender(form: Form) -> Sender:
    number = form.first("From").removeprefix(_PREFIX)
    # `From` bears the id in place of the number where the citizen hides it.
    user = form.first("ExternalUserId").removeprefix(_PREFIX)
    hidden = not number.startswith("+")
    return sender(
        form.first("WaId") if hidden else number, user or number, form.first("ProfileName")
    )


def _given(form: Form) -> dict[str, Any]:
    kind = form.first("MessageType").lower()
    told: dict[str, Any] = {
        "to": form.first("To").removeprefix(_PREFIX),
        "type": "" if kind == "text" else kind,
        "user_id": form.first("ExternalUserId").removeprefix(_PREFIX),
        "forwarded": "true" in (form.first("Forwarded"), form.first("FrequentlyForwarded")),
        "referral": form.first("ReferralSourceUrl"),
    }
    return {name: value for name, value in told.items() if value}
