"""Meta's times and ids, which come in two units and two types."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Unparseable
from core.meta import ident, moment, read, split

AT = datetime(2026, 11, 21, 1, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (1795224000, AT),
        ("1795224000", AT),
        (1795224000000, AT),
        ("1795224000000", AT),
        (1795224000345, AT.replace(microsecond=345_000)),
        (1795224000.5, AT.replace(microsecond=500_000)),
        (0, None),
        (True, None),
        (None, None),
        ("kemarin", None),
        (float("nan"), None),
        (float("inf"), None),
        (10**30, None),
        (-1, None),
        ({}, None),
    ],
)
def test_seconds_and_milliseconds_are_told_apart(written: object, at: datetime | None) -> None:
    assert moment(written) == at


@given(st.datetimes(datetime(2005, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)))
def test_both_units_name_the_same_second(at: datetime) -> None:
    second = int(at.timestamp())
    assert moment(second) == moment(second * 1000) == at.replace(microsecond=0)


@pytest.mark.parametrize(
    ("written", "found"), [("7", "7"), (7, "7"), (2**70, str(2**70)), (True, ""), (1.5, "")]
)
def test_an_id_is_a_text(written: object, found: str) -> None:
    assert ident(written) == found


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"5",
        b"{}",
        b'{"entry": {}}',
        b'{"entry": [{}, {}]}',
        b'{"entry": [{"changes": [{"value": {}}]}]}',
        b'{"entry": [{"messaging": [1]}]}',
        b"[" * 100_000,
    ],
)
def test_what_holds_no_single_event_is_unparseable(body: bytes) -> None:
    with pytest.raises(Unparseable):
        read(body)


def test_a_split_event_keeps_its_envelope() -> None:
    body = b'{"object": "page", "entry": [{"id": 1, "time": 1795224000, "changes": [{"field": "a"}'
    body += b', {"field": "b", "value": {"id": 12345678901234567890}}]}]}'
    first, second = (read(part) for part in split(body))
    assert (first.account, first.at, first.field) == ("1", AT, "a")
    assert second.value == {"id": 12345678901234567890}


def test_one_event_alone_is_kept_byte_for_byte() -> None:
    body = b'{ "object": "page",\n "entry": [{"changes": [{"field": "a"}]}] }'
    assert split(body) == [body]
