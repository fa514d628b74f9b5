"""The writes of one transaction of the embedded log, gathered over all jobs that share it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import apsw

from core.bus import Batch, Outgoing, Published, Tally
from core.bus import embedded_sql as sql
from core.errors import Fenced

Topics = Mapping[str, tuple[int, bool]]
"""name -> (the log's number for it, whether it is compacted)."""


_Row = tuple[int, int, int, int, bool, bytes | str, str, str, bytes]


class Writes:
    """One open transaction. Appended records are written by `finish`, all at once."""

    def __init__(self, db: apsw.Connection, topics: Topics, now: int) -> None:
        self.db = db
        self._topics = topics
        self._now = now
        self._rows: list[_Row] = []
        self._counted: list[tuple[int, tuple[str, str]]] = []
        self._tallies: Counter[tuple[str, str, str]] = Counter()
        self._first = 0
        self._written: set[int] | None = None

    # -- what jobs do -------------------------------------------------------------------------

    def publish(
        self, records: Sequence[Outgoing], tallies: Sequence[Tally] = ()
    ) -> Callable[[], Published]:
        """Append records; what became of them is known after `finish`."""
        for t in tallies:
            self._tallies[t.tenant, t.channel, t.what] += t.n
        if records and not self._rows:
            self._first = self._one(sql.LAST) + 1
        start = seq = self._first + len(self._rows)
        for r in records:
            topic, compacted = self._topics[r.topic]
            self._rows.append((
                seq, topic, r.partition, self._now, compacted, sql.packed(r.event_id), r.delivery,
                r.key, r.value,
            ))  # fmt: skip
            if r.counted:
                self._counted.append((seq, r.counted))
            seq += 1
        return lambda: Published(self._new(start, seq))

    def commit(self, group: str, member: int, epochs: Mapping[int, int], batch: Batch) -> None:
        """Move a group's positions over a batch. Raises Fenced, with nothing written."""
        for part in {part for _, part in batch.after}:
            if (member, epochs.get(part)) != self.owner(group, part):
                raise Fenced(f"partisi {part} grup {group} sudah dipegang proses lain")
        for (topic, part), offset in batch.before.items():
            if self._one(sql.POSITION, group, self.topic_id(topic), part) != offset:
                raise Fenced(f"posisi grup {group} sudah dipindahkan proses lain")
        handled = Counter((r.topic, r.partition) for r in batch.records)
        for key, offset in batch.after.items():
            at = (group, self.topic_id(key[0]), key[1])
            self.db.execute(sql.MOVE, (offset, handled[key], *at))

    def topic_id(self, topic: str) -> int:
        """Return the number by which the log knows a topic."""
        return self._topics[topic][0]

    def owner(self, group: str, part: int) -> tuple[int, int] | None:
        """Return who holds a partition, and its epoch."""
        return sql.row(self.db, sql.OWNER, group, part)

    def place(self, group: str, topic: str, part: int, seq: int) -> None:
        """Put a group's position where it did not come by itself."""
        at = {"grp": group, "topic": self.topic_id(topic), "part": part, "seq": seq}
        self.db.execute(sql.PLACE, at)

    def _one(self, query: str, *bindings: object) -> int:
        found = sql.row(self.db, query, *bindings)
        return -1 if found is None else int(found[0])

    # -- the end ------------------------------------------------------------------------------

    def finish(self) -> None:
        """Write the records, and heads and tallies once each however many records touched them."""
        if self._rows:
            before = self.db.total_changes()
            self.db.executemany(sql.INSERT, self._rows)
            if self.db.total_changes() - before < len(self._rows):
                self._written = {seq for (seq,) in sql.rows(self.db, sql.INSERTED, self._first)}
            self._move_heads()
            self._count()
        if self._tallies:
            self.db.executemany(sql.TALLY, [(*key, n) for key, n in self._tallies.items()])

    def last(self) -> int:
        """Return the offset of the last record that was written, -1 if none was."""
        if self._written is not None:
            return max(self._written, default=-1)
        return self._rows[-1][0] if self._rows else -1

    def _new(self, start: int, end: int) -> tuple[bool, ...]:
        """Say of each of these offsets whether its record was new."""
        if self._written is None:
            return (True,) * (end - start)
        return tuple(seq in self._written for seq in range(start, end))

    def _move_heads(self) -> None:
        heads: dict[tuple[int, int], tuple[int, int]] = {}
        newest: dict[tuple[int, str], int] = {}
        written = self._written
        for seq, topic, part, _, compacted, _, _, key, _ in self._rows:
            if written is None or seq in written:
                at = (topic, part)
                heads[at] = (seq, heads[at][1] + 1) if at in heads else (seq, 1)
                if compacted:
                    newest[topic, key] = seq
        self.db.executemany(sql.HEAD, [(*at, *head) for at, head in heads.items()])
        if newest:
            self.db.executemany(sql.COMPACT, [(*of, seq) for of, seq in newest.items()])

    def _count(self) -> None:
        for seq, (tenant, channel) in self._counted:
            new = self._written is None or seq in self._written
            if new or not self._same_delivery(seq):
                self._tallies[tenant, channel, "received"] += 1
                self._tallies[tenant, channel, "stored" if new else "redelivered"] += 1

    def _same_delivery(self, seq: int) -> bool:
        row = self._rows[seq - self._first]
        found = sql.row(self.db, sql.DELIVERY, row[1], row[5])
        return bool(row[6]) and found is not None and found[0] == row[6]
