"""What dedup remembers for ever, and what leaves with the window."""

import tracemalloc
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.ids import case_id, complaint_id
from core.schema import Origin, RegisterEntry
from dedup import fingerprint, tickets
from dedup.idtable import IdTable, key_of
from dedup.index import Near
from dedup.register import Register
from dedup.versions import Seen, Versions
from tests.dedup.makers import START, enter, policy, sequencer, told

DAY = 24 * 60
HOLE = "Jalan berlubang di depan balai desa Minggirsari banyak pengendara jatuh"


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=60))
def test_an_id_table_numbers_like_a_dict(keys: list[bytes]) -> None:
    table, numbers = IdTable(), dict[bytes, int]()
    for key in keys:
        assert table.find(key) == numbers.get(key, -1)
        assert table.add(key) == numbers.setdefault(key, len(numbers))
    assert [table.key(n) for n in range(len(table))] == list(numbers)


def test_an_id_table_grows_and_forgets_nothing() -> None:
    table = IdTable()
    keys = [key_of(complaint_id("t", "sms", "", str(n))) for n in range(5000)]
    assert [table.add(key) for key in keys] == list(range(5000))
    assert [table.find(key) for key in keys] == list(range(5000))
    assert table.find(key_of("lain")) == -1


def test_only_a_canonical_uuid_is_its_own_key() -> None:
    name = complaint_id("t", "sms", "", "1")
    assert key_of(name).hex() == name.replace("-", "")
    others = [name.upper(), name.replace("-", ""), name[:-1] + " ", "x" * 36, ""]
    assert len({key_of(text) for text in (name, *others)}) == len(others) + 1


def test_every_version_is_remembered() -> None:
    versions = Versions()
    for version, rules in (("v1", "r1"), ("v2", "r1"), ("v1", "r2")):
        versions.add(0, version, rules)
    versions.add(1, "v9", "r1")
    seen = {
        (v, r): versions.compare(0, v, r) for v in ("v1", "v2", "v9") for r in ("r1", "r2", "r3")
    }
    assert [k for k, s in seen.items() if s is Seen.AGAIN] == [
        ("v1", "r1"), ("v1", "r2"), ("v2", "r1"),
    ]  # fmt: skip
    assert {k[0] for k, s in seen.items() if s is Seen.OTHER} == {"v9"}


def test_a_complaint_costs_little_for_ever() -> None:
    """Ids, versions, ticket, case and raw message, once it has left the window."""
    register, first, count = Register(policy()), told(1, HOLE, ticket_no="BLT-000001-3"), 3000
    tracemalloc.start()
    for number in range(count):
        name = complaint_id("t", "sms", "", str(number))
        given_ = {"complaint_id": name, "raw_id": f"{number:032x}"}
        entry = RegisterEntry(
            tenant=first.tenant, kind="complaint", entered_at=START, case_id=case_id(name),
            source=Origin(topic="normalized", partition=0, offset=number), relation="opened",
        )  # fmt: skip
        register.enter(entry, first.model_copy(update=given_), None)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(register) == count
    assert used / count <= 160


def index(*days: float) -> Near:
    rules = policy()
    near = Near(rules)
    for number, day in enumerate(days):
        tree = told(number, HOLE, minutes=int(day * DAY), kategori="pohon")
        read = fingerprint.read(tree, number, rules)
        near.add(read)
    return near


def test_what_the_window_has_passed_leaves_the_index() -> None:
    assert len(index(0, 0.5, 3, 9)) == 2
    # What comes in too late to be compared does not enter.
    assert len(index(30, 3, 29)) == 2


def test_a_clock_that_runs_ahead_empties_no_window() -> None:
    ahead = told(2, "Sampah menumpuk", occurred_at=START + timedelta(days=4000))
    entries = enter(sequencer(), told(1, HOLE), ahead, told(3, HOLE))
    assert entries[2].relation == "joined"


def test_an_edit_takes_the_place_of_what_was_known() -> None:
    lamp = "Lampu penerangan mati di depan balai desa Minggirsari"
    edited = told(1, lamp, version="v2", kategori="pju", raw_id="e" * 32)
    made = sequencer()
    entries = enter(made, told(1, HOLE), edited, told(2, HOLE), told(3, lamp, kategori="pju"))
    assert [e.relation for e in entries] == ["opened", "edited", "opened", "joined"]


def test_an_older_version_that_comes_late_changes_nothing_near() -> None:
    lamp = "Lampu penerangan mati di depan balai desa Minggirsari"
    newest = told(1, HOLE, version="v3", edited_at=START + timedelta(hours=3))
    older = told(1, lamp, version="v2", edited_at=START + timedelta(hours=2), raw_id="e" * 32)
    assert enter(sequencer(), newest, older, told(2, HOLE))[2].relation == "joined"


def test_damm_is_what_was_published() -> None:
    """A Latin square with a zero diagonal, totally anti-symmetric."""
    step = {(a, b): int(tickets._DAMM[a][b]) for a in range(10) for b in range(10)}
    tens = set(range(10))
    for a in tens:
        assert {step[a, b] for b in tens} == {step[b, a] for b in tens} == tens
        assert step[a, a] == 0
        for b in tens:
            for c in tens - {b}:
                assert step[step[a, b], c] != step[step[a, c], b]
    assert tickets.check_digit("572") == "4"
