"""Whatever Meta sends about Instagram is read or parked, and never hides a comment."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.errors import Unparseable
from core.schema import Message, RawMessage
from tests.connectors.meta_requests import (
    STAMP,
    change,
    deliver,
)
from tests.connectors.test_instagram import comment, instagram, send


def test_an_unknown_kind_never_takes_the_place_of_a_comment() -> None:
    (parked,), (kept,) = (send(instagram(), e) for e in (comment(field="baru"), comment()))
    assert parked.external_id != kept.external_id


names = st.sampled_from(
    ["id", "text", "from", "username", "media", "comment_id", "media_id", "parent_id", "timestamp",
     "caption", "mentioned_comment", "mentioned_media", "permalink", "hidden", "message", "mid"]
)  # fmt: skip
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["\ud83d", str(STAMP), "9999-12-31T23:59:59-1200"])
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=12,
)
fields = st.sampled_from(["comments", "live_comments", "mentions", "messages", "baru"])
tables = st.dictionaries(names, values, max_size=8)


@given(tables, fields, scalars, tables)
def test_whatever_is_stored_is_read_or_parked(value: Any, field: str, time: Any, told: Any) -> None:
    channel = instagram()
    for raw in deliver(channel, change(value, field, time), product="instagram").messages:
        assert RawMessage.model_validate_json(raw.to_bytes()) == raw
        body = json.dumps(json.loads(raw.body) | {"graph": told}).encode()
        for stored in (raw, raw.model_copy(update={"body": body})):
            try:
                found = list(channel.parse(stored))
            except Unparseable:
                continue
            assert all(Message.model_validate_json(m.to_bytes()) == m for m in found)
