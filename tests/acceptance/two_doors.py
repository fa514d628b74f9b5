"""Two processes that take things in, and one event delivered to both at the same instant.

Each request is sent but for its last byte; both last bytes go out when two threads have met.
"""

import http.client
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.acceptance.running import KANAL, ROOT, Running, clean_environment
from tests.gateway.house import free_port, sms


@contextmanager
def second_door(
    house: Running, data: Path, environ: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run one more process that takes things in, registered as the house is; yield its address."""
    port = free_port()
    reading, writing = os.pipe()
    ours = {"KANAL_INTAKE__PUBLIC_URL": house.base, "KANAL_INTAKE__PORT": str(port)}
    process = subprocess.Popen(
        [*KANAL, "run", "connectors", "--member", "dua", "--data", str(data),
         "--ready-fd", str(writing)],
        cwd=ROOT, pass_fds=(writing,), stderr=subprocess.DEVNULL,
        env=clean_environment() | dict(environ or {}) | ours,
    )  # fmt: skip
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            assert told.read(1), "the second intake did not come up"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def deliver_at_both(house: Running, second: str, sids: list[str]) -> list[list[int]]:
    """Deliver each event at both doors at one instant; return what each door answered."""
    together = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        doors = [pool.submit(_knock, house.base, door, sids, together)
                 for door in (house.base, second)]  # fmt: skip
        return [door.result(200) for door in doors]


def _knock(base: str, door: str, sids: list[str], together: threading.Barrier) -> list[int]:
    answers = []
    for sid in sids:
        url, headers, body = sms(base, f"Jalan rusak {sid} di Desa Tlogo Kanigoro", sid)
        line = http.client.HTTPConnection(urlsplit(door).netloc, timeout=60)
        line.putrequest("POST", urlsplit(url).path)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            line.putheader(name, value)
        line.endheaders(body[:-1])
        together.wait(60)
        line.send(body[-1:])
        with line.getresponse() as answer:
            answers.append(answer.status)
        line.close()
    return answers
