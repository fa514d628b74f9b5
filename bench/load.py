"""Citizens who write fast: signed SMS over kept connections, sent again until they are accepted."""

import asyncio
import base64
import hashlib
import hmac
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from core import ids
from tests.gateway.house import TENANT, TOKEN

ACCOUNT = "AC" + "0" * 32
_PATH = f"/hooks/{TENANT}/sms"
_PLACES = ("Minggirsari Kanigoro", "Tlogo Kanigoro", "Bakung Udanawu", "Ngoran Nglegok",
           "Sawentar Kanigoro", "Papungan Kanigoro", "Jatinom Kanigoro")  # fmt: skip
# Pairs of words, so that few messages look like one another: near ones cost dedup its time.
_VOCABULARY = (
    "jalan lampu sampah selokan pohon air jembatan pasar sekolah puskesmas trotoar rambu kabel"
    " tiang sungai irigasi sawah ternak debu asap bising parkir bansos surat pajak pupuk"
    " rusak mati menumpuk mampet tumbang keruh retak kotor bocor tutup ambrol miring putus"
    " keropos meluap kering dicuri sakit tebal bau malam semrawut macet lama mahal langka"
)
_WORDS = _VOCABULARY.split()
_PAUSE, _BREATH = 0.05, 0.02
_ANSWER_SECONDS = 30.0


def sid_of(number: int, series: str = "") -> str:
    """Name the n-th message as Twilio would."""
    return f"SM{series}{number:07d}"


def raw_id(sid: str) -> str:
    """Return the event id under which an SMS is on `raw`; its rows in the store bear it."""
    return ids.raw_event_id(TENANT, "sms", ACCOUNT, sid, "")


def sign(base: str, form: dict[str, str], token: str = TOKEN) -> str:
    """Sign a form as Twilio does; the provider's own library is ten times slower."""
    told = base + _PATH + "".join(key + form[key] for key in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), told.encode(), hashlib.sha1)).decode()


def form_of(number: int, sid: str) -> dict[str, str]:
    """Make the n-th SMS; every one has a sender of its own, who has no telephone number."""
    letters = "".join("ABCDEFGHIJ"[int(digit)] for digit in str(number))
    seeded = random.Random(number)
    words = " ".join(seeded.choice(_WORDS) for _ in range(8))
    text = f"Lapor {words} nomor {number} di Desa {_PLACES[number % 7]}"
    return {"AccountSid": ACCOUNT, "Body": text, "From": f"WARGA-{letters}", "MessageSid": sid,
            "NumMedia": "0", "SmsStatus": "received", "To": "1708"}  # fmt: skip


def request_of(base: str, form: dict[str, str], signature: str | None = None) -> bytes:
    """Write the signed request that brings a form."""
    body = urlencode(form).encode()
    head = (
        f"POST {_PATH} HTTP/1.1\r\nhost: {urlsplit(base).netloc}\r\n"
        "content-type: application/x-www-form-urlencoded\r\n"
        f"x-twilio-signature: {signature or sign(base, form)}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass
class Load:
    """What was sent and what was told to be accepted: the truth that the store is held against.

    `copies` sends every n-th message that many times more, at once, as impatient providers do.
    """

    base: str
    connections: int = 32
    series: str = ""
    every: int = 0
    copies: int = 0
    may_send: Callable[[int], bool] = lambda _number: True
    """Whether it is time for the n-th message."""
    sent: int = 0
    refused: int = 0
    cut: int = 0
    accepted: dict[str, float] = field(default_factory=dict)
    """sid -> when it was first told accepted (monotonic seconds)."""
    latencies: list[float] = field(default_factory=list)
    last: float = 0.0
    """When the newest answer came."""

    def send(self, numbers: Iterator[int]) -> None:
        """Send every number; returns when all are accepted."""
        asyncio.run(self.send_all(numbers))

    async def send_all(self, numbers: Iterator[int]) -> None:
        """Send every number over the connections; each takes the next when it is free."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self.connections):
                group.create_task(self._connection(numbers))

    async def _connection(self, numbers: Iterator[int]) -> None:
        line = _Line(self.base)
        try:
            for number in numbers:
                while not self.may_send(number):
                    await asyncio.sleep(_BREATH)
                sid = sid_of(number, self.series)
                request = request_of(self.base, form_of(number, sid))
                times = 1 + (self.copies if self.every and number % self.every == 0 else 0)
                for _ in range(times):
                    await self._deliver(line, sid, request)
        finally:
            line.close()

    async def _deliver(self, line: "_Line", sid: str, request: bytes) -> None:
        """Send until told 2xx; what became of a request without an answer is unknown."""
        while True:
            self.sent += 1
            started = time.monotonic()
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    status = await line.ask(request)
            except (OSError, EOFError, ValueError, TimeoutError):
                self.cut += 1
                line.close()
                await asyncio.sleep(_PAUSE)
                continue
            if status == 200:
                now = time.monotonic()
                self.accepted.setdefault(sid, now)
                self.last = now
                self.latencies.append(now - started)
                return
            if status != 503:
                raise AssertionError(f"the intake answered {status}")
            self.refused += 1
            await asyncio.sleep(_PAUSE)


class _Line:
    """One kept connection."""

    def __init__(self, base: str) -> None:
        where = urlsplit(base)
        self._host, self._port = where.hostname or "", where.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> int:
        """Send a request and return the status of its answer. Raises OSError or EOFError."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next((int(x[15:]) for x in lines if x.startswith(b"content-length:")), 0)
        await reader.readexactly(length)
        if b"connection: close" in lines:
            self.close()
        return int(lines[0].split()[1])

    def close(self) -> None:
        """Let go of the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
