"""Of two deduplicators on one partition only the latest claim's entries stand, and none is lost."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bus import Stored
from core.bus.register import Erased, RegisterFold, RegisterReader
from core.schema import Origin, RegisterEntry

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def claim(owner: str) -> RegisterEntry:
    return entry(-1, owner, kind="claim", topic="deduplicated")


def entry(
    offset: int, owner: str, *, topic: str = "normalized", kind: str = "complaint"
) -> RegisterEntry:
    return RegisterEntry.model_validate({
        "tenant": "kab", "kind": kind, "owner": owner, "entered_at": NOW,
        "source": Origin(topic=topic, partition=3, offset=offset),
    })  # fmt: skip


A, B = claim("a"), claim("b")
CASES = [
    ("no claim, no owner: the embedded bus", [entry(0, ""), entry(1, "")], [0, 1]),
    ("an owner's entries stand", [A, entry(0, "a"), entry(1, "a")], [1, 2]),
    ("before its claim nothing does", [entry(0, "a"), A, entry(0, "a")], [2]),
    ("a paused owner's late entry does not", [A, entry(0, "a"), B, entry(1, "a")], [1]),
    ("its successor's does", [A, entry(0, "a"), B, entry(1, "a"), entry(1, "b")], [1, 4]),
    ("nor does an unclaimed one among claims", [A, entry(0, "")], []),
    ("a repeat of one input counts once", [A, entry(0, "a"), entry(0, "a")], [1]),
    ("inputs are counted per topic", [A, entry(5, "a"), entry(0, "a", topic="decisions")], [1, 2]),
    ("who claims twice goes on under the new name", [A, B, entry(0, "a"), entry(0, "b")], [3]),
]


@pytest.mark.parametrize(("what", "entries", "stand"), CASES, ids=[c[0] for c in CASES])
def test_which_entries_stand(what: str, entries: list[RegisterEntry], stand: list[int]) -> None:
    fold = RegisterFold()
    assert [n for n, each in enumerate(entries) if fold.stands(each)] == stand, what


def test_the_end_of_the_fold_says_where_the_input_goes_on() -> None:
    fold = RegisterFold()
    for each in [A, entry(0, "a"), entry(7, "a", topic="decisions"), B, entry(9, "a")]:
        fold.stands(each)
    assert fold.positions == {("normalized", 3): 0, ("decisions", 3): 7}
    assert fold.owner == "b"


def stored(n: int, each: RegisterEntry, *, erased: bool = False) -> Stored:
    told = ("deduplicated", 3, n, each.event_id, each.to_bytes(), each.owner)
    return Erased(*told, sequence=0) if erased else Stored(*told)


def test_a_reader_that_goes_on_needs_the_owner_it_had_read() -> None:
    first = RegisterReader()
    assert first.entry(stored(0, A)) is None
    assert first.entry(stored(1, entry(0, "a"))) is not None
    assert first.owners == {3: "a"}
    goes_on = RegisterReader(first.owners)
    assert goes_on.entry(stored(2, entry(1, "a"))) is not None
    assert RegisterReader().entry(stored(2, entry(1, "a"))) is None


def test_an_erased_entry_stands_wherever_it_comes_and_keeps_its_place_in_the_input() -> None:
    reader = RegisterReader()
    entries = [stored(0, A), stored(1, B), stored(2, entry(4, "a"), erased=True)]
    assert [reader.entry(each) is not None for each in entries] == [False, False, True]
    assert reader.fold(3).positions == {("normalized", 3): 4}
    assert reader.owners == {3: "b"}


class Deduplicator:
    """One of two: it learns the past when it claims, then believes what it wrote itself."""

    def __init__(self, name: str, log: list[RegisterEntry]) -> None:
        self.name = name
        log.append(claim(name))
        fold = RegisterFold()
        self.tickets = sum(fold.stands(each) for each in log)
        self.done = {topic: fold.positions.get((topic, 3), -1) for topic in TOPICS}

    def enter(self, topic: str) -> RegisterEntry:
        self.done[topic] += 1
        self.tickets += 1
        made = entry(self.done[topic], self.name, topic=topic)
        return made.model_copy(update={"sentence": str(self.tickets)})


TOPICS = ["normalized", "decisions"]
ACTS = st.tuples(st.integers(0, 1), st.sampled_from(["claim", "wake", *TOPICS]), st.booleans())


@given(st.lists(ACTS, max_size=60))
def test_however_two_take_turns_every_ticket_is_given_once_and_no_input_skipped(
    acts: list[tuple[int, str, bool]],
) -> None:
    """Each may write what it prepared long ago, at any later moment; claims fold first."""
    log: list[RegisterEntry] = []
    living: dict[int, Deduplicator] = {}
    prepared: list[RegisterEntry] = []
    for n, (who, act, falls_asleep) in enumerate(acts):
        if act == "wake":
            log += prepared[:1]
            del prepared[:1]
        elif act == "claim" or who not in living:
            living[who] = Deduplicator(f"{who}-{n}", log)
        elif falls_asleep:
            prepared.append(living.pop(who).enter(act))
        else:
            log.append(living[who].enter(act))
    fold = RegisterFold()
    stand = [each for each in log if fold.stands(each)]
    assert [int(each.sentence) for each in stand] == list(range(1, len(stand) + 1))
    for topic in TOPICS:
        offsets = [each.source.offset for each in stand if each.source.topic == topic]
        assert offsets == list(range(len(offsets)))
