"""Open311 GeoReport v2 under /open311/v2/: an office is its jurisdiction_id."""

from collections.abc import Awaitable, Callable, Mapping
from zoneinfo import ZoneInfo

from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway import open311_words as words
from gateway.bodies import Refused
from gateway.choices import OfficeChoices
from gateway.open311_request import Names, form_of, wanted
from gateway.open311_words import Failed
from gateway.posted import BadPost, pairs, read
from gateway.public import Door, Office
from gateway.published import Published, Unavailable
from sink.reports import Wanted

_MOST = 100_000
_REQUESTS = ("service_requests", "request")

Given = Mapping[str, str]
Page = Callable[[str, Office, Given, str], Awaitable[Response]]


class Open311:
    """The routes of Open311."""

    def __init__(self, door: Door, published: Published, choices: OfficeChoices) -> None:
        self._door, self._published, self._choices = door, published, choices
        self._names = Names()
        self._pages: dict[str, Page] = {
            "services": self._list_services, "requests": self._list_requests,
            "request": self._list_requests, "tokens": self._token, "discovery": self._discovery,
        }  # fmt: skip

    def routes(self) -> list[Route]:
        """Return the routes, which answer 404 where no office has opened them."""
        return [Route("/open311/v2/{rest:path}", self._any, methods=["GET", "POST"])]

    async def _any(self, request: HttpRequest) -> Response:
        if not any(office.web.open311 for office in self._door.offices.values()):
            return PlainTextResponse("Open311 tidak dibuka", status_code=404)
        path, form = _form(request)
        try:
            return await self._heard(request, path, form)
        except Failed as failed:
            return words.failure(form, failed)

    async def _heard(self, request: HttpRequest, path: str, form: str) -> Response:
        given = await self._given(request)
        office = self._office(given)
        if request.method == "POST":
            return await self._post(request, path, form, office, given)
        if after := self._door.look(request):
            raise Failed(429, f"terlalu sering; coba lagi {after} detik lagi", retry_after=after)
        page, _, name = path.partition("/")
        if page not in self._pages:
            raise Failed(404, "alamat tidak dikenal")
        try:
            return await self._pages[page](form, office, given, name)
        except Unavailable as error:
            raise Failed(503, str(error), retry_after=5) from error

    async def _given(self, request: HttpRequest) -> Given:
        """Return the parameters; clients put them into the query, the body, or both."""
        try:
            given = pairs(request.scope["query_string"].decode("latin-1"))
            if request.method == "POST":
                body = await self._door.body(request, _MOST)
                given |= dict(read(request.headers.get("content-type", ""), body).fields)
        except BadPost as error:
            raise Failed(400, str(error)) from error
        except Refused as error:
            raise Failed(error.status, error.words) from error
        return {name: text for name, text in given.items() if text.strip()}

    def _office(self, given: Given) -> Office:
        opened = {name: o for name, o in self._door.offices.items() if o.web.open311}
        name = given.get("jurisdiction_id", "").strip()
        if not name and len(opened) > 1:
            raise Failed(400, "jurisdiction_id: wajib diisi")
        office = opened.get(name) if name else next(iter(opened.values()))
        if office is None:
            raise Failed(404, "jurisdiction_id: kantor tidak dikenal")
        return office

    async def _post(
        self, request: HttpRequest, path: str, form: str, office: Office, given: Given
    ) -> Response:
        if path not in ("requests", "request"):
            raise Failed(404, "alamat tidak dikenal")
        if after := self._door.knock(office, request):
            raise Failed(429, f"terlalu sering; coba lagi {after} detik lagi", retry_after=after)
        report = form_of(office, given, await self._known(office))
        key = request.headers.get("idempotency-key", "")[:200]
        report["form_id"] = self._names.name(office, report, key, self._door.clock())
        try:
            name = await self._door.send(office, report)
        except Refused as error:
            wait = 30 if error.status == 503 else 0
            raise Failed(error.status, error.words, retry_after=wait) from error
        row = {"service_request_id": name, "service_notice": "", "account_id": ""}
        return words.answer(form, _REQUESTS, [row])

    async def _list_services(self, form: str, office: Office, given: Given, name: str) -> Response:
        known = await self._known(office)
        if not name:
            return words.answer(form, ("services", "service"), words.services(known.items()))
        if name not in known:
            raise Failed(404, "service_code: layanan tidak dikenal")
        return words.single(form, "service_definition", {"service_code": name, "attributes": []})

    async def _list_requests(self, form: str, office: Office, given: Given, name: str) -> Response:
        asked = Wanted(ids=[name]) if name else wanted(given, self._door.clock())
        rows = await self._published.reports(office.name, asked)
        if name and not rows:
            raise Failed(404, "service_request_id: tidak ada, belum terbit, atau tidak terbuka")
        known, zone = await self._known(office), office.tenant.zoneinfo
        return words.answer(form, _REQUESTS, [words.report(row, known, zone) for row in rows])

    async def _token(self, form: str, office: Office, given: Given, name: str) -> Response:
        """A report has its id at once, so that a token is no more than that id."""
        if not name or not await self._published.reports(office.name, Wanted(ids=[name])):
            raise Failed(404, "token: tidak dikenal atau laporannya belum terbit")
        row = {"service_request_id": name, "token": name}
        return words.answer(form, _REQUESTS, [row])

    async def _discovery(self, form: str, office: Office, given: Given, name: str) -> Response:
        now = self._door.clock().astimezone(ZoneInfo("UTC")).isoformat(timespec="seconds")
        endpoint = {
            "specification": "http://wiki.open311.org/GeoReport_v2", "url": "/open311/v2",
            "changeset": now, "type": "production", "formats": [],
        }  # fmt: skip
        told = {
            "changeset": now, "contact": office.notice.kontak,
            "key_service": "api_key dari kantor" if office.web.api_key.get_secret_value() else "",
            "endpoints": [endpoint],
        }  # fmt: skip
        return words.single(form, "discovery", told)

    async def _known(self, office: Office) -> dict[str, str]:
        return dict((await self._choices.of(office)).kategori)


def _form(request: HttpRequest) -> tuple[str, str]:
    """Return the path without its format, and that; XML is what every client understands."""
    path = request.path_params["rest"].strip("/")
    for form in ("json", "xml"):
        if path.endswith(f".{form}"):
            return path.removesuffix(f".{form}"), form
    return path, "json" if "json" in request.headers.get("accept", "") else "xml"
