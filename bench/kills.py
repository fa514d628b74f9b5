"""kill -9 over every process of a house under load, and how long each takes to work again."""

import contextlib
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait

import httpx

from bench.figures import Figures, Terms
from bench.load import Load
from bench.watch import Watch, audit
from tests.acceptance.running import Running

VICTIMS = ("connectors", "normalizer", "dedup", "sink", "dashboard", "supervisor")
# Overlapping failures, not one after the other.
_KILLERS = 2
_PATIENCE = 90.0


def kills_of_everything(terms: Terms) -> Figures:
    """Row 3: 100,000 messages while every kind of process is killed again and again."""
    return storm(terms, terms.kills or terms.pick(12, 120), terms.pick(400, 100_000), {})


def storm(terms: Terms, kills: int, messages: int, environ: Mapping[str, str]) -> Figures:
    """Run a house under load and kill its processes, on whichever bus the environment names."""
    house = Running(terms.folder / "rumah", environ=environ)
    house.start()
    try:
        house.ready()
        with Watch(house, environ) as watch:
            killing = Storm(house, watch, kills, terms.seed)
            found = killing.run(messages)
            audit(house, killing.load.accepted, found)
            if watch.errors:
                found.more["status_errors"] = dict(watch.errors)
        found.check(not house.sql(_LEFT), "a record was parked by a bug")
    finally:
        house.stop()
    return found


_LEFT = "SELECT 1 FROM parked WHERE reason LIKE 'galat tak terduga%'"


class Storm:
    """A load that lasts until the last kill is recovered from."""

    def __init__(self, house: Running, watch: Watch, kills: int, seed: int) -> None:
        self.house, self._watch = house, watch
        self.load = Load(house.base, connections=24)
        self._seeded = random.Random(seed)
        self._victims = [VICTIMS[n % len(VICTIMS)] for n in range(kills)]
        self._seeded.shuffle(self._victims)
        self._recoveries: list[tuple[str, float]] = []
        self._slow: list[str] = []
        # Only one at a time may look for children and kill: a supervisor's death renews them all.
        self._hand = threading.Lock()

    def run(self, messages: int) -> Figures:
        """Send so many messages spread over the kills, and a few more while one recovers."""
        started, kills = time.monotonic(), len(self._victims)
        over = threading.Event()

        def may_send(number: int) -> bool:
            done = kills if over.is_set() else len(self._recoveries)
            trickle = 20 * (time.monotonic() - started)
            return number < messages * (done + 1) / (kills + 1) + trickle

        self.load.may_send = may_send
        numbers = itertools.takewhile(
            lambda n: n < messages or not over.is_set(), itertools.count()
        )
        with ThreadPoolExecutor(_KILLERS + 1) as pool:
            sending = pool.submit(self.load.send, numbers)
            killers = [pool.submit(self._kill_all) for _ in range(_KILLERS)]
            wait(killers)
            over.set()
            for future in (*killers, sending):
                future.result()
        return self._figures()

    def _figures(self) -> Figures:
        found = Figures(sent=self.load.sent, kills=len(self._recoveries) + len(self._slow))
        found.recoveries = [seconds for _, seconds in self._recoveries]
        by = Counter(name for name, _ in self._recoveries)
        found.more["of"] = ",".join(f"{name}:{by[name]}" for name in VICTIMS)
        found.more["refused"], found.more["cut"] = self.load.refused, self.load.cut
        for name in self._slow:
            found.broken.append(f"{name} did not work again within {_PATIENCE:.0f} s")
        return found

    def _kill_all(self) -> None:
        while True:
            try:
                victim = self._victims.pop()
            except IndexError:
                return
            self._one(victim)

    def _one(self, victim: str) -> None:
        # Some are hit in the middle of their work, some while they are still starting.
        time.sleep(self._seeded.expovariate(2.0))
        if victim == "supervisor":
            with self._hand:
                started = time.monotonic()
                self.house.kill()
                self.house.start()
                self.house.ready(_PATIENCE)
                self._recoveries.append((victim, time.monotonic() - started))
            return
        struck = self._strike(victim)
        if struck is None:
            self._slow.append(victim)
            return
        pid, started = struck
        if _wait_for(lambda: self._works_again(victim, pid, started)):
            self._recoveries.append((victim, time.monotonic() - started))
        else:
            self._slow.append(victim)

    def _strike(self, victim: str) -> tuple[int, float] | None:
        """Kill it as soon as it is there."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with self._hand:
                pid = self.house.children().get(victim)
                if pid is not None:
                    with contextlib.suppress(ProcessLookupError):
                        self.house.kill(pid)
                        return pid, time.monotonic()
            time.sleep(0.01)
        return None

    def _works_again(self, victim: str, pid: int, killed: float) -> bool:
        with self._hand:
            successor = self.house.children().get(victim)
        if successor is None or successor == pid:
            return False
        if victim == "connectors":
            return self.load.last > killed + 0.05
        if victim == "dashboard":
            return _answers(f"{self.house.dashboard}/_stcore/health")
        before = self._watch.handled(victim)
        return _wait_for(
            lambda: self._watch.handled(victim) > before or not self._watch.waiting(victim)
        )


def _wait_for(done: Callable[[], bool], seconds: float = _PATIENCE) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if done():
            return True
        time.sleep(0.02)
    return False


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
