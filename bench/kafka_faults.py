"""The rows of Kafka mode: a real broker of our own on loopback, killed, held and taken away."""

import contextlib
import random
import threading
import time
from collections.abc import Iterator

from bench import kills, sleepers
from bench.figures import Figures, Terms
from bench.load import Load
from bench.parts import Parts
from bench.sleepers import sending
from bench.watch import audit, stored
from tests.acceptance.running import Running
from tests.kafka.broker import Broker

_HELD_SECONDS, _AWAY_SECONDS = 40.0, 120.0
_PATIENCE = 180.0


@contextlib.contextmanager
def cluster(terms: Terms) -> Iterator[tuple[Broker, dict[str, str]]]:
    """Run a broker for the length of a block; the environment points a house at it."""
    broker = Broker(terms.folder / "broker").start()
    try:
        yield (
            broker,
            {
                "KANAL_BUS": "kafka",
                "KANAL_KAFKA__BOOTSTRAP": broker.bootstrap,
                "KANAL_KAFKA__PREFIX": "uji.",
                # The shortest the settings allow, so that a lost process is missed within seconds.
                "KANAL_KAFKA__SESSION_SECONDS": "6",
            },
        )
    finally:
        broker.kill()


def kills_of_everything(terms: Terms) -> Figures:
    """Row 4: as row 3, with the records of every stage on Kafka."""
    with cluster(terms) as (_broker, environ):
        return kills.storm(
            terms, terms.kills or terms.pick(6, 42), terms.pick(200, 50_000), environ
        )


def woken_dedup(terms: Terms) -> Figures:
    """Row 20: the register's claims keep out a dedup that wakes too late."""
    with cluster(terms) as (_broker, environ):
        return sleepers.woken_dedup(terms, environ)


def broker_away(terms: Terms) -> Figures:
    """Row 5: the broker is killed five times, held for 40 s and away for two minutes."""
    found, seeded = Figures(), random.Random(terms.seed)
    with cluster(terms) as (broker, environ):
        house = Running(terms.folder / "rumah", environ=environ)
        house.start()
        try:
            house.ready(_PATIENCE)
            with sending(house, terms.pick(40, 100)) as load:
                for _ in range(terms.pick(1, 5)):
                    time.sleep(seeded.uniform(2.0, 6.0))
                    broker.kill()
                    found.kills += 1
                    _return(broker, house, found, resume=False)
                _hold(broker, house, load, terms, found)
                _be_away(broker, house, load, terms, found)
            found.sent, found.more["refused"] = load.sent, load.refused
            audit(house, load.accepted, found)
        finally:
            house.stop()
    return found


def _hold(broker: Broker, house: Running, load: Load, terms: Terms, found: Figures) -> None:
    before = len(load.accepted)
    broker.pause()
    threading.Event().wait(terms.pick(8, int(_HELD_SECONDS)))
    found.check(len(load.accepted) > before, "nothing was accepted while the broker was held")
    _return(broker, house, found, resume=True)


def _be_away(broker: Broker, house: Running, load: Load, terms: Terms, found: Figures) -> None:
    """Intake goes on answering 2xx from its outbox for as long as the broker is away."""
    broker.kill()
    found.kills += 1
    before, refused = len(load.accepted), load.refused
    threading.Event().wait(terms.pick(8, int(_AWAY_SECONDS)))
    found.more["accepted_without_broker"] = len(load.accepted) - before
    found.check(len(load.accepted) > before, "nothing was accepted while the broker was away")
    found.check(load.refused == refused, f"{load.refused - refused} refused without the broker")
    _return(broker, house, found, resume=False)


def _return(broker: Broker, house: Running, found: Figures, *, resume: bool) -> None:
    """Bring the broker back and wait until there is more in the store."""
    before, started = stored(house), time.monotonic()
    if resume:
        broker.resume()
    else:
        broker.start()
    while time.monotonic() - started < _PATIENCE:
        if stored(house) > before:
            found.recoveries.append(time.monotonic() - started)
            return
        time.sleep(0.2)
    found.broken.append(f"nothing was stored within {_PATIENCE:.0f} s")


def rebalance_storm(terms: Terms) -> Figures:
    """Row 6: normalizers and dedups come and go, in order and by kill -9, every three seconds."""
    found, seeded = Figures(), random.Random(terms.seed)
    with cluster(terms) as (_broker, environ), Parts(terms.folder / "rumah", environ) as house:
        house.begin_all(dedups=("a", "b"), normalizers=2)
        with sending(house, terms.pick(40, 300)) as load:
            for n in range(terms.pick(3, 15)):
                stage = seeded.choice(["normalizer", "dedup"])
                name = house.begin(stage, f"gast{n}")
                time.sleep(3.0)
                if seeded.random() < 0.5:
                    house.end(name)
                    found.kills += 1
                else:
                    house.leave(name)
        found.sent = load.sent
        audit(house, load.accepted, found)
    return found
