"""Token buckets: fair, exact about the wait, bounded in memory."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.rate import Buckets


@given(
    st.lists(st.floats(0, 60), max_size=60),
    st.floats(0.5, 600),
    st.integers(1, 20),
)
def test_never_more_than_the_rate_and_the_burst(
    pauses: list[float], per_minute: float, burst: int
) -> None:
    now = [0.0]
    buckets = Buckets(lambda: now[0])
    taken = 0
    for pause in pauses:
        now[0] += pause
        after = buckets.take("a", per_minute, burst)
        taken += not after
        if after:
            now[0] += after + 1e-6  # what rounding of the clock may swallow
            assert buckets.take("a", per_minute, burst) == 0, "the told wait was long enough"
            taken += 1
    assert taken <= burst + now[0] * per_minute / 60 + 1e-6


def test_addresses_do_not_share_and_the_oldest_is_forgotten() -> None:
    buckets = Buckets(lambda: 0.0, most=3)
    assert [buckets.take("a", 1, 1), buckets.take("a", 1, 1), buckets.take("b", 1, 1)] == [0, 60, 0]
    for n in range(100):
        buckets.take(str(n), 1, 1)
    assert len(buckets) == 3
