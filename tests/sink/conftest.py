"""A sink over a temporary folder, with a clock that stands still."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.clock import FrozenClock
from sink import Sink
from tests.sink.sink_makers import START, TENANT


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(START)


@pytest.fixture
def sink(tmp_path: Path, clock: FrozenClock) -> Iterator[Sink]:
    made = Sink(tmp_path, {TENANT: ZoneInfo("Asia/Jakarta")}, {TENANT: b"analysts"}, clock)
    yield made
    made.close()
