"""A dedup that is held, loses its office to another, and wakes late."""

import contextlib
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping

from bench.figures import Figures, Terms
from bench.load import Load
from bench.parts import Parts
from bench.watch import Watch, audit
from core import topics
from tests.acceptance.running import Running
from tests.gateway.house import TENANT

_PART = topics.NORMALIZED.partition(TENANT)
# A lease is 5 s, a session on Kafka 6 s and its rebalance may take as long again.
_TAKEOVER_SECONDS = {"embedded": 20.0, "kafka": 60.0}
_RATE = 60.0

Standing = dict[str, tuple[object, object]]


def woken_dedup(terms: Terms, environ: Mapping[str, str] | None = None) -> Figures:
    """Row 20: tickets and cases stay as they were when the owner of an office wakes too late."""
    found = Figures()
    seeded = random.Random(terms.seed)
    with Parts(terms.folder / "rumah", environ) as house:
        house.begin_all(dedups=("a", "b"))
        with Watch(house, environ) as watch, sending(house, _RATE) as load:
            rounds = terms.pick(1, 6)
            for _ in range(3 * rounds):
                if len(found.recoveries) >= rounds or found.broken:
                    break
                time.sleep(seeded.uniform(0.5, 1.5))
                _hold_and_wake(house, watch, found)
        found.check(len(found.recoveries) >= rounds, "too few offices moved")
        found.sent = load.sent
        audit(house, load.accepted, found)
    return found


@contextlib.contextmanager
def sending(house: Running, rate: float) -> Iterator[Load]:
    """Send at a steady pace while the block runs; all of it is accepted when it ends."""
    load = Load(house.base, connections=8)
    over, started = threading.Event(), time.monotonic()
    load.may_send = lambda number: over.is_set() or number < rate * (time.monotonic() - started)
    thread = threading.Thread(target=load.send, args=(_numbers(over),))
    thread.start()
    try:
        yield load
    finally:
        over.set()
        thread.join()


def _numbers(over: threading.Event) -> Iterator[int]:
    number = 0
    while not over.is_set():
        yield number
        number += 1


def _hold_and_wake(house: Parts, watch: Watch, found: Figures) -> None:
    seconds = _TAKEOVER_SECONDS[watch.engine]
    owner = _owner(watch, "", seconds)
    if not owner:
        found.broken.append("no dedup owned the office")
        return
    house.send(f"dedup-{owner}", signal.SIGSTOP)
    held = time.monotonic()
    if not _owner(watch, owner, seconds):
        # Held in the middle of a write, it has the gate of the log: everybody waits for it.
        house.send(f"dedup-{owner}", signal.SIGCONT)
        found.more["held_the_gate"] = int(str(found.more.get("held_the_gate", 0))) + 1
        return
    found.recoveries.append(time.monotonic() - held)
    found.kills += 1
    before = watch.handled("dedup")
    _wait(lambda: watch.handled("dedup") > before + 20 or not watch.waiting("dedup"))
    time.sleep(1.5)
    stood = standing(house)
    house.send(f"dedup-{owner}", signal.SIGCONT)
    time.sleep(2.0)
    now = standing(house)
    changed = sum(now.get(key) != value for key, value in stood.items())
    found.check(not changed, f"{changed} complaints changed their ticket or case")
    found.more["compared"] = int(str(found.more.get("compared", 0))) + len(stood)
    if not house.alive(f"dedup-{owner}"):
        # Fenced out and ended, as a supervisor expects it to: it is started again.
        house.begin("dedup", owner)


def standing(house: Running) -> Standing:
    """Return every complaint's ticket and case as they are published."""
    rows = house.sql("SELECT complaint_id, ticket_no, case_id FROM complaints")
    return {str(r["complaint_id"]): (r["ticket_no"], r["case_id"]) for r in rows}


def _owner(watch: Watch, but: str, seconds: float) -> str:
    def another() -> bool:
        return watch.owner("dedup", _PART) not in ("", but)

    return watch.owner("dedup", _PART) if _wait(another, seconds) else ""


def _wait(done: Callable[[], bool], seconds: float = 30.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if done():
            return True
        time.sleep(0.05)
    return False
