"""The pause between two tries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backoff import backoff


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0.5), (1, 0.5), (2, 1.0), (3, 2.0), (8, 30.0), (2_000, 30.0)]
)
def test_a_pause_doubles_up_to_its_limit(failures: int, seconds: float) -> None:
    assert backoff(0.5, failures, 30.0) == seconds


@given(st.integers(0, 10**12))
def test_no_outage_is_too_long(failures: int) -> None:
    assert 0.5 <= backoff(0.5, failures, 30.0) <= backoff(0.5, failures + 1, 30.0) <= 30.0
