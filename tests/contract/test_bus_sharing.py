"""However members come, work, sleep on a batch and go: no partition is ever in two hands."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.bus import Batch, Consumer, Stored
from tests.contract.bus_engines import ENGINES, HOLDS, Engine, House, event, play

NAMES = ("a", "b", "c")
ALL = frozenset(range(12))

steps = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.lists(st.integers(0, 60), max_size=8)),
        st.tuples(st.sampled_from(["join", "leave", "take", "commit"]), st.sampled_from(NAMES)),
    ),
    max_size=30,
)
Step = tuple[str, str | list[int]]


@dataclass
class Member:
    """A member as the test drives it: what it was told it owns, and what it has in hand."""

    consumer: Consumer
    owned: frozenset[int] = frozenset()
    in_hand: Batch = field(default_factory=Batch)

    async def take(self) -> None:
        self.in_hand = await self.consumer.take(3, 0.0)
        assert self.in_hand.lost <= self.owned
        self.owned -= self.in_hand.lost
        assert not self.in_hand.gained & self.owned
        self.owned |= self.in_hand.gained
        assert {r.partition for r in self.in_hand.records} <= self.owned


@dataclass
class Office:
    """The members at work, and what all of them together have committed, in order."""

    house: House
    members: dict[str, Member] = field(default_factory=dict)
    done: list[Stored] = field(default_factory=list)
    sent: set[int] = field(default_factory=set)

    async def step(self, what: str, who: str | list[int]) -> None:
        if isinstance(who, list):
            self.sent.update(who)
            await self.house.bus.publish([event(n, partition=n % 12) for n in who])
        elif what == "join" and who not in self.members:
            consumer = await self.house.bus.subscribe("g", ["raw"], member=who)
            self.members[who] = Member(consumer)
        elif what == "leave" and who in self.members:
            await self.members.pop(who).consumer.close()
        elif who in self.members and what in ("take", "commit"):
            await self.work(self.members[who], what)

    async def work(self, member: Member, what: str) -> None:
        if what == "take":
            await member.take()
        elif member.in_hand.records:
            await member.consumer.commit(member.in_hand, [])
            self.done += member.in_hand.records
            member.in_hand = Batch()

    def check(self) -> None:
        held = [part for member in self.members.values() for part in member.owned]
        assert len(held) == len(set(held))

    async def finish(self) -> None:
        """Whoever is there works until nothing is left and nothing changes hands."""
        await self.step("join", "a")
        for _ in range(100):
            for member in self.members.values():
                await member.take()
                await self.work(member, "commit")
            self.check()
            owned = frozenset().union(*(member.owned for member in self.members.values()))
            if owned == ALL and len(self.done) >= len(self.sent):
                return
        raise AssertionError("they did not finish")


async def walk(house: House, story: list[Step]) -> None:
    office = Office(house)
    for what, who in story:
        await office.step(what, who)
        office.check()
    await office.finish()
    assert sorted(r.event_id for r in office.done) == sorted(event(n).event_id for n in office.sent)
    for part in range(12):
        offsets = [r.offset for r in office.done if r.partition == part]
        assert offsets == sorted(set(offsets))


@pytest.mark.parametrize(
    "engine", [e for e in ENGINES if HOLDS in e.gives], ids=lambda engine: engine.name
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(story=steps)
def test_members_share_every_record_once_and_in_order(engine: Engine, story: list[Step]) -> None:
    async def played(house: House) -> None:
        await walk(house, story)

    with tempfile.TemporaryDirectory() as folder:
        play(engine, Path(folder), played)
