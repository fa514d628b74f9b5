"""The shipped Caddyfile in a real Caddy, in front of two servers that tell what reaches them."""

import base64
import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.needs import program

CADDYFILE = Path(__file__).parents[1] / "deploy" / "Caddyfile"
USER, PASSWORD = "kominfo", "sandi-percobaan"
# bcrypt of the password at the cheapest cost: the usual one takes a second for each request.
HASH = "$2b$04$GQvCjoRBNFkoKQk2chGQ8uJpgR5wyPKLcGq8sZD6kH1Q0FsDFLGQ6"
SIGNED_IN = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip


class Mirror(BaseHTTPRequestHandler):
    """Answers with its own name and what it was sent; takes any upgrade."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.headers.get("Upgrade"):
            self.send_response(101)
            self.send_header("Connection", "Upgrade")
            self.send_header("Upgrade", "websocket")
            self.end_headers()
            self.wfile.write(b"terbuka")
            return
        told = {"server": self.connection.getsockname()[1], "path": self.path,
                "headers": {k.lower(): v for k, v in self.headers.items()}}  # fmt: skip
        body = json.dumps(told | {"filling": "x" * 2000}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Front:
    """Where Caddy listens, and what stands behind it."""

    url: str
    intake: int
    dashboard: int

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask as a client would."""
        with httpx.Client(trust_env=False) as client:
            return client.get(self.url + path, headers=headers)


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def mirror(stack: ExitStack) -> int:
    """Start a server that mirrors; return its port."""
    server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Mirror))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stack.callback(server.shutdown)
    return server.server_port


@pytest.fixture(scope="module")
def caddy() -> str:
    return program("caddy", "caddy")


@pytest.fixture(scope="module")
def front(caddy: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    home = str(tmp_path_factory.mktemp("caddy"))
    with ExitStack() as stack:
        made = Front(f"http://127.0.0.1:{free_port()}", mirror(stack), mirror(stack))
        process = subprocess.Popen(
            [caddy, "run", "--config", CADDYFILE, "--adapter", "caddyfile"],
            env=os.environ | {"HOME": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home,
                              "DOMAIN": made.url, "INTAKE": f"127.0.0.1:{made.intake}",
                              "DASHBOARD": f"127.0.0.1:{made.dashboard}",
                              "DASHBOARD_USER": USER, "DASHBOARD_HASH": HASH},
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        stack.callback(process.wait)
        stack.callback(process.terminate)
        assert process.stderr
        stack.enter_context(process.stderr)
        said = []
        for line in process.stderr:
            said.append(line)
            if "serving initial configuration" in line:
                break
        assert process.poll() is None, "".join(said)
        yield made


@pytest.mark.parametrize(
    "path", ["/hooks/kab-blitar/sms", "/health", "/ready", "/lapor/kab-blitar"]
)
def test_providers_reach_the_intake(front: Front, path: str) -> None:
    assert front.get(path).json()["server"] == front.intake


@pytest.mark.parametrize("path", ["/", "/catat", "/_stcore/stream"])
def test_the_dashboard_asks_who_comes(front: Front, path: str) -> None:
    assert front.get(path).status_code == 401
    assert front.get(path, authorization=SIGNED_IN).json()["server"] == front.dashboard


@pytest.mark.parametrize(
    "path",
    ["/metrics", "/METRICS", "/%6detrics", "/_stcore/metrics", "/_stcore/%6Detrics",
     "/_stcore/script-health-check", "/decisions/kab-blitar", "/audit/kab-blitar"],
)  # fmt: skip
def test_what_is_ours_alone_is_closed(front: Front, path: str) -> None:
    assert front.get(path, authorization=SIGNED_IN).status_code == 404


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-Email", "X-Forwarded-User", "X-Forwarded-Groups", "X-Auth-Request-Email",
     "X-Remote-User", "X-User", "Remote-User", "Remote-Groups", "Forwarded"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/hooks/kab-blitar/sms", "/"])
def test_nobody_says_who_he_is(front: Front, path: str, header: str) -> None:
    answer = front.get(path, authorization=SIGNED_IN, **{header: "bupati"}).json()
    assert "bupati" not in answer["headers"].values()


def test_what_a_provider_signs_with_arrives(front: Front) -> None:
    headers = {"x-twilio-signature": "c2lnbmVk", "x-hub-signature-256": "sha256=00"}
    sent = front.get("/hooks/kab-blitar/sms?a=%20b", **headers).json()
    assert headers.items() <= sent["headers"].items()
    assert sent["path"] == "/hooks/kab-blitar/sms?a=%20b"


def test_the_dashboard_sees_its_own_address_and_no_password(front: Front) -> None:
    told = front.get("/", authorization=SIGNED_IN, origin=front.url).json()["headers"]
    assert told["host"] == f"127.0.0.1:{front.dashboard}"
    assert not {"authorization", "origin"} & set(told)


def test_pages_are_compressed(front: Front) -> None:
    answer = front.get("/", authorization=SIGNED_IN)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("origin", "status"),
    [("own", 101), ("https://jahat.example", 403), ("null", 403), ("own.jahat.example", 403)],
)
def test_only_our_own_page_opens_the_websocket(front: Front, origin: str, status: int) -> None:
    host, port = front.url.removeprefix("http://").split(":")
    lines = {"Host": f"{host}:{port}", "Authorization": SIGNED_IN, **UPGRADE}
    lines["Origin"] = origin.replace("own", front.url)
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(f"GET /_stcore/stream HTTP/1.1\r\n{head}\r\n".encode())
        with client.makefile("rb") as answer:
            assert int(answer.readline().split()[1]) == status
            if status == 101:
                while answer.readline().strip():
                    pass
                assert answer.read(7) == b"terbuka"


def adapted(caddy: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Let Caddy check and read the file."""
    names = {"DOMAIN": "aduan.example", "DASHBOARD_USER": USER, "DASHBOARD_HASH": HASH}
    return subprocess.run(
        [caddy, "adapt", "--config", CADDYFILE, "--adapter", "caddyfile"],
        env=os.environ | names | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_domain_is_served_over_tls(caddy: str) -> None:
    (server,) = json.loads(adapted(caddy).stdout)["apps"]["http"]["servers"].values()
    assert server["listen"] == [":443"]
    assert "automatic_https" not in server


@pytest.mark.parametrize("name", ["DOMAIN", "DASHBOARD_USER", "DASHBOARD_HASH"])
def test_without_a_name_or_password_it_does_not_start(caddy: str, name: str) -> None:
    assert adapted(caddy, **{name: ""}).returncode != 0
