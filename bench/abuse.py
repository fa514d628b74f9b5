"""Attacks on the webhook: forged, replayed, slow, huge and misdirected, beside honest citizens."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode, urlsplit

from bench.figures import Figures, Terms, percentile
from bench.load import Load, form_of, request_of, sid_of, sign
from bench.watch import audit
from tests.acceptance.running import Running
from tests.gateway.house import TENANT

# An honest citizen's answer may take this long while the attack lasts.
_MOST_SECONDS = 5.0
_PATH = f"/hooks/{TENANT}/sms"


def webhook_abuse(terms: Terms) -> Figures:
    """Row 13: nothing forged is stored, a replay once, and the others are served."""
    found = Figures()
    house = Running(terms.folder / "rumah")
    house.start()
    try:
        house.ready()
        load = Load(house.base, connections=4)
        attack = _Attack(house.base, terms)
        asyncio.run(attack.beside(load, terms.pick(200, 3000)))
        found.sent = load.sent + attack.sent
        audit(house, [*load.accepted, attack.replayed], found)
        attack.report(load, found)
        restarted = sum("stage_restarted" in line for line in house.lines)
        found.check(not restarted, f"{restarted} stages were restarted")
    finally:
        house.stop()
    return found


class _Attack:
    """All attacks at once, each counting what it was answered."""

    def __init__(self, base: str, terms: Terms) -> None:
        self._base, self._terms = base, terms
        where = urlsplit(base)
        self._host, self._port = where.hostname or "", where.port or 80
        self._seeded = random.Random(terms.seed)
        self.sent = 0
        self.replayed = sid_of(0, "R")
        self.accepted_forged: list[str] = []
        self.open_after: list[str] = []
        self.answers: dict[str, int] = {}

    async def beside(self, load: Load, honest: int) -> None:
        """Attack while honest citizens write."""
        attacks: list[Callable[[], Awaitable[None]]] = [
            self._forge, self._replay, self._drip_headers, self._drip_bodies, self._promise_much,
            self._many_headers,
        ]  # fmt: skip
        async with asyncio.TaskGroup() as group:
            group.create_task(load.send_all(iter(range(honest))))
            for attack in attacks:
                group.create_task(_awaited(attack))

    async def _forge(self) -> None:
        """Sign wrongly, not at all, for another address, another text or by a key of no one."""
        for n in range(self._terms.pick(20, 300)):
            form = form_of(n, sid_of(n, "F"))
            good = sign(self._base, form)
            elsewhere = sign("http://lain.invalid", form)
            otherwise = sign(self._base, form | {"Body": "lain"})
            nobodys = sign(self._base, form, "bukan-kunci")
            for signature in ("", "x", good[:-2], good.swapcase(), elsewhere, otherwise, nobodys):
                status = await self._ask(request_of(self._base, form, signature or "\t"))
                if status != 403:
                    self.accepted_forged.append(f"{status}")
        unknown = request_of(self._base, form_of(0, "SMX")).replace(_PATH.encode(), b"/hooks/x/sms")
        if await self._ask(unknown) != 404:
            self.accepted_forged.append("unknown office")

    async def _replay(self) -> None:
        """Send one good request a thousand times: 200 each time, stored once."""
        request = request_of(self._base, form_of(7, self.replayed))
        for _ in range(self._terms.pick(100, 1000)):
            await self._expect("replay", request, 200)

    async def _drip_headers(self) -> None:
        await self._drip("slow header", b"POST " + _PATH.encode() + b" HTTP/1.1\r\nhost: a\r\nx-")

    async def _drip_bodies(self) -> None:
        head = f"POST {_PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: 4000\r\n\r\nBody="
        await self._drip("slow body", head.encode())

    async def _drip(self, name: str, start: bytes) -> None:
        """Hold connections open with a byte now and then; the server must hang up."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._terms.pick(20, 100)):
                group.create_task(self._drip_one(name, start))

    async def _drip_one(self, name: str, start: bytes) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        self.sent += 1
        try:
            writer.write(start)
            until = time.monotonic() + 20
            while time.monotonic() < until:
                writer.write(b"a")
                await writer.drain()
                if await _hung_up(reader):
                    return
            self.open_after.append(name)
        except OSError:
            return
        finally:
            writer.close()

    async def _promise_much(self) -> None:
        head = f"POST {_PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: {10**9}\r\n\r\n"
        for _ in range(self._terms.pick(5, 50)):
            await self._expect("1 GB", head.encode() + b"Body=", 413)

    async def _many_headers(self) -> None:
        headers = "".join(f"x-{n}: {'a' * 20}\r\n" for n in range(5000))
        body = urlencode({"Body": "a"})
        head = f"POST {_PATH} HTTP/1.1\r\nhost: a\r\n{headers}content-length: {len(body)}\r\n\r\n"
        for _ in range(self._terms.pick(3, 20)):
            status = await self._ask(head.encode() + body.encode())
            if status == 200:
                self.accepted_forged.append("5000 headers")

    async def _expect(self, name: str, request: bytes, status: int) -> None:
        found = await self._ask(request)
        if found not in (status, 0):
            key = f"{name}:{found}"
            self.answers[key] = self.answers.get(key, 0) + 1

    async def _ask(self, request: bytes) -> int:
        """Return the status of an answer; 0 where the server hung up without a word."""
        self.sent += 1
        try:
            reader, writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            return 0
        try:
            writer.write(request)
            async with asyncio.timeout(30):
                line = await reader.readline()
            return int(line.split()[1]) if line else 0
        except (OSError, IndexError, TimeoutError):
            return 0
        finally:
            writer.close()

    def report(self, load: Load, found: Figures) -> None:
        """Say what got through."""
        p99 = percentile(load.latencies, 0.99)
        found.more |= {
            "forged_accepted": len(self.accepted_forged),
            "honest_p50/p99": f"{percentile(load.latencies, 0.5):.3f}/{p99:.3f}s",
        }
        odd = ", ".join(sorted(set(self.accepted_forged)))
        found.check(not self.accepted_forged, f"forged requests were answered {odd}")
        found.check(not self.open_after, f"{len(self.open_after)} slow connections stayed open")
        found.check(not self.answers, f"answered otherwise: {self.answers}")
        found.check(p99 < _MOST_SECONDS, f"honest citizens waited {p99:.1f} s")


async def _awaited(attack: Callable[[], Awaitable[None]]) -> None:
    await attack()


async def _hung_up(reader: asyncio.StreamReader) -> bool:
    """Wait half a second for the server's last word or its silence."""
    try:
        async with asyncio.timeout(0.5):
            return not await reader.read(1000) or reader.at_eof()
    except TimeoutError:
        return False
