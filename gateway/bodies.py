"""Reads a request's body within bounds of size and time; no ASGI server bounds it for us."""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext

from starlette.requests import ClientDisconnect, Request


class Refused(Exception):
    """A request that is not heard to its end: the reason it is counted by, status and sentence."""

    def __init__(self, reason: str, status: int, words: str) -> None:
        super().__init__(words)
        self.reason, self.status, self.words = reason, status, words


def promised(request: Request, most: int) -> int:
    """Return the size the request says it has, 0 if it says none. Raises Refused."""
    told = request.headers.get("content-length", "0")
    if not told.isdigit():
        raise Refused("malformed", 400, "content-length salah")
    # Digits enough for any size: more of them would take int() long.
    if int(told[:18]) > most:
        raise too_large()
    return int(told[:18])


async def read_body(
    request: Request,
    most: int,
    seconds: float,
    place: AbstractAsyncContextManager[object] | None = None,
) -> bytes:
    """Read a body, once there is a place for it. Raises Refused."""
    promised(request, most)
    read = bytearray()
    try:
        async with asyncio.timeout(seconds), place or nullcontext():
            async for part in request.stream():
                read += part
                if len(read) > most:
                    raise too_large()
    except TimeoutError:
        raise Refused("slow", 408, "isi tidak selesai pada waktunya") from None
    except ClientDisconnect:
        raise Refused("truncated", 400, "isi terpotong") from None
    return bytes(read)


def too_large() -> Refused:
    """Refuse what is larger than it may be."""
    return Refused("too_large", 413, "isi terlalu besar")
