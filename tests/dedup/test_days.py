"""Constructed city-days: one problem is one case, near ones are not, a template never is one."""

from collections import Counter

from bench.dedup import day_counts
from bench.dedup_days import city_day
from dedup import Policy
from normalizer import Rules
from tests.dedup.makers import CONFIG


def test_three_days_are_grouped_as_well_as_the_bench_says() -> None:
    rules, policy = Rules.load(CONFIG, "kab-blitar", "35.05"), Policy.load(CONFIG)
    total: Counter[str] = Counter()
    for seed in (1, 2, 3):
        total += day_counts(city_day(seed), rules, policy)
    assert total["reports"] > 500
    assert total["templates"] == 0
    assert total["right"] / total["together"] >= 0.95
    assert total["right"] / total["should"] >= 0.85


def test_a_seed_gives_the_same_day() -> None:
    assert city_day(5) == city_day(5)
    assert city_day(5) != city_day(6)
