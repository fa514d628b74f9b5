"""WhatsApp from Meta: its own examples, batches, and what belongs to an earlier message."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from core.connector import Delivery, Request
from core.errors import RejectedRequest, Unparseable
from tests.connectors.whatsapp_requests import (
    ONE,
    TWO,
    URL,
    accept,
    payload,
    read,
    said,
    signed,
    whatsapp,
)
from tests.needs import oracle


def example_file(name: str) -> bytes:
    return oracle("meta-whatsapp", name).read_bytes()


def test_metas_signature_vector_is_accepted_and_its_body_parked() -> None:
    vector = json.loads(example_file("x-hub-signature-256-vector.json"))
    request = Request(
        "POST", URL, "", {"x-hub-signature-256": vector["header"]}, vector["payload"].encode()
    )
    (raw,) = whatsapp(app_secret=vector["secret"]).accept(request).messages
    with pytest.raises(Unparseable):
        list(whatsapp().parse(raw))


def test_every_one_of_metas_examples_is_one_message() -> None:
    examples = sorted(oracle("meta-whatsapp").glob("*-message.json"))
    assert len(examples) >= 8
    for path in examples:
        (raw,) = whatsapp().accept(signed(path.read_bytes())).messages
        assert raw.body == path.read_bytes()
        (message,) = whatsapp().parse(raw)
        assert message.external_id.startswith("wamid.")
        assert message.occurred_at is not None
        assert message.sender.id == "+16505551234"


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        ("text", {"text": "Does it come in another color?"}),
        ("button", {"text": "Unsubscribe"}),
        ("interactive-list-reply", {"text": "Priority Mail Express\nNext Day to 2 Days"}),
        ("location", {"lat": 37.44221496582, "lon": -122.16165924072}),
        ("reaction", {"text": "\U0001f44d"}),
        ("system", {"text": "", "given": {"type": "system", "system": "user_changed_number"}}),
        ("image", {"text": "Taj Mahal"}),
    ],
)
def test_what_metas_examples_say(example: str, expected: Mapping[str, Any]) -> None:
    (message,) = read(whatsapp().accept(signed(example_file(f"{example}-message.json"))))
    assert {name: getattr(message, name) for name in expected} == expected


def test_metas_image_is_to_be_fetched_by_its_id() -> None:
    (message,) = read(whatsapp().accept(signed(example_file("image-message.json"))))
    (attachment,) = message.attachments
    assert (attachment.provider_id, attachment.mime) == ("1003383421387256", "image/jpeg")


def test_a_reply_names_what_it_answers() -> None:
    (message,) = read(whatsapp().accept(signed(example_file("button-message.json"))))
    assert message.reply_to == "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBJFNjk2OTMwNEZCQjhGMzUyQUYA"


def test_an_unsupported_message_is_visible() -> None:
    (message,) = read(whatsapp().accept(signed(example_file("unsupported-message.json"))))
    assert "unsupported" in message.text


def challenge(query: str, **settings: Any) -> Delivery:
    return whatsapp(**settings).accept(Request("GET", f"{URL}?{query}", query, {}, b""))


def test_metas_challenge_is_answered_with_itself() -> None:
    query = "hub.mode=subscribe&hub.challenge=11587&hub.verify_token=kata-sandi"
    assert challenge(query, verify_token="kata-sandi").reply == b"11587"


@pytest.mark.parametrize(
    ("query", "token"),
    [
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=lain", "kata-sandi"),
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=", ""),
        ("hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=kata-sandi", "kata-sandi"),
        ("", "kata-sandi"),
    ],
)
def test_another_challenge_is_refused(query: str, token: str) -> None:
    with pytest.raises(RejectedRequest):
        challenge(query, verify_token=token)


@pytest.mark.parametrize("settings", [{}, {"provider": "twilio"}])
def test_other_methods_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(RejectedRequest) as refused:
        whatsapp(**settings).accept(Request("PUT", URL, "", {}, b""))
    assert refused.value.status == 405


def test_a_batch_is_cut_oldest_first_and_each_record_holds_one_citizen() -> None:
    cards = [{"wa_id": n, "profile": {"name": name}} for n, name in ((ONE, "Sari"), (TWO, "Budi"))]
    late, early = said("w1", at=1795228209), said("w2", "banjir", 1795228200, **{"from": TWO})
    delivery = accept(payload(late, early, contacts=cards, statuses=[{"id": "w0"}]))
    assert [raw.external_id for raw in delivery.messages] == ["w2", "w1"]
    assert delivery.ignored == 1
    assert b"Sari" not in delivery.messages[0].body
    assert b"banjir" not in delivery.messages[1].body
    assert [m.sender.name for m in read(delivery)] == ["Budi", "Sari"]


def test_the_same_message_twice_in_one_body_has_one_event_id() -> None:
    delivery = accept(payload(said("w1"), said("w1")))
    assert len({raw.event_id for raw in delivery.messages}) == 1


def test_a_message_alone_and_in_a_batch_is_the_same_event() -> None:
    (alone,) = accept(payload(said("w1"))).messages
    batch = accept(payload(said("w2"), said("w1"))).messages
    assert alone.event_id in {raw.event_id for raw in batch}


def test_what_is_not_understood_is_parked_beside_its_neighbours() -> None:
    body = payload(said("w1"), "bukan objek", {"type": "text", "text": {"body": "tanpa id"}})
    body["entry"].append({"id": "2", "changes": "rusak"})
    good, odd = accept(body).messages
    assert [m.external_id for m in whatsapp().parse(good)] == ["w1"]
    assert b"tanpa id" in odd.body
    with pytest.raises(Unparseable):
        list(whatsapp().parse(odd))


@pytest.mark.parametrize(
    ("value", "ignored"),
    [
        ({"statuses": [{"id": "w1"}, {"id": "w2"}]}, 2),
        ({"errors": [{"code": 131051}]}, 1),
        ({"message_echoes": [{"id": "w1"}]}, 1),
    ],
)
def test_notices_are_counted_and_not_kept(value: dict[str, Any], ignored: int) -> None:
    delivery = accept(payload(**value))
    assert (list(delivery.messages), delivery.ignored) == ([], ignored)


def test_an_edit_is_a_version_of_its_original_and_a_withdrawal_stands_below_it() -> None:
    part = {"original_message_id": "w1", "message": {"type": "text", "text": {"body": "air hidup"}}}
    first = accept(payload(said("w1"))).messages[0]
    edit = said("w2", type="edit", edit=part)
    gone = said("w3", type="revoke", revoke={"original_message_id": "w1"})
    edited, withdrawn = accept(payload(edit, gone)).messages
    assert {first.external_id, edited.external_id, withdrawn.external_id} == {"w1"}
    assert len({first.event_id, edited.event_id, withdrawn.event_id}) == 3
    (before,), (now,), (after,) = (whatsapp().parse(raw) for raw in (first, edited, withdrawn))
    assert now.text == "air hidup"
    assert after.given["keadaan"] == "dihapus"
    assert before.edited_at is not None
    assert after.edited_at is not None
    assert after.edited_at < before.edited_at


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        (-8.1, 112.2, (-8.1, 112.2)),
        ("-8.1", "112.2", (-8.1, 112.2)),
        ("NaN", 112.2, (None, None)),
        (-91, 112.2, (None, None)),
        (True, 112.2, (None, None)),
        (None, 112.2, (None, None)),
    ],
)
def test_pins_are_numbers_or_text(latitude: Any, longitude: Any, expected: Any) -> None:
    place = {"latitude": latitude, "longitude": longitude, "name": "Pasar"}
    (message,) = read(accept(payload(said("w1", type="location", location=place))))
    assert (message.lat, message.lon) == expected
    assert message.text == "Lokasi: Pasar"


@pytest.mark.parametrize("stamp", ["", "kemarin", "-1", "99999999999999999999", None, {}])
def test_a_time_nobody_can_read_is_no_time(stamp: Any) -> None:
    (message,) = read(accept(payload(said("w1", timestamp=stamp))))
    assert message.occurred_at is None


def test_what_a_trial_secret_signed_is_simulated() -> None:
    (raw,) = accept(payload(said("w1")), whatsapp(trial=True)).messages
    assert raw.simulated
