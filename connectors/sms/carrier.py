"""The JSON webhook of a local carrier, whose signature and field names the office sets."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core import ids
from core.connector import Request
from core.errors import RejectedRequest
from core.reading import dump, table, word
from core.schema import Attachment
from core.signatures import same

_TOLERANCE_SECONDS = 300
_DATES = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M")
_YEARS = range(2000, 2100)
# Seconds until the year 5138; a greater number counts milliseconds.
_MILLISECONDS = 100_000_000_000


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fields(_Table):
    """[channels.sms.webhook.fields]: where in an SMS's JSON each thing stands (`data.msisdn`)."""

    id: str = Field(default="id", description="Nomor pengenal SMS.")
    sender: str = Field(default="from", description="Nomor pengirim.")
    text: str = Field(default="text", description="Isi SMS.")
    to: str = Field(default="to", description="Nomor tujuan, mis. 1708.")
    at: str = Field(default="", description="Waktu kirim; kosong = dipakai waktu terima.")
    media: str = Field(default="", description="Alamat lampiran: teks, atau daftar teks.")


class Carrier(_Table):
    """[channels.sms.webhook]: how a local carrier signs and writes what it sends."""

    name: str = Field(
        default="agregator",
        min_length=1,
        description="Nama agregator. Ganti bila berpindah agregator, agar nomor pengenal SMS yang "
        "baru tidak dikira kiriman ulang yang lama.",
    )
    signature_header: str = Field(
        default="x-signature", min_length=1, description="Nama header tanda tangan."
    )
    signature_prefix: str = Field(
        default="", description="Awalan sebelum tanda tangan, mis. sha256=."
    )
    encoding: Literal["hex", "base64"] = Field(
        default="hex", description="Tulisan tanda tangan: hex atau base64."
    )
    timestamp_header: str = Field(
        default="",
        description="Header waktu (detik Unix) yang ikut ditandatangani; kosong = tidak ada.",
    )
    signed: str = Field(
        default="{body}",
        description="Yang ditandatangani: {body}, atau misalnya {timestamp}.{body}.",
    )
    items: str = Field(
        default="",
        description="Letak daftar SMS bila satu kiriman membawa beberapa; kosong = satu SMS.",
    )
    reply: str = Field(
        default='{"status":"ok"}', description="Jawaban yang diharapkan agregator (JSON)."
    )
    fields: Fields = Field(default=Fields(), description="Letak tiap isian, di tabel fields.")

    @model_validator(mode="after")
    def _whole(self) -> "Carrier":
        if self.signed.count("{body}") != 1:
            raise ValueError("signed: harus memuat {body} satu kali")
        if ("{timestamp}" in self.signed) != bool(self.timestamp_header):
            raise ValueError("signed dan timestamp_header: {timestamp} harus ada pada keduanya")
        return self


def verify(carrier: Carrier, secrets: Sequence[str], request: Request, now: datetime) -> None:
    """Prove the carrier by its HMAC-SHA256 on the raw bytes. Raises RejectedRequest (403)."""
    if not secrets:
        raise RejectedRequest("no_secret")
    given = request.header(carrier.signature_header.lower())
    if not given.startswith(carrier.signature_prefix) or given == carrier.signature_prefix:
        raise RejectedRequest("unsigned")
    stamp = request.header(carrier.timestamp_header.lower()) if carrier.timestamp_header else ""
    signature = given.removeprefix(carrier.signature_prefix)
    if carrier.encoding == "hex":
        signature = signature.lower()
    expected = [_sign(carrier, secret, stamp, request.body) for secret in secrets]
    if not any([same(signature, one) for one in expected]):
        raise RejectedRequest("wrong_signature")
    # Asked last: only what is signed says anything about time.
    if carrier.timestamp_header and not _fresh(stamp, now):
        raise RejectedRequest("stale")


def _sign(carrier: Carrier, secret: str, stamp: str, body: bytes) -> str:
    before, _, after = carrier.signed.replace("{timestamp}", stamp).partition("{body}")
    framed = before.encode("utf-8", "replace") + body + after.encode("utf-8", "replace")
    digest = hmac.new(secret.encode(), framed, hashlib.sha256).digest()
    return digest.hex() if carrier.encoding == "hex" else base64.b64encode(digest).decode()


def _fresh(stamp: str, now: datetime) -> bool:
    known = stamp.isascii() and stamp.isdigit() and len(stamp) <= 18
    return known and abs(now.timestamp() - int(stamp)) <= _TOLERANCE_SECONDS


def split(carrier: Carrier, body: bytes) -> list[tuple[str, bytes]]:
    """Cut a delivery into its SMS, each with its id; what cannot be cut stays whole."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return [(ids.content_id(body), body)]
    listed = at_path(found, carrier.items) if carrier.items else None
    if not isinstance(listed, list) or not listed:
        return [(_id_of(found, carrier, body), body)]
    return [(_id_of(one, carrier, cut := dump(one)), cut) for one in listed]


def _id_of(item: Any, carrier: Carrier, body: bytes) -> str:
    return written(at_path(item, carrier.fields.id)) or ids.content_id(body)


def stored_fields(fields: Fields) -> str:
    """Write the field names beside a record, so that it can be read when the carrier is gone."""
    return fields.model_dump_json()


def candidates(now: Fields, stored: str) -> Iterable[Fields]:
    """Yield today's field names, then those with which the record came."""
    yield now
    try:
        before = Fields.model_validate_json(stored)
    except ValidationError:
        return
    if before != now:
        yield before


def at_path(value: Any, path: str) -> Any:
    """Follow a dotted path through objects and lists (`messages.0.body`); None if it ends."""
    if not path:
        return None
    for name in path.split("."):
        if isinstance(value, list):
            inside = name.isascii() and name.isdigit() and int(name[:9]) < len(value)
            value = value[int(name[:9])] if inside else None
        else:
            value = table(value).get(name)
    return value


def written(value: Any) -> str:
    """Write a text or a whole number as text."""
    number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if number else word(value).strip()


def moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """Read Unix time, ISO 8601 or an Indonesian date; without a zone it is the office's."""
    said = written(value)
    try:
        if said.isascii() and said.isdigit():
            number = int(said[:18])
            at = datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS else number, UTC)
        else:
            at = _dated(said, zone)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.year in _YEARS else None


def _dated(said: str, zone: ZoneInfo) -> datetime:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        for form in _DATES:
            try:
                at = datetime.strptime(said, form)
            except ValueError:
                continue
            break
        else:
            raise
    return at if at.tzinfo else at.replace(tzinfo=zone)


def attachments(value: Any) -> tuple[Attachment, ...]:
    """Read the addresses of media: a text, or a list of texts."""
    listed = value if isinstance(value, list) else [value]
    return tuple(Attachment(url=url) for one in listed if (url := word(one).strip()))
