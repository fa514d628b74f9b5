"""The same event from several sides: two intakes, impatient repeats, and a poll that back-fills."""

import asyncio
import random
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from bench.figures import Figures, Terms
from bench.load import ACCOUNT, Load, form_of, sid_of
from bench.parts import Parts
from bench.watch import audit
from core.bus.embedded import EmbeddedBus
from core.schema import RawMessage
from gateway.intake import raw_record
from tests.connectors.fake_http import Answer, Asked, provider, reply
from tests.gateway.house import TENANT

_CHANNEL = "KANAL_TENANTS__KAB_BLITAR__CHANNELS__SMS__"
# One message in five comes three times over.
_EVERY, _COPIES = 5, 2
_MISSED = 25


def duplicate_sources(terms: Terms) -> Figures:
    """Row 16: one effect per event, however many ways it came."""
    found = Figures()
    count = terms.pick(300, 10_000)
    sids = [sid_of(n) for n in range(count + _MISSED)]
    with provider(_Twilio(sids)) as twilio:
        told = {"ACCOUNT_SID": ACCOUNT, "API_BASE": twilio.url, "EVERY": "10"}
        environ = {_CHANNEL + name: value for name, value in told.items()}
        with Parts(terms.folder / "rumah", environ) as house:
            house.begin_all()
            loads = [
                Load(base, connections=6, every=_EVERY, copies=_COPIES)
                for base in (house.base, house.another_intake())
            ]
            _send_to_both(loads, count)
            # What the webhook never brought is there by the poll alone.
            audit(house, sids, found)
            _count(house, loads, found)
    return found


def _send_to_both(loads: list[Load], count: int) -> None:
    """Let both intakes be told everything at the same time."""
    senders = [threading.Thread(target=load.send, args=(iter(range(count)),)) for load in loads]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()


def _count(house: Parts, loads: list[Load], found: Figures) -> None:
    found.sent = sum(load.sent for load in loads)
    told = sum(len(load.accepted) for load in loads)
    found.more["backfilled"] = _MISSED
    found.more["intakes"] = len(loads)
    # The books come every few seconds.
    until = time.monotonic() + 30
    while time.monotonic() < until:
        books = _books(house)
        if books.get("received", 0) >= told:
            break
        time.sleep(0.5)
    found.more["redelivered"] = books.get("redelivered", 0)
    found.check(books.get("redelivered", 0) > 0, "no redelivery was counted")
    left = books.get("received", 0) - books.get("redelivered", 0) - found.unique
    found.check(left == 0, f"the books are out by {left}")


def _books(house: Parts) -> dict[str, int]:
    rows = house.sql("SELECT outcome, sum(n)::BIGINT AS n FROM books GROUP BY outcome")
    return {str(row["outcome"]): int(str(row["n"])) for row in rows}


class _Twilio:
    """Lists every message as received two hours ago."""

    def __init__(self, sids: list[str]) -> None:
        at = datetime.now(UTC) - timedelta(hours=2)
        self._day = at.date().isoformat()
        self._items = [
            {
                "account_sid": ACCOUNT, "sid": sid, "direction": "inbound", "num_media": "0",
                "to": "1708", "from": f"WARGA-{n}", "body": form_of(n, sid)["Body"],
                "num_segments": "1", "date_sent": format_datetime(at),
            }
            for n, sid in enumerate(sids)
        ]  # fmt: skip

    def __call__(self, asked: Asked) -> Answer:
        """Answer a listing of one day; all of it is one page."""
        today = asked.query.get("DateSent") == self._day
        return reply({"messages": self._items if today else []})


def without_event_ids(terms: Terms) -> Figures:
    """Row 16a, a control: every delivery has an id of its own, and events are stored twice."""
    return asyncio.run(_without_event_ids(terms))


async def _without_event_ids(terms: Terms) -> Figures:
    found, seeded = Figures(), random.Random(terms.seed)
    bus = EmbeddedBus(terms.folder / "log.sqlite")
    sids = []
    for n in range(terms.pick(100, 1000)):
        sids += [sid_of(n)] * (1 + (seeded.random() < 0.2))
    for at, sid in enumerate(sids):
        raw = RawMessage(
            tenant=TENANT, channel="sms", account=ACCOUNT, external_id=sid, body=b"",
            received_at=datetime.now(UTC), version=str(at),
        )  # fmt: skip
        await bus.publish([raw_record(raw, f"node:{at}")])
        found.sent += 1
    stored = await bus.read("raw", {}, 1 << 20)
    await bus.close()
    names = [RawMessage.model_validate_json(r.value).external_id for r in stored]
    found.compare(sids, names)
    return found
