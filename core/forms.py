"""What our own forms (radio, desk) have in common: signed JSON in, a record kept, a form read."""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from core import ids
from core.connector import Context, Delivery, Request
from core.errors import RejectedRequest
from core.schema import RawMessage, Sender
from core.signatures import INTERNAL_HEADER, verify_internal

JSON = "application/json"
# Longest text per field; what is not named here is kept in the raw record but not read.
TEXTS = {
    "sumber": 50, "program": 200, "waktu_siar": 40, "penelepon": 200, "telepon": 50,
    "isi": 10_000, "lokasi": 500, "petugas": 200, "acuan": 200,
}  # fmt: skip
FLAGS = ("anonim", "rahasia", "simulasi")
# Where people come to; an office may name its own in [channels.desk] layanan.
SERVICES = (
    "Loket ULPIM", "Kotak saran", "Surat", "PPID", "Turun lapangan", "Pesan ke HP pimpinan",
)  # fmt: skip
# Clocks of whoever fills it in and of the server may differ by this much.
_AHEAD = timedelta(minutes=5)
# Python would read "08.15" as eight o'clock and 15 hundredths of a second.
_DOTTED = re.compile(r"[ T]\d\d(?::\d\d)?[.,]")
_YEARS = range(2000, 2100)
# Fewer digits than this ("-", "tidak ada") are not a telephone number.
_PHONE_DIGITS = 5


class BadForm(ValueError):
    """A form that cannot be taken: its sentence begins with the field."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form as far as it is read; `at` is when the citizen spoke, if that was noted."""

    form_id: str
    texts: Mapping[str, str]
    flags: Mapping[str, bool]
    at: datetime | None

    @property
    def text(self) -> str:
        """What was said, and where, if that was asked apart."""
        text, place = self.texts["isi"], self.texts["lokasi"]
        return f"{text}\nLokasi: {place}" if place else text

    def sender(self, platform: str) -> Sender:
        """Who spoke; whoever left a number is known by it."""
        name, phone = self.texts["penelepon"], self.texts["telepon"]
        if sum(c.isdigit() for c in phone) < _PHONE_DIGITS:
            return Sender(platform=platform, name=name, contact=phone)
        return Sender(platform="tel", id=phone, name=name, contact=phone, reply_address=phone)

    def filled(self, *names: str) -> dict[str, str]:
        """Return these fields as far as they are filled in."""
        return {name: self.texts[name] for name in names if self.texts[name]}


def accept(request: Request, context: Context, channel: str) -> Delivery:
    """Prove our own dashboard, check the form and tell the complaint's future id."""
    if request.method != "POST":
        raise RejectedRequest("method", status=405)
    _prove(request, context)
    now = context.clock()
    try:
        form = read(request.body, context.zone)
        refuse_future(form, now)
    except BadForm as error:
        raise RejectedRequest(str(error), status=400) from error
    raw = RawMessage(
        tenant=context.tenant,
        channel=channel,
        external_id=form.form_id,
        headers={"content-type": JSON},
        body=request.body,
        received_at=now,
        # The form has no secret to try out: it says itself that it is an exercise.
        simulated=form.flags["simulasi"],
    )
    answer = {"complaint_id": ids.complaint_id(raw.tenant, channel, "", raw.external_id)}
    return Delivery(messages=(raw,), reply=json.dumps(answer).encode(), content_type=JSON)


def read(body: bytes, zone: ZoneInfo) -> Form:
    """Read a form. Raises BadForm naming the first field that is wrong."""
    try:
        fields = json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadForm("JSON: tidak terbaca") from error
    if not isinstance(fields, dict):
        raise BadForm("JSON: harus berupa objek")
    texts = {name: text(fields, name, longest) for name, longest in TEXTS.items()}
    if not texts["isi"]:
        raise BadForm("isi: wajib diisi")
    flags = {name: _flag(fields, name) for name in FLAGS}
    return Form(_form_id(fields), texts, flags, _moment(texts["waktu_siar"], zone))


def refuse_future(form: Form, now: datetime) -> None:
    """Raise BadForm for what is said to have been told later than now."""
    if form.at and form.at - now > _AHEAD:
        raise BadForm("waktu_siar: di masa depan")


def _prove(request: Request, context: Context) -> None:
    if not context.internal_key:
        raise RejectedRequest("no_secret")
    try:
        path = urlsplit(request.url).path
    except ValueError as error:
        raise RejectedRequest("url", status=400) from error
    header = request.header(INTERNAL_HEADER)
    verify_internal([context.internal_key], header, path, request.body, context.clock())


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are not JSON


def text(fields: Mapping[str, object], name: str, longest: int) -> str:
    """Return a field of text, trimmed, empty if it is missing. Raises BadForm."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadForm(f"{name}: harus berupa teks")
    if len(value) > longest:
        raise BadForm(f"{name}: lebih dari {longest} huruf")
    # JSON can spell half a character, which no encoder can write.
    return value.encode("utf-8", "replace").decode().strip()


def _flag(fields: Mapping[str, object], name: str) -> bool:
    value = fields.get(name)
    # "ya" or 1 read as no would show a name that was to be hidden: only true and false count.
    if not isinstance(value, bool | None):
        raise BadForm(f"{name}: harus true atau false")
    return bool(value)


def _form_id(fields: Mapping[str, object]) -> str:
    value = fields.get("form_id")
    if not isinstance(value, str) or not value:
        raise BadForm("form_id: wajib diisi")
    try:
        return str(uuid.UUID(value))
    except ValueError as error:
        raise BadForm("form_id: bukan UUID") from error


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadForm("waktu_siar: tidak terbaca") from error
    if _DOTTED.search(text) or moment.year not in _YEARS:
        raise BadForm("waktu_siar: tidak terbaca")
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
