"""Measures dedup: labelled pairs, constructed city-days, speed and memory, beside baselines.

.venv/bin/python bench/dedup.py pairs --data ../shared/data/lapor2017_mit
.venv/bin/python bench/dedup.py days --seeds 10
.venv/bin/python bench/dedup.py speed --open 10000 100000 1000000
"""

import argparse
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.dedup_days import Report, city_day
from bench.dedup_load import load
from bench.dedup_pairs import measure
from core.schema import Origin
from dedup import Policy
from dedup.lines import enter
from dedup.register import Register
from normalizer import Envelope, Rules, normalize

CONFIG = Path(__file__).parents[1] / "config"


def main() -> None:
    """Run what is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_subparsers(dest="which", required=True)
    pairs = which.add_parser("pairs", help="labelled pairs of real reports")
    pairs.add_argument("--data", type=Path, required=True)
    days = which.add_parser("days", help="constructed city-days")
    days.add_argument("--seeds", type=int, default=5)
    speed = which.add_parser("speed", help="complaints per second and memory")
    speed.add_argument("--open", type=int, nargs="+", default=[10_000, 100_000])
    given = parser.parse_args()
    if given.which == "pairs":
        measure(given.data, CONFIG)
    elif given.which == "days":
        _days(given.seeds)
    else:
        for count in given.open:
            _speed(count)


def _source(number: int) -> Origin:
    return Origin(topic="bench", partition=0, offset=number)


def _days(seeds: int) -> None:
    rules, policy = Rules.load(CONFIG, "kab-blitar", "35.05"), Policy.load(CONFIG)
    total: Counter[str] = Counter()
    for seed in range(1, seeds + 1):
        counts = day_counts(city_day(seed), rules, policy)
        total += counts
        print(f"hari {seed}: {_line(counts)}")
    print(f"semua: {_line(total)}")


def day_counts(reports: Iterable[Report], rules: Rules, policy: Policy) -> Counter[str]:
    """Count the pairs of a day that are together, that should be, and the templates merged."""
    register = Register(policy)
    cases: defaultdict[str, list[Report]] = defaultdict(list)
    suggested: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for number, report in enumerate(reports):
        at = report.message.occurred_at
        assert at is not None
        envelope = Envelope("kab-blitar", report.channel, "", at)
        complaint = normalize(report.message, envelope, rules, b"bench")
        placement = enter(register, complaint, _source(number))
        cases[placement.case_id].append(report)
        suggested[placement.relation] += 1
    incidents = Counter(r.incident for members in cases.values() for r in members)
    counts["should"] = sum(n * (n - 1) // 2 for n in incidents.values())
    for members in cases.values():
        for one, other in combinations(members, 2):
            counts["together"] += 1
            counts["right"] += one.incident == other.incident
        merged = {r.template for r in members if r.template and len(members) > 1}
        counts["templates"] += len(merged)
    counts["reports"], counts["cases"] = sum(incidents.values()), len(cases)
    counts["suggested"] = suggested["suggested"]
    return counts


def _line(counts: Counter[str]) -> str:
    precision = counts["right"] / max(1, counts["together"])
    recall = counts["right"] / max(1, counts["should"])
    return (
        f"laporan {counts['reports']}, kasus {counts['cases']}, saran {counts['suggested']}, "
        f"precision {precision:.3f}, recall {recall:.3f}, templat tergabung {counts['templates']}"
    )


def _speed(count: int) -> None:
    """Enter complaints until so many are open, then measure the next ones."""
    register = Register(Policy.load(CONFIG))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent = 0.0
    outcomes: Counter[str] = Counter()
    for number, complaint in enumerate(load(count + 5_000, count)):
        started = time.process_time()
        outcomes[enter(register, complaint, _source(number)).relation] += 1
        if number >= count:
            spent += time.process_time() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"terbuka {len(register.near):>9,}: {5_000 / spent:>6,.0f} laporan/detik, "
        f"{spent / 5_000 * 1e6:.0f} us/laporan, {grown:,.0f} MiB, {dict(outcomes)}"
    )


if __name__ == "__main__":
    main()
