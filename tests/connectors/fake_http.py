"""A provider on loopback for tests: real HTTP, scripted answers, every request written down."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, cast
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the provider saw it; header names are lower-case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider says. A body in pieces is streamed as they come, then closed cleanly.

    `cut` breaks the connection in the middle of the body; `silent` never answers.
    """

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    fate: Literal["whole", "cut", "silent"] = "whole"


def reply(value: Any, status: int = 200, **headers: str) -> Answer:
    """Answer with JSON; header names are written with underscores."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(json.dumps(value).encode(), status, {"content-type": "application/json"} | named)


class Provider:
    """A server that answers what it is told to; `answer` may be exchanged while it runs."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.closing = threading.Event()
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def run(self) -> None:
        """Serve until stopped."""
        self._server.serve_forever(poll_interval=0.02)

    def stop(self) -> None:
        """Let go of whoever still waits for an answer, and end."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def provider(answer: Callable[[Asked], Answer]) -> Iterator[Provider]:
    """Run a provider on a free port."""
    fake = Provider(answer)
    thread = threading.Thread(target=fake.run)
    thread.start()
    try:
        yield fake
    finally:
        fake.stop()
        thread.join()


class _Server(ThreadingHTTPServer):
    def __init__(self, fake: Provider) -> None:
        self.fake = fake
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def _serve(self) -> None:
        fake = cast(_Server, self.server).fake
        parts = urlsplit(self.path)
        asked = Asked(
            self.command, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(int(self.headers.get("content-length") or 0)),
        )  # fmt: skip
        fake.asked.append(asked)
        answer = fake.answer(asked)
        if answer.fate == "silent":
            fake.closing.wait()
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        try:
            self._send(answer)
        except OSError:
            self.close_connection = True  # whoever listened has gone

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def _send(self, answer: Answer) -> None:
        if isinstance(answer.body, bytes):
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            half = len(answer.body) // 2 if answer.fate == "cut" else None
            self.wfile.write(answer.body[:half])
            self.close_connection = answer.fate == "cut"
            return
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for piece in answer.body:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.flush()
        if answer.fate == "whole":
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True
