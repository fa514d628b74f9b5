"""The books: every raw message has one fate, counted once, whatever is offered again."""

from pathlib import Path
from typing import Any

from core.bus import Batch, Stored
from core.clock import FrozenClock
from core.schema import RegisterEntry
from core.state import Tallies
from sink import Sink, books
from sink.reader import Reader
from tests.sink.sink_makers import START, TENANT, complaint, entry, heads, letter


def raw(number: int, **given: Any) -> Any:
    return complaint(number, **({"channel": "sms", "raw_id": f"raw{number}"} | given))


def told(offset: int, node: str = "bus", **counts: int) -> Stored:
    record = Tallies(tenant=TENANT, channel="sms", node=node, counts=counts, at=START)
    return Stored("books", 0, offset, f"b{offset}", record.to_bytes(), record.key)


def write(sink: Sink, *records: Stored) -> None:
    sink.handle(Batch(list(records), {}, heads(list(records))))


def page(sink: Sink, data: Path, clock: FrozenClock) -> dict[str, int]:
    sink.maybe_publish(clock.at.replace(year=2027))
    (found,) = (p for p in books.pages(Reader(data, "analyst"), TENANT) if p.channel == "sms")
    names = ("received", "stored", "redelivered", "ignored", "parked", "in_flight")
    return {name: getattr(found, name) for name in names if getattr(found, name)}


def test_the_books_balance(sink: Sink, tmp_path: Path, clock: FrozenClock) -> None:
    records = [
        entry(raw(1), 0),
        entry(raw(2), 1),
        # The second message of the same raw is no second raw.
        entry(raw(3, raw_id="raw2", raw_first=False), 2),
        entry(raw(4, stub=True), 3),
        entry(raw(1), 4, relation="redelivered"),
        # New rules read an old message again: the books have it.
        entry(raw(1), 5, relation="edited", reread=True),
        letter(0),
        told(0, received=4, redelivered=1, ignored=1),
        told(1, received=9, redelivered=2, ignored=1),
    ]
    write(sink, *records)
    # A crash offers the batch again.
    write(sink, *records)
    assert page(sink, tmp_path, clock) == {
        "received": 9, "stored": 2, "redelivered": 3, "ignored": 1, "parked": 2, "in_flight": 1,
    }  # fmt: skip
    write(sink, told(2, node="other", received=3, redelivered=1))
    found = page(sink, tmp_path, clock)
    assert (found["received"], found["redelivered"], found["in_flight"]) == (12, 4, 3)


def test_a_stub_that_is_read_after_all_is_parked_no_more(
    sink: Sink, tmp_path: Path, clock: FrozenClock
) -> None:
    write(sink, entry(raw(1, stub=True), 0))
    assert page(sink, tmp_path, clock) == {"parked": 1, "in_flight": -1}
    write(sink, entry(raw(1, rules_version="r2"), 1, relation="edited", reread=True))
    assert page(sink, tmp_path, clock) == {"stored": 1, "in_flight": -1}
    # A later version of it is another raw message, with its own fate.
    write(sink, entry(raw(1, raw_id="raw9"), 2, relation="edited"))
    assert page(sink, tmp_path, clock) == {"stored": 2, "in_flight": -2}


def test_an_entry_keeps_whether_it_was_reread() -> None:
    record = RegisterEntry.model_validate_json(entry(raw(1), 0, reread=True).value)
    assert record.reread


def test_a_stub_and_its_rereading_in_one_batch_are_stored_once(
    sink: Sink, tmp_path: Path, clock: FrozenClock
) -> None:
    again = raw(1, rules_version="r2")
    write(
        sink,
        entry(raw(1, stub=True), 0),
        entry(again, 1, relation="edited", reread=True),
        # Understood once more: there is no stub left to come back from.
        entry(raw(1, rules_version="r3"), 2, relation="edited", reread=True),
    )
    assert page(sink, tmp_path, clock) == {"stored": 1, "in_flight": -1}
