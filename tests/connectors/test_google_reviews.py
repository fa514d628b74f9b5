"""Google reviews through Google's own client library, against a provider on loopback."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.google_reviews import Settings, build
from connectors.google_reviews.connector import GoogleReviews
from connectors.google_reviews.memory import Memory
from connectors.google_reviews.review import original
from core.clock import FrozenClock
from core.connector import Context
from core.errors import ConfigError, GatewayError, RetryLater, Unparseable
from core.schema import Message, RawMessage
from tests.connectors.fake_http import Answer, Provider, provider, reply
from tests.connectors.google_fake import LOCATION, Business, document, refusal

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
OTHER = "accounts/101/locations/303"
OURS = Path(__file__).parents[2] / "connectors" / "google_reviews" / "mybusiness_v4.json"


class Office:
    """A channel and the Google it asks; `turn` is what the runner would do."""

    def __init__(self, fake: Provider, business: Business) -> None:
        self.fake, self.business, self.clock = fake, business, FrozenClock(NOW)
        self.cursor: str | None = None

    def channel(self, **more: Any) -> GoogleReviews:
        settings = {
            "client_id": "id", "client_secret": "rahasia", "refresh_token": "segar",
            "locations": [LOCATION], "api_base": self.fake.url,
            "sign_in_url": f"{self.fake.url}/token",
        }  # fmt: skip
        context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", self.clock)
        made = build(Settings.model_validate(settings | more), context)
        assert isinstance(made, GoogleReviews)
        return made

    def turn(self, channel: GoogleReviews | None = None) -> list[RawMessage]:
        """Take a turn and keep messages and cursor of every page that came."""
        found: list[RawMessage] = []

        async def pages() -> None:
            async for page in (channel or self.channel()).fetch(self.cursor):
                found.extend(page.messages)
                self.cursor = page.cursor

        asyncio.run(pages())
        return found

    def read(self, raw: RawMessage) -> Message:
        (message,) = self.channel().parse(raw)
        return message


@pytest.fixture
def office() -> Iterator[Office]:
    with opened() as made:
        yield made


@contextmanager
def opened() -> Iterator[Office]:
    business = Business()
    with provider(business.answer) as fake:
        yield Office(fake, business)


def several(business: Business, count: int, until: datetime) -> list[str]:
    names = [f"R{n:03}" for n in range(count)]
    for n, name in enumerate(names):
        business.say(name, f"keluhan {n}", until - (count - 1 - n) * MINUTE)
    return names


def names(raws: list[RawMessage]) -> list[str]:
    return [raw.external_id.rpartition("/")[2] for raw in raws]


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


TROUBLES: list[tuple[str, Answer, type[GatewayError], float | None, str]] = [
    ("429", refusal(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"), RetryLater, 60, "jeda"),
    ("quota 0", refusal(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", quota_limit_value="0"),
     ConfigError, None, "belum disetujui"),
    ("off", refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED"), ConfigError, None, "dinyalakan"),
    ("scope", refusal(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
     ConfigError, None, "business.manage"),
    ("500", refusal(500, "INTERNAL"), RetryLater, None, "500"),
    ("503", reply({}, 503, retry_after="120"), RetryLater, 120, "503"),
    ("400", refusal(400, "INVALID_ARGUMENT"), RetryLater, None, "400"),
    ("cut", Answer(b"{" * 4000, fate="cut"), RetryLater, None, "dihubungi"),
    ("silent", Answer(fate="silent"), RetryLater, None, "dihubungi"),
    ("portal", Answer(b"<html>login</html>"), RetryLater, None, "dihubungi"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "kind", "after", "word"), [pytest.param(*t[1:], id=t[0]) for t in TROUBLES]
)
def test_trouble_says_what_the_runner_does_next_and_loses_nothing(
    answer: Answer, kind: type[GatewayError], after: float | None, word: str
) -> None:
    with opened() as office:
        written = several(office.business, 60, NOW - MINUTE)
        office.business.refusals = [answer]
        with pytest.raises(kind) as raised:
            office.turn(office.channel(timeout=0.2))
        assert word in str(raised.value)
        assert "RAHASIA" not in str(raised.value)
        if isinstance(raised.value, RetryLater):
            assert raised.value.after == after
        assert names(office.turn()) == written


@pytest.mark.parametrize(
    ("answer", "kind", "word"),
    [
        (reply({"error": "invalid_grant"}, 400), ConfigError, "refresh_token"),
        (reply({"error": "invalid_client"}, 401), ConfigError, "client_secret"),
        (reply({"error": "mengejutkan"}, 400), ConfigError, "401"),
        (Answer(b"<html>", 502), RetryLater, "layanan masuk"),
        (Answer(fate="silent"), RetryLater, "dihubungi"),
    ],
)
def test_a_sign_in_that_fails_says_why(answer: Answer, kind: type[GatewayError], word: str) -> None:
    with opened() as office:
        # The library itself tries a broken sign-in again.
        office.business.sign_ins = [answer] * 9
        with pytest.raises(kind, match=word):
            office.turn(office.channel(timeout=0.2))


def test_a_try_of_the_keys_asks_each_place_once(office: Office) -> None:
    office.business.places[OTHER] = {}
    channel = office.channel(locations=[LOCATION, OTHER])
    assert "2 lokasi" in asyncio.run(channel.probe())
    assert [a.query["pageSize"] for a in office.fake.asked if a.path != "/token"] == ["1", "1"]
    with pytest.raises(RetryLater, match="404"):
        asyncio.run(office.channel(locations=[LOCATION, "accounts/1/locations/404"]).probe())


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
