"""Takes in the radio operator's form, which our own dashboard signs and posts."""

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from core import ids
from core.connector import Context, Delivery, Request
from core.errors import RejectedRequest, Unparseable
from core.schema import Message, RawMessage, Sender
from core.signatures import INTERNAL_HEADER, verify_internal

# Longest text per field; what is not named here is kept in the raw record but not read.
_TEXTS = {
    "sumber": 50, "program": 200, "waktu_siar": 40, "penelepon": 200, "telepon": 50,
    "isi": 10_000, "lokasi": 500, "petugas": 200,
}  # fmt: skip
_FLAGS = ("anonim", "rahasia", "simulasi")
_GIVEN = ("sumber", "program", "waktu_siar", "lokasi", "petugas")
# Clocks of the studio and the server may differ by this much.
_AHEAD = timedelta(minutes=5)
# Python would read "08.15" as eight o'clock and 15 hundredths of a second.
_DOTTED = re.compile(r"[ T]\d\d(?::\d\d)?[.,]")
_YEARS = range(2000, 2100)
# Fewer digits than this ("-", "tidak ada") are not a telephone number.
_PHONE_DIGITS = 5


class _BadForm(ValueError):
    """A form that cannot be taken: its sentence begins with the field."""


@dataclass(frozen=True, slots=True)
class _Form:
    form_id: str
    texts: Mapping[str, str]
    flags: Mapping[str, bool]
    aired_at: datetime | None


class Radio:
    """The radio channel."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def accept(self, request: Request) -> Delivery:
        """Prove our own dashboard, check the form and tell the complaint's future id."""
        if request.method != "POST":
            raise RejectedRequest("method", status=405)
        self._prove(request)
        context, now = self._context, self._context.clock()
        try:
            form = _read(request.body, context.zone)
            if form.aired_at and form.aired_at - now > _AHEAD:
                raise _BadForm("waktu_siar: di masa depan")
        except _BadForm as error:
            raise RejectedRequest(str(error), status=400) from error
        raw = RawMessage(
            tenant=context.tenant,
            channel="radio",
            external_id=form.form_id,
            headers={"content-type": "application/json"},
            body=request.body,
            received_at=now,
            # The form has no secret to try out: it says itself that it is an exercise.
            simulated=form.flags["simulasi"],
        )
        answer = {"complaint_id": ids.complaint_id(raw.tenant, "radio", "", raw.external_id)}
        reply = json.dumps(answer).encode()
        return Delivery(messages=(raw,), reply=reply, content_type="application/json")

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored form as one message. Raises Unparseable."""
        try:
            form = _read(raw.body, self._context.zone)
        except _BadForm as error:
            raise Unparseable(str(error)) from error
        text, place = form.texts["isi"], form.texts["lokasi"]
        yield Message(
            external_id=raw.external_id,
            version=raw.version,
            sender=_sender(form.texts["penelepon"], form.texts["telepon"]),
            occurred_at=form.aired_at,
            text=f"{text}\nLokasi: {place}" if place else text,
            anonim=form.flags["anonim"],
            rahasia=form.flags["rahasia"],
            given={name: form.texts[name] for name in _GIVEN if form.texts[name]},
        )

    def _prove(self, request: Request) -> None:
        key = self._context.internal_key
        if not key:
            raise RejectedRequest("no_secret")
        try:
            path = urlsplit(request.url).path
        except ValueError as error:
            raise RejectedRequest("url", status=400) from error
        header = request.header(INTERNAL_HEADER)
        verify_internal([key], header, path, request.body, self._context.clock())


def _read(body: bytes, zone: ZoneInfo) -> _Form:
    """Read the form. Raises _BadForm naming the first field that is wrong."""
    try:
        fields = json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _BadForm("JSON: tidak terbaca") from error
    if not isinstance(fields, dict):
        raise _BadForm("JSON: harus berupa objek")
    texts = {name: _text(fields, name, longest) for name, longest in _TEXTS.items()}
    if not texts["isi"]:
        raise _BadForm("isi: wajib diisi")
    flags = {name: _flag(fields, name) for name in _FLAGS}
    return _Form(_form_id(fields), texts, flags, _moment(texts["waktu_siar"], zone))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are not JSON


def _text(fields: Mapping[str, object], name: str, longest: int) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _BadForm(f"{name}: harus berupa teks")
    if len(value) > longest:
        raise _BadForm(f"{name}: lebih dari {longest} huruf")
    # JSON can spell half a character, which no encoder can write.
    return value.encode("utf-8", "replace").decode().strip()


def _flag(fields: Mapping[str, object], name: str) -> bool:
    value = fields.get(name)
    # "ya" or 1 read as no would show a name that was to be hidden: only true and false count.
    if not isinstance(value, bool | None):
        raise _BadForm(f"{name}: harus true atau false")
    return bool(value)


def _form_id(fields: Mapping[str, object]) -> str:
    value = fields.get("form_id")
    if not isinstance(value, str) or not value:
        raise _BadForm("form_id: wajib diisi")
    try:
        return str(uuid.UUID(value))
    except ValueError as error:
        raise _BadForm("form_id: bukan UUID") from error


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _BadForm("waktu_siar: tidak terbaca") from error
    if _DOTTED.search(text) or moment.year not in _YEARS:
        raise _BadForm("waktu_siar: tidak terbaca")
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _sender(name: str, phone: str) -> Sender:
    if sum(c.isdigit() for c in phone) < _PHONE_DIGITS:
        return Sender(platform="radio", name=name, contact=phone)
    return Sender(platform="tel", id=phone, name=name, contact=phone, reply_address=phone)
