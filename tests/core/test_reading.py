"""Whatever a provider's JSON holds, reading it gives something that can be stored."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Unparseable
from core.reading import dump, load, moment, rows, table, word

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=8,
)


@given(ANY)
def test_any_value_is_read_as_something(value: Any) -> None:
    word(value).encode()
    assert isinstance(table(value), dict)
    assert all(isinstance(row, dict) for row in rows(value))
    found = moment(value)
    assert found is None or found.tzinfo is UTC


@given(st.dictionaries(st.text(st.characters()), ANY))
def test_what_is_written_is_read_again(value: dict[str, Any]) -> None:
    # NaN is not itself, so the text is compared.
    assert dump(load(dump(value))) == dump(value)


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_unparseable(body: bytes) -> None:
    with pytest.raises(Unparseable):
        load(body)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("2026-11-20T01:02:03Z", datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)),
        ("2026-11-20T01:02:03.123456789Z", datetime(2026, 11, 20, 1, 2, 3, 123456, tzinfo=UTC)),
        ("2026-11-20T08:02:03+07:00", datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)),
        ("2018-02-23T21:32:16+0000", datetime(2018, 2, 23, 21, 32, 16, tzinfo=UTC)),
        ("2026-11-20T01:02:03", datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("kemarin", None),
        (1_700_000_000, None),
    ],
)
def test_a_time_is_utc_or_none(given_: object, expected: datetime | None) -> None:
    assert moment(given_) == expected


def test_half_a_character_is_replaced() -> None:
    assert word(json.loads('"a\\ud800b"')) == "a?b"
