"""Several processes on one log: one event is stored once, and a stage shares its work."""

from contextlib import ExitStack
from pathlib import Path

from tests.contract.bus_engines import event
from tests.core.bus.workers import Worker, read_all, working


def test_the_same_events_published_by_two_processes_at_once_are_stored_once(
    tmp_path: Path,
) -> None:
    log, count = tmp_path / "log.sqlite", 300
    with working("same", log, count) as one, working("same", log, count) as two:
        for worker in (one, two):
            assert worker.line() == "ready"
        for worker in (one, two):
            worker.tell()
        new = [int(worker.line()) for worker in (one, two)]
    assert sum(new) == count
    found = read_all(log)
    assert len({r.event_id for r in found}) == len(found) == count


def handled(worker: Worker, count: int) -> None:
    """Wait until a member has committed so many records."""
    while count > 0:
        count -= int(worker.line())


def test_members_in_processes_share_the_work_and_a_killed_one_is_replaced_at_once(
    tmp_path: Path,
) -> None:
    log, count = tmp_path / "log.sqlite", 600
    with ExitStack() as stack:
        members = [stack.enter_context(working("stage", log, n)) for n in range(3)]
        for member in members:
            assert member.line() == "ready"
        publisher = stack.enter_context(working("publish", log, count))
        # Everyone has a share, so everyone commits something; then one is killed in its work.
        for member in members:
            handled(member, 20)
        members[1].kill()
        # It comes back under its name; the two others have gone on with its partitions.
        again = stack.enter_context(working("stage", log, 1))
        assert again.line() == "ready"
        assert len(publisher.rest()) == count
        wait_for(log, count)
    found = [r.event_id for r in read_all(log, "normalized")]
    assert sorted(found) == sorted(event(n).event_id for n in range(count))


def wait_for(log: Path, count: int) -> None:
    """Wait until the stage has put out so many records (the test's own limit ends it)."""
    while len(read_all(log, "normalized")) < count:
        pass
