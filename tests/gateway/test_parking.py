"""What is parked keeps its bytes, unless they are too many to be kept twice."""

import pytest

from core.bus import Stored
from core.clock import FrozenClock
from core.schema import DeadLetter
from core.stage import MAX_OUTPUT_BYTES
from core.topics import MAX_RECORD_BYTES
from gateway.understanding import Parking
from tests.sink.sink_makers import START


@pytest.mark.parametrize("size", [10, MAX_OUTPUT_BYTES, MAX_OUTPUT_BYTES + 1])
def test_a_letter_always_fits_and_says_where_the_rest_is(size: int) -> None:
    record = Stored("raw", 3, 9, "ab", b"\xff" * size)
    (out,) = Parking("normalizer", FrozenClock(START)).letter(record, "tidak terbaca")
    letter = DeadLetter.model_validate_json(out.value)
    assert len(out.value) < MAX_RECORD_BYTES
    assert (letter.source.topic, letter.source.partition, letter.source.offset) == ("raw", 3, 9)
    if size <= MAX_OUTPUT_BYTES:
        assert (letter.original, letter.reason) == (record.value, "tidak terbaca")
    else:
        assert letter.original == b""
        assert letter.reason == f"tidak terbaca; isi asli {size} byte tetap di topik asalnya"
