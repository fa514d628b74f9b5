"""Keeps what citizens send over the public form and Open311, and reads it later.

The gateway checks the public's request, makes our own form of it and signs that: what reaches the
channel is proved like the dashboard's forms, so nobody gets past the checks at the door.
"""

import base64
import binascii
import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core import forms
from core.connector import Context, Delivery, Request
from core.errors import RejectedRequest, Unparseable
from core.reading import load
from core.schema import Attachment, Message, RawMessage, Sender

# Longest text per field; `asal` says which door it came through.
TEXTS = {
    "asal": 20, "kategori": 100, "surel": 200, "alamat": 500, "wilayah_kode": 20, "media_url": 2000,
    "layanan": 100,
}  # fmt: skip
PHOTO = "foto"
_GIVEN = ("lokasi",)


class WebForm:
    """The channel of the public form and of Open311."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def accept(self, request: Request) -> Delivery:
        """Prove our own gateway, check the form and tell the complaint's future id."""
        delivery = forms.accept(request, self._context, "web")
        try:
            Extra.read(load(request.body))
        except forms.BadForm as error:
            raise RejectedRequest(str(error), status=400) from error
        return delivery

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored form as one message. Raises Unparseable."""
        try:
            form = forms.read(raw.body, self._context.zone)
            extra = Extra.read(load(raw.body))
        except forms.BadForm as error:
            raise Unparseable(str(error)) from error
        yield Message(
            external_id=raw.external_id,
            version=raw.version,
            sender=_sender(form, extra.texts["surel"]),
            occurred_at=form.at,
            text=form.text,
            attachments=extra.attachments,
            lat=extra.point[0] if extra.point else None,
            lon=extra.point[1] if extra.point else None,
            direct=True,
            anonim=form.flags["anonim"],
            rahasia=form.flags["rahasia"],
            given=form.filled(*_GIVEN) | extra.given,
        )


@dataclass(frozen=True, slots=True)
class Extra:
    """What the public form asks beyond our own forms."""

    texts: Mapping[str, str]
    point: tuple[float, float] | None
    attachments: tuple[Attachment, ...]

    @property
    def given(self) -> dict[str, str]:
        """What was filled in, but for the contact."""
        return {name: text for name, text in self.texts.items() if text and name != "surel"}

    @classmethod
    def read(cls, fields: Mapping[str, object]) -> "Extra":
        """Read these fields. Raises BadForm naming the first that is wrong."""
        texts = {name: forms.text(fields, name, longest) for name, longest in TEXTS.items()}
        found = _photo(fields.get(PHOTO))
        if url := texts["media_url"]:
            found += (Attachment(url=url),)
        return cls(texts, _point(fields), found)


def photo_bytes(raw: RawMessage) -> bytes:
    """Return the photo a stored form holds. Raises Unparseable if it holds none."""
    photo = load(raw.body).get(PHOTO)
    if not isinstance(photo, dict) or not isinstance(photo.get("base64"), str):
        raise Unparseable("formulir tanpa foto")
    return base64.b64decode(photo["base64"])


def _sender(form: forms.Form, mail: str) -> Sender:
    """Who spoke; whoever left no number is known by the address for mail, if there is one."""
    sender = form.sender("web")
    if sender.id or not mail:
        return sender
    return Sender(
        platform="email", id=mail.lower(), name=sender.name, contact=mail, reply_address=mail
    )


def _photo(given: object) -> tuple[Attachment, ...]:
    """The photo travels in the form itself; its id says so."""
    if given is None:
        return ()
    if not isinstance(given, dict):
        raise forms.BadForm("foto: harus berupa objek")
    try:
        data = base64.b64decode(str(given.get("base64") or ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise forms.BadForm("foto: tidak terbaca") from error
    if not data:
        raise forms.BadForm("foto: kosong")
    return (
        Attachment(
            name="foto.jpg",
            mime="image/jpeg",
            provider_id=PHOTO,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
        ),
    )


def _point(fields: Mapping[str, object]) -> tuple[float, float] | None:
    found: list[float] = []
    for name, most in (("lat", 90.0), ("lon", 180.0)):
        value = fields.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise forms.BadForm(f"{name}: harus berupa angka")
        if not math.isfinite(value) or abs(value) > most:
            raise forms.BadForm(f"{name}: di luar bumi")
        found.append(float(value))
    if len(found) == 1:
        raise forms.BadForm("lat: lintang dan bujur harus diisi keduanya")
    return (found[0], found[1]) if found else None
