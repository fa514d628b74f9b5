"""Power cuts of the log as rows of the suite; bench/powercut.py makes them."""

from bench.figures import Figures, Terms
from bench.powercut import cuts


def power_cuts(terms: Terms) -> Figures:
    """Row 1: 300 seeded cuts, with torn sectors."""
    return _over(terms, "full", terms.pick(25, 300))


def power_cuts_without_sync(terms: Terms) -> Figures:
    """Row 1a, a control: synchronous=NORMAL loses what it acknowledged."""
    return _over(terms, "normal", terms.pick(10, 100))


def _over(terms: Terms, synchronous: str, count: int) -> Figures:
    found = Figures()
    in_runs = damaged = half_done = 0
    for cut in cuts(range(terms.seed, terms.seed + count), synchronous):
        found.sent += cut.sent
        found.accepted += cut.acked
        found.stored += cut.stored
        found.unique += cut.stored - cut.doubled
        found.lost += len(cut.lost)
        found.invented += len(cut.invented)
        in_runs += bool(cut.lost)
        damaged += bool(cut.damage)
        half_done += cut.half_done
    found.more |= {"cuts": count, "in_runs": in_runs, "damaged": damaged, "half_done": half_done}
    found.check(not damaged, f"damaged {damaged}")
    found.check(not half_done, f"half done {half_done}")
    return found
