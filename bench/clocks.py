"""A clock that is set forward and back under a running house, by libfaketime."""

import random
import time
from pathlib import Path

from bench.figures import Figures, Terms
from bench.sleepers import sending
from bench.watch import audit
from tests.acceptance.running import Running

_FAR, _NEAR = ["+3600", "-3600"], ["+0", "+90", "-90", "+0"]
_RATE = 60.0
_HELD_SECONDS = 3.0


def stepped_clock(terms: Terms) -> Figures:
    """Row 15: nothing lost or doubled, no process restarted, tickets in the order of the log."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        raise RuntimeError("libfaketime is missing: apt-get install -y faketime")
    clock = terms.folder / "clock"
    clock.write_text("+0\n")
    environ = {
        "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    seeded = random.Random(terms.seed)
    steps = seeded.sample(_FAR, 2) + seeded.sample(_NEAR, 4)
    found = Figures()
    house = Running(terms.folder / "rumah", environ=environ)
    house.start()
    try:
        house.ready()
        with sending(house, _RATE) as load:
            for step in steps[: terms.pick(3, 6)]:
                time.sleep(_HELD_SECONDS)
                clock.write_text(f"{step}\n")
            time.sleep(_HELD_SECONDS)
        found.sent = load.sent
        audit(house, load.accepted, found)
        _check(house, found)
        found.more["steps"] = ",".join(steps[: terms.pick(3, 6)])
    finally:
        house.stop()
    return found


def _check(house: Running, found: Figures) -> None:
    restarted = sum("stage_restarted" in line or "work_dropped" in line for line in house.lines)
    found.check(not restarted, f"{restarted} stages were restarted or lost their work")
    hours = house.sql(
        "SELECT max(received_at) - min(received_at) > INTERVAL 1 HOUR FROM complaints"
    )
    found.check(all(next(iter(row.values())) for row in hours), "the clock was not moved")
    order = house.sql(
        "SELECT count(*) FILTER (WHERE ticket_no < before) AS n FROM (SELECT ticket_no,"
        " lag(ticket_no) OVER (ORDER BY position) AS before FROM complaints)"
    )
    found.check(all(row["n"] == 0 for row in order), "tickets are not in the order of the log")
