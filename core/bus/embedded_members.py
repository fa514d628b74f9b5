"""A group's members on the embedded log: who they are, and which partitions each of them owns.

Everything here runs inside a write transaction, so members agree. A partition goes from a living
member to another only when its owner lets go (between two batches); from a dead one at once, with
a new epoch, by which a commit of the dead one is refused should it wake.
"""

from collections import Counter
from dataclasses import dataclass, field

from core.bus import Positions, share
from core.bus import embedded_sql as sql
from core.bus.embedded_presence import Presence
from core.bus.embedded_writes import Writes
from core.errors import ConfigError, Fenced
from core.topics import TOPICS


@dataclass(frozen=True, slots=True)
class Membership:
    """A member of a group as it asks to be; `positions` win over what the log remembers."""

    group: str
    name: str
    topics: tuple[str, ...]
    positions: Positions | None = None

    def numbers(self) -> int:
        """Return how many partition numbers the group shares."""
        return max(TOPICS[topic].partitions for topic in self.topics)


@dataclass(frozen=True, slots=True)
class Held:
    """What a member holds: its id, the epoch of each partition number, and its positions."""

    member: int = 0
    generation: int = -1
    epochs: dict[int, int] = field(default_factory=dict)
    at: Positions = field(default_factory=dict)
    others: tuple[int, ...] = ()
    missed: dict[str, int] = field(default_factory=dict)
    """topic -> how many records were trimmed before this group had handled them."""


class Roll:
    """One group's roll in one open transaction."""

    def __init__(self, writes: Writes, presence: Presence, asked: Membership) -> None:
        self._writes = writes
        self._db = writes.db
        self._presence = presence
        self._asked = asked
        self._group = asked.group
        self._moved = False

    def join(self) -> Held:
        """Enter the group, in the place of any older member of the same name."""
        for (topic, part), seq in (self._asked.positions or {}).items():
            if topic in self._asked.topics:
                self._refuse_future(topic, part, seq)
        self._change(
            "DELETE FROM members WHERE grp = ? AND name = ?", self._group, self._asked.name
        )
        for topic in self._asked.topics:
            placed = dict(
                sql.rows(self._db, sql.POSITIONS, self._group, self._writes.topic_id(topic))
            )
            for part in range(TOPICS[topic].partitions):
                if self._asked.positions is not None:
                    seq = self._asked.positions.get((topic, part), -1)
                    self._writes.place(self._group, topic, part, seq)
                elif part not in placed:
                    self._writes.place(self._group, topic, part, -1)
        return self.sync(self._enter())

    def sync(self, member: int) -> Held:
        """Strike off the dead, let go of what is others', take what is ours and free."""
        known = self._members()
        members = {n: name for n, name in known.items() if n == member or self._presence.alive(n)}
        if member not in members and self._asked.name in members.values():
            # Struck off while it slept, and under its name somebody else goes on by now.
            raise Fenced(f"anggota {self._asked.name!r} grup {self._group} sudah digantikan")
        for number in known.keys() - members.keys():
            self._change("DELETE FROM members WHERE id = ?", number)
        if member not in members:
            member = self._enter()
            members[member] = self._asked.name
        self._settle(member, members)
        return self._held(member, members)

    def leave(self, member: int) -> None:
        """Let go of everything."""
        self._change("DELETE FROM members WHERE id = ?", member)
        self._free()
        self._note()

    def _members(self) -> dict[int, str]:
        return dict(sql.rows(self._db, sql.MEMBERS, self._group))

    def _enter(self) -> int:
        self._change("INSERT INTO members(grp, name) VALUES (?, ?)", self._group, self._asked.name)
        return self._db.last_insert_rowid()

    def _settle(self, member: int, members: dict[int, str]) -> None:
        owner = share(list(members.values()), self._asked.numbers())
        mine = [part for part, name in owner.items() if name == self._asked.name]
        self._free()
        for part, _ in sql.rows(self._db, sql.OWNED, self._group, member):
            if part not in mine:
                self._change(sql.LET_GO, self._group, part)
        for part in mine:
            self._change(sql.TAKE, self._group, part, member)
        self._note()

    def _free(self) -> None:
        """Let go of what is held by members that are no more."""
        self._change(sql.FREE, self._group)

    def _change(self, query: str, *bindings: object) -> None:
        sql.rows(self._db, query, *bindings)
        self._moved = self._moved or self._db.changes() > 0

    def _note(self) -> None:
        """Tell the others that they should look again."""
        if self._moved:
            sql.rows(self._db, sql.NOTE, self._group)

    def _held(self, member: int, members: dict[int, str]) -> Held:
        epochs = dict(sql.rows(self._db, sql.OWNED, self._group, member))
        missed = self._pass_trimmed(epochs)
        at = {
            (topic, part): seq
            for topic in self._asked.topics
            for part, seq in sql.rows(
                self._db, sql.POSITIONS, self._group, self._writes.topic_id(topic)
            )
            if part in epochs
        }
        (generation,) = sql.row(self._db, sql.GENERATION, self._group) or (-1,)
        others = tuple(number for number in members if number != member)
        return Held(member, generation, epochs, at, others, missed)

    def _pass_trimmed(self, epochs: dict[int, int]) -> dict[str, int]:
        """Move on to where payloads begin, and say what a group can no longer get."""
        missed: Counter[str] = Counter()
        for topic in self._asked.topics:
            behind = sql.rows(self._db, sql.BEHIND, self._group, self._writes.topic_id(topic))
            for part, trimmed, count in behind:
                if part in epochs:
                    self._writes.place(self._group, topic, part, trimmed)
                    missed[topic] += count
        return dict(missed)

    def _refuse_future(self, topic: str, part: int, seq: int) -> None:
        """Raise ConfigError: a log older than the effects would give old offsets to new records."""
        head, _ = sql.row(self._db, sql.ONE_HEAD, self._writes.topic_id(topic), part) or (-1, -1)
        if seq > head:
            raise ConfigError(
                f"Grup {self._group} sudah menyimpan {topic}/{part} sampai {seq}, sedangkan log "
                f"baru sampai {head}: log ini lebih tua. Bangun ulang data turunan dari log."
            )
