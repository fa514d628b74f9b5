"""The web server of the intake: bounds every request in size and time, then hands it over."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from core.connector import Request
from core.errors import CannotStore
from core.log import get_logger, where
from core.settings import IntakeSettings
from gateway.bodies import Refused, read_body
from gateway.intake import FAILED, Answer, Intake
from gateway.ports import try_port

Metrics = Callable[[], Awaitable[bytes]]

# A refused body is left unread, so its connection cannot be used again.
_CLOSE = {"connection": "close"}


class Web:
    """The routes of design section 9 over one intake."""

    def __init__(
        self,
        intake: Intake,
        settings: IntakeSettings,
        metrics: Metrics,
        more: Sequence[BaseRoute] = (),
    ) -> None:
        self._intake = intake
        self._more = more
        self._settings = settings
        self._metrics = metrics

    def app(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(
            routes=[
                Route("/hooks/{tenant}/{channel}", self._hook, methods=["GET", "POST"]),
                Route("/decisions/{tenant}", self._decide, methods=["POST"]),
                Route("/audit/{tenant}", self._audit, methods=["POST"]),
                Route("/health", self._health),
                Route("/ready", self._ready),
                Route("/metrics", self._scrape),
                *self._more,
            ]
        )

    async def _hook(self, request: HttpRequest) -> Response:
        tenant, channel = request.path_params["tenant"], request.path_params["channel"]
        return await self._bounded(
            request, (tenant, channel), lambda r: self._intake.hook(tenant, channel, r)
        )

    async def _decide(self, request: HttpRequest) -> Response:
        tenant = request.path_params["tenant"]
        return await self._bounded(
            request, (tenant, "decisions"), lambda r: self._intake.decide(tenant, r)
        )

    async def _audit(self, request: HttpRequest) -> Response:
        tenant = request.path_params["tenant"]
        return await self._bounded(
            request, (tenant, "audit"), lambda r: self._intake.audit(tenant, r)
        )

    async def _bounded(
        self,
        request: HttpRequest,
        names: tuple[str, str],
        take: Callable[[Request], Awaitable[Answer]],
    ) -> Response:
        try:
            body = await read_body(
                request, self._settings.max_body_bytes, self._settings.body_seconds
            )
        except Refused as refused:
            counted = names if self._intake.knows(*names) else ("", "")
            answer = self._intake.refuse(*counted, refused.reason, refused.status, refused.words)
            return _response(answer, _CLOSE)
        try:
            return _response(await take(self._read(request, body)))
        except Exception as error:
            # A bug of ours: the sender is to come again, and nothing of the body is logged.
            get_logger().error(
                "request_failed", tenant=names[0], channel=names[1],
                error=type(error).__name__, where=where(error),
            )  # fmt: skip
            return _response(FAILED)

    def _read(self, request: HttpRequest, body: bytes) -> Request:
        path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
        query = request.scope["query_string"].decode("latin-1")
        # Providers sign the address they know: never the one behind TLS termination.
        url = self._settings.public_base + path + (f"?{query}" if query else "")
        headers = {name.lower(): value for name, value in request.headers.items()}
        peer = request.client.host if request.client else ""
        return Request(request.method, url, query, headers, body, peer)

    async def _health(self, _request: HttpRequest) -> Response:
        return PlainTextResponse("ok")

    async def _ready(self, _request: HttpRequest) -> Response:
        if await self._intake.ready():
            return PlainTextResponse("siap")
        return PlainTextResponse("tidak dapat menyimpan", status_code=503)

    async def _scrape(self, _request: HttpRequest) -> Response:
        try:
            return Response(await self._metrics(), media_type="text/plain; version=0.0.4")
        except CannotStore:
            return PlainTextResponse("log tidak dapat dibaca", status_code=503)


async def serve(web: Web, settings: IntakeSettings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set, then finish what is in hand. Raises ConfigError if it cannot."""
    try_port("intake", settings.host, settings.port, "--port")
    server = Server(
        web.app(),
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
        backpressure=settings.max_connections,
        http1_settings=HTTP1Settings(
            header_read_timeout=round(settings.header_seconds * 1000), max_buffer_size=16_384
        ),
    )
    serving = asyncio.create_task(server.serve())
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    server.stop()  # type: ignore[no-untyped-call]
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def _response(answer: Answer, headers: dict[str, str] | None = None) -> Response:
    more = {"retry-after": "30"} if answer.status == 503 else {}
    # As a header: Starlette would add a charset of its own to a media type.
    named = {"content-type": answer.content_type}
    return Response(answer.body, answer.status, named | (headers or {}) | more)
