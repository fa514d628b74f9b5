"""The public form at /lapor/{tenant}: drawn, checked, stored once, receipted."""

import asyncio
import base64
import re
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from core import ids
from gateway import lapor_page, photo
from gateway.bodies import Refused
from gateway.choices import Choices, OfficeChoices
from gateway.lapor_page import Filled
from gateway.posted import BadPost, Posted, read
from gateway.public import WORDS, Door, Office
from gateway.published import Published, Unavailable
from sink.reports import Wanted

_NAMESPACE = uuid.UUID("6b616e61-6c00-5b6c-8974-6c61706f7231")
_TEXTS = {"isi": 10_000, "lokasi": 400, "nama": 200, "telepon": 50, "surel": 200}
_FLAGS = ("anonim", "rahasia")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NUMBER = re.compile(r"[+-]?\d{1,3}(?:[.,]\d{1,12})?")
_MB = 1_000_000
_LABELS = {
    "isi": "Isi aduan", "lokasi": "Alamat atau patokan", "nama": "Nama",
    "telepon": "Nomor telepon", "surel": "Surel",
}  # fmt: skip


class Lapor:
    """The routes of the public form."""

    def __init__(self, door: Door, published: Published, choices: OfficeChoices) -> None:
        self._door, self._published, self._choices = door, published, choices
        # Pillow takes memory and time: one photo after the other.
        self._drawing = asyncio.Semaphore(1)

    def routes(self) -> list[Route]:
        """Return the routes, which answer 404 for an office whose door is shut."""
        return [
            Route("/lapor/{tenant}", self._form, methods=["GET", "POST"]),
            Route("/lapor/{tenant}/terima/{complaint_id}", self._receipt),
        ]

    async def _form(self, request: HttpRequest) -> Response:
        office = self._office(request)
        if office is None:
            return _NOT_HERE
        if request.method != "POST":
            return await self._drawn(office, Filled(str(uuid.uuid4())), 200)
        after = self._door.knock(office, request)
        most = WORDS if after else WORDS + int(office.web.foto_mb * _MB)
        try:
            body = await self._door.body(request, most)
            posted = await asyncio.to_thread(read, request.headers.get("content-type", ""), body)
        except BadPost as error:
            self._door.count(office, "malformed", 400)
            return _page(lapor_page.plain_page(office, "Formulir tidak terbaca", f"{error}."), 400)
        except Refused as error:
            return self._turned_away(office, error, after)
        if after:
            wait = {"": f"Terlalu banyak kiriman dari alamat Anda; coba lagi {after} detik lagi."}
            answer = await self._drawn(office, _again(posted, wait), 429)
            answer.headers["retry-after"] = str(after)
            return answer
        return await self._taken(office, posted)

    def _turned_away(self, office: Office, error: Refused, after: int) -> Response:
        status = 429 if after else error.status
        self._door.count(office, error.reason, error.status)
        sentence = (
            f"Foto lebih besar dari {office.web.foto_mb:g} MB. Kembali, lalu pilih foto lain."
            if status == 413
            else "Kiriman tidak sampai utuh. Kembali, lalu kirim lagi sebentar lagi."
        )
        answer = _page(lapor_page.plain_page(office, "Aduan belum terkirim", sentence), status)
        # What was not read to its end leaves a connection that cannot be used again.
        answer.headers["connection"] = "close"
        if after:
            answer.headers["retry-after"] = str(after)
        return answer

    async def _taken(self, office: Office, posted: Posted) -> Response:
        if posted.text(lapor_page.TRAP):
            self._door.count(office, "honeypot", 200)
            thanks = "Terima kasih, kiriman Anda sudah kami terima."
            return _page(lapor_page.plain_page(office, "Terima kasih", thanks), 200)
        choices = await self._choices.of(office)
        form, wrong = _checked(posted, choices)
        picture = posted.files.get("foto", b"")
        if len(picture) > office.web.foto_mb * _MB:
            wrong["foto"] = f"Foto: lebih besar dari {office.web.foto_mb:g} MB"
        elif picture and not wrong:
            try:
                async with self._drawing:
                    drawn = await asyncio.to_thread(photo.drawn, picture)
                form["foto"] = {"base64": base64.b64encode(drawn).decode()}
            except photo.BadPhoto as error:
                wrong["foto"] = f"Foto: {error}"
        if wrong:
            return await self._drawn(office, _again(posted, wrong), 400)
        form["form_id"] = _form_id(posted, picture)
        try:
            complaint_id = await self._door.send(office, form)
        except Refused as error:
            sentence = "Aduan belum tersimpan karena gangguan di pihak kami; coba lagi nanti."
            answer = await self._drawn(office, _again(posted, {"": sentence}), error.status)
            answer.headers["retry-after"] = "30"
            return answer
        return RedirectResponse(
            f"/lapor/{office.name}/terima/{complaint_id}", 303, {"cache-control": "no-store"}
        )

    async def _receipt(self, request: HttpRequest) -> Response:
        office = self._office(request)
        try:
            complaint_id = str(uuid.UUID(request.path_params["complaint_id"]))
        except ValueError:
            return _NOT_HERE
        if office is None:
            return _NOT_HERE
        row: Mapping[str, Any] = {}
        if not self._door.look(request):
            try:
                found = await self._published.reports(office.name, Wanted(ids=[complaint_id]))
                row = found[0] if found else {}
            except Unavailable:
                row = {}  # the receipt stands without the ticket
        ticket, status = str(row.get("ticket_no") or ""), str(row.get("status") or "")
        return _page(
            lapor_page.receipt_page(office, complaint_id, ticket, status.replace("_", " ")), 200
        )

    def _office(self, request: HttpRequest) -> Office | None:
        office = self._door.offices.get(request.path_params["tenant"])
        return office if office and office.web.formulir else None

    async def _drawn(self, office: Office, filled: Filled, status: int) -> Response:
        choices = await self._choices.of(office)
        return _page(lapor_page.form_page(office, choices, filled), status)


def _checked(posted: Posted, choices: Choices) -> tuple[dict[str, Any], dict[str, str]]:
    """Return our own form of what was posted, and what is wrong with it, by field."""
    wrong: dict[str, str] = {}
    texts = {name: posted.text(name) for name in _TEXTS}
    for name, longest in _TEXTS.items():
        if len(texts[name]) > longest:
            wrong[name] = f"{_LABELS[name]}: lebih dari {longest} huruf"
    if _nonce(posted) is None:
        wrong[""] = "Formulir ini tidak dikenali; periksa isinya lalu kirim lagi"
    if not texts["isi"]:
        wrong["isi"] = "Isi aduan: wajib diisi"
    if texts["surel"] and not _MAIL.fullmatch(texts["surel"]):
        wrong["surel"] = "Surel: tulis seperti nama@contoh.id"
    form: dict[str, Any] = {
        "asal": "formulir", "isi": texts["isi"].replace("\r\n", "\n"), "surel": texts["surel"],
        "penelepon": texts["nama"], "telepon": texts["telepon"],
    }  # fmt: skip
    form |= {name: bool(posted.text(name)) for name in _FLAGS}
    form |= _point(posted, wrong)
    kategori = posted.text("kategori")
    form["kategori"] = kategori if kategori in dict(choices.kategori) else ""
    form |= _area(posted.text("wilayah"), texts["lokasi"], choices)
    return form, wrong


def _area(kode: str, address: str, choices: Choices) -> dict[str, str]:
    """Write the chosen area in the words in which the rules find places."""
    for kecamatan, rows in choices.areas:
        if name := dict(rows).get(kode):
            area = kecamatan if name.startswith(kecamatan) else f"{name}, {kecamatan}"
            place = f"{address}, {area}" if address else area
            return {"lokasi": place, "alamat": address, "wilayah_kode": kode}
    return {"lokasi": address, "alamat": address}


def _point(posted: Posted, wrong: dict[str, str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, label, most in (("lat", "Lintang", 90), ("lon", "Bujur", 180)):
        text = posted.text(name)
        if not text:
            continue
        number = float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None
        if number is None or abs(number) > most:
            wrong[name] = f"{label}: angka antara -{most} dan {most}"
        else:
            found[name] = number
    if len(found) == 1 and not {"lat", "lon"} & wrong.keys():
        missing = "lon" if "lat" in found else "lat"
        wrong[missing] = "Lintang dan bujur diisi keduanya atau tidak sama sekali"
    return found


def _form_id(posted: Posted, picture: bytes) -> str:
    """Name a submission: the same form sent twice is one, changed words are another complaint."""
    said = "\0".join(f"{name}={text}" for name, text in sorted(posted.fields.items()))
    return str(uuid.uuid5(_NAMESPACE, ids.digest(said, ids.content_id(picture))))


def _again(posted: Posted, wrong: Mapping[str, str]) -> Filled:
    told = {"ada_foto": "ya"} if posted.files.get("foto") else {}
    return Filled(_nonce(posted) or str(uuid.uuid4()), dict(posted.fields) | told, wrong)


def _nonce(posted: Posted) -> str | None:
    try:
        return str(uuid.UUID(posted.text("nonce")))
    except ValueError:
        return None


def _page(html: str, status: int) -> Response:
    return Response(html.encode("utf-8", "replace"), status, lapor_page.HEADERS)


_NOT_HERE = PlainTextResponse("formulir publik kantor ini tidak dibuka", status_code=404)
