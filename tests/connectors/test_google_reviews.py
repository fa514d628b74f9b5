"""Google reviews through Google's own client library, against a provider on loopback."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.google_reviews import Settings, build
from connectors.google_reviews.memory import Memory
from connectors.google_reviews.review import original
from core.clock import FrozenClock
from core.connector import Context
from core.errors import ConfigError, RetryLater, Unparseable
from core.schema import Message, RawMessage
from tests.connectors.fake_http import Answer
from tests.connectors.google_fake import (
    LOCATION,
    MINUTE,
    NOW,
    OTHER,
    Office,
    document,
    names,
    opened,
    refusal,
    several,
)

DAY = timedelta(days=1)
OURS = Path(__file__).parents[2] / "connectors" / "google_reviews" / "mybusiness_v4.json"


@pytest.fixture
def office() -> Iterator[Office]:
    with opened() as made:
        yield made


def test_our_document_is_a_part_of_googles() -> None:
    ours, google = json.loads(OURS.read_text()), document()
    for key in ("id", "name", "version", "rootUrl", "servicePath", "protocol"):
        assert ours[key] == google[key]
    methods, theirs = (
        found["resources"]["accounts"]["resources"]["locations"]["resources"]["reviews"]["methods"]
        for found in (ours, google)
    )
    assert set(methods) == {"list", "get"}
    assert within(methods, theirs) == []
    assert within(ours["schemas"], google["schemas"]) == []


def within(part: Any, whole: Any, at: str = "") -> list[str]:
    """Name what a part says that the whole does not."""
    if not isinstance(part, dict):
        return [] if part == whole else [at]
    missing = [f"{at}/{key}" for key in part if key not in whole]
    return missing + [
        slip
        for key in part.keys() & whole.keys()
        for slip in within(part[key], whole[key], f"{at}/{key}")
    ]


def test_the_first_turn_takes_the_past_oldest_first_and_the_next_nothing(office: Office) -> None:
    written = several(office.business, 120, NOW - MINUTE)
    office.business.say("lama", "dua tahun lalu", NOW - 700 * DAY)
    first = office.turn()
    assert names(first) == written
    assert all(raw.history for raw in first)
    assert [office.read(raw).external_id for raw in first] == [raw.external_id for raw in first]
    assert office.turn() == []
    office.business.say("baru", "baru saja", NOW)
    (new,) = office.turn()
    assert (new.external_id, new.history) == ("locations/202/reviews/baru", False)


def test_a_crash_before_the_cursor_is_kept_repeats_the_same_events(office: Office) -> None:
    several(office.business, 120, NOW - MINUTE)
    lost = office.turn()
    office.cursor = None
    assert [raw.event_id for raw in office.turn()] == [raw.event_id for raw in lost]


def test_an_edit_is_a_version_of_the_same_review(office: Office) -> None:
    several(office.business, 3, NOW - 30 * DAY)
    first = {raw.external_id: raw for raw in office.turn()}
    office.business.say("R001", "keluhan 1, sudah lebih baik", NOW)
    (edited,) = office.turn()
    before, after = office.read(first[edited.external_id]), office.read(edited)
    assert before.external_id == after.external_id
    assert edited.version == "2026-11-21T01:30:00Z"
    assert (after.edited_at, after.occurred_at) == (NOW, before.occurred_at)
    assert before.edited_at is None


def test_what_was_listed_late_is_taken(office: Office) -> None:
    several(office.business, 3, NOW)
    office.business.unlisted = {"R001"}
    assert names(office.turn()) == ["R000", "R002"]
    office.business.unlisted = set()
    assert names(office.turn()) == ["R001"]


def test_the_daily_sweep_takes_what_every_walk_missed(office: Office) -> None:
    several(office.business, 60, NOW - MINUTE)
    office.business.unlisted = {"R030"}
    office.turn()
    office.clock.at = NOW + timedelta(hours=3)
    office.business.say("baru", "baru", office.clock.at)
    assert names(office.turn()) == ["baru"]
    # It is listed with a time hours behind the mark: only the next day's sweep goes there.
    office.business.unlisted, office.business.page = set(), 5
    assert office.turn() == []
    office.clock.at = NOW + DAY
    assert names(office.turn()) == ["R030"]


def test_a_vanished_review_is_told_once_and_keeps_its_words(office: Office) -> None:
    several(office.business, 3, NOW - 2 * DAY)
    office.turn()
    del office.business.places[LOCATION]["R001"]
    office.business.unlisted = {"R002"}  # left out of the list, but there
    assert office.turn() == []  # swept today already
    office.clock.at = NOW + DAY
    (gone,) = office.turn()
    message = office.read(gone)
    assert message.external_id == "locations/202/reviews/R001"
    assert (message.text, message.given) == ("", {"keadaan": "dihapus"})
    # Older than any version with words, so that those stay on top.
    assert message.edited_at == datetime(1970, 1, 1, tzinfo=UTC)
    office.clock.at = NOW + 2 * DAY
    assert office.turn() == []
    office.business.say("R001", "ditulis lagi", office.clock.at)
    assert names(office.turn()) == ["R001"]


def test_a_sweep_that_breaks_off_is_made_again(office: Office) -> None:
    several(office.business, 3, NOW - 2 * DAY)
    office.turn()
    office.business.places[LOCATION].clear()
    office.clock.at = NOW + DAY
    plain = office.business.answer
    refuse = [False]

    def breaking(asked: Any) -> Answer:
        refuse[0] = refuse[0] or asked.path.endswith("R001")
        return refusal(503, "UNAVAILABLE") if refuse[0] else plain(asked)

    office.fake.answer = breaking
    with pytest.raises(RetryLater):
        office.turn()
    office.fake.answer = plain
    assert sorted(names(office.turn())) == ["R000", "R001", "R002"]


def test_a_place_that_is_refused_does_not_stop_the_others(office: Office) -> None:
    several(office.business, 2, NOW)
    channel = office.channel(locations=[OTHER, LOCATION])
    with pytest.raises(RetryLater, match=f"{OTHER} \\(HTTP 403\\)") as raised:
        office.turn(channel)
    assert raised.value.after == 900
    assert len(Memory.load(office.cursor).places[LOCATION].known) == 2
    office.business.places = {}
    with pytest.raises(ConfigError, match=LOCATION):
        office.turn(channel)


def test_a_place_named_later_brings_its_past_as_history(office: Office) -> None:
    several(office.business, 1, NOW)
    office.turn()
    office.business.say("X1", "lama", NOW - 90 * DAY, OTHER)
    (raw,) = office.turn(office.channel(locations=[LOCATION, OTHER]))
    assert (raw.external_id, raw.history) == ("locations/303/reviews/X1", True)


def test_a_time_in_the_future_does_not_make_the_channel_deaf(office: Office) -> None:
    office.business.say("besok", "jam salah", NOW + 9 * DAY)
    office.turn()
    office.business.say("R1", "jalan rusak", NOW)
    assert names(office.turn()) == ["R1"]


@pytest.mark.parametrize("cursor", ["", "x", "[]", '{"a": 1}', '{"a": {"known": {"x": "y"}}}'])
def test_a_cursor_from_elsewhere_is_an_empty_memory(cursor: str) -> None:
    assert Memory.load(cursor) == Memory()


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("  (Original) itu nama warung  ", "  (Original) itu nama warung  "),
        ("(Translated by Google) x\n\n(Original)\nasli", "asli"),
        ("asli\n\n(Translated by Google)\nx", "asli"),
        ("(Translated by Google) hanya ini", "(Translated by Google) hanya ini"),
        ("", ""),
    ],
)
def test_the_words_are_the_writers_own(comment: str, expected: str) -> None:
    assert original(comment) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["name", "reviewId", "reviewer", "displayName", "isAnonymous", "comment",
                         "starRating", "createTime", "updateTime", "reviewReply", "keadaan",
                         "reviewMediaItems", "googleUrl", "reviewReplyUrl"]), inner, max_size=8),
    max_leaves=20,
)  # fmt: skip


@given(JSON, st.sampled_from(["application/json", "text/csv; row=json"]))
def test_whatever_is_stored_is_read_or_parked(value: Any, kind: str) -> None:
    context = Context("t", ZoneInfo("UTC"), Path(), b"", FrozenClock(NOW))
    raw = RawMessage(
        tenant="t", channel="google_reviews", external_id="x", body=json.dumps(value).encode(),
        headers={"content-type": kind}, received_at=NOW,
    )  # fmt: skip
    try:
        (message,) = build(Settings(), context).parse(raw)
    except Unparseable:
        return
    assert Message.model_validate_json(message.to_bytes()) == message
