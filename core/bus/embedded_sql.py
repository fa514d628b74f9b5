"""The embedded log's tables and the writes of one transaction."""

import re
from collections import Counter
from collections.abc import Sequence

import apsw

from core.bus import Outgoing, Tally
from core.topics import TOPICS

SCHEMA = """
CREATE TABLE IF NOT EXISTS topics (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL
) STRICT;
-- seq is the offset: it rises over all topics, and AUTOINCREMENT never gives one out twice.
CREATE TABLE IF NOT EXISTS log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, topic INTEGER NOT NULL, part INTEGER NOT NULL,
    event_id ANY NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS log_topic ON log (topic);
CREATE INDEX IF NOT EXISTS log_key ON log (topic, key) WHERE key <> '';
-- Event ids live apart from the payloads, so that they outlive them.
CREATE TABLE IF NOT EXISTS ids (
    topic INTEGER NOT NULL, event_id ANY NOT NULL, delivery TEXT NOT NULL,
    PRIMARY KEY (topic, event_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS heads (
    topic INTEGER NOT NULL, part INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (topic, part)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS positions (
    grp TEXT NOT NULL, topic INTEGER NOT NULL, part INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (grp, topic, part)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tallies (
    tenant TEXT NOT NULL, channel TEXT NOT NULL, what TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (tenant, channel, what)
) STRICT, WITHOUT ROWID;
"""

READ = (
    "SELECT seq, part, event_id, key, value FROM log"
    " WHERE topic = ? AND seq > ? ORDER BY seq LIMIT ?"
)
LATEST = "SELECT key, value FROM log WHERE topic = ?"

_HASH = re.compile("[0-9a-f]+")

_UPSERT_TALLY = (
    "INSERT INTO tallies VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
)
_UPSERT_POSITION = (
    "INSERT INTO positions VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq"
)
_UPSERT_HEAD = "INSERT INTO heads VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq"


def packed(event_id: str) -> bytes | str:
    """Write a hash in half the space; any other text stays text."""
    if _HASH.fullmatch(event_id) and len(event_id) % 2 == 0:
        return bytes.fromhex(event_id)
    return event_id


def unpacked(event_id: bytes | str) -> str:
    """Return an event id as it was published."""
    return event_id.hex() if isinstance(event_id, bytes) else event_id


class Writes:
    """The writes of one open transaction; `finish` writes what is gathered to its end."""

    def __init__(self, db: apsw.Connection, topic_ids: dict[str, int]) -> None:
        self._db = db
        self._ids = topic_ids
        self._heads: dict[tuple[int, int], int] = {}
        self._tallies: Counter[tuple[str, str, str]] = Counter()

    def holds(self, group: str, topic: str, part: int, offset: int) -> bool:
        """Say whether the group still stands where the work in hand began."""
        row = self._db.execute(
            "SELECT seq FROM positions WHERE grp = ? AND topic = ? AND part = ?",
            (group, self._ids[topic], part),
        ).fetchone()
        return (row[0] if row else -1) == offset

    def move(self, group: str, topic: str, part: int, offset: int) -> None:
        """Set a group's position."""
        self._db.execute(_UPSERT_POSITION, (group, self._ids[topic], part, offset))

    def tally(self, tallies: Sequence[Tally]) -> None:
        """Add counts that the caller decided."""
        for t in tallies:
            self._tallies[t.tenant, t.channel, t.what] += t.n

    def append(self, record: Outgoing) -> bool:
        """Append a record unless its event id is known; say whether it was new."""
        topic = self._ids[record.topic]
        event_id = packed(record.event_id)
        if TOPICS[record.topic].compacted:
            self._db.execute("DELETE FROM log WHERE topic = ? AND key = ?", (topic, record.key))
        elif not self._claim(topic, event_id, record):
            return False
        self._db.execute(
            "INSERT INTO log(topic, part, event_id, key, value) VALUES (?, ?, ?, ?, ?)",
            (topic, record.partition, event_id, record.key, record.value),
        )
        self._heads[topic, record.partition] = self._db.last_insert_rowid()
        return True

    def _claim(self, topic: int, event_id: bytes | str, record: Outgoing) -> bool:
        self._db.execute(
            "INSERT OR IGNORE INTO ids VALUES (?, ?, ?)", (topic, event_id, record.delivery)
        )
        new = self._db.changes() == 1
        if record.counted and (new or not self._same_delivery(topic, event_id, record.delivery)):
            self._tallies[(*record.counted, "received")] += 1
            self._tallies[(*record.counted, "stored" if new else "redelivered")] += 1
        return new

    def _same_delivery(self, topic: int, event_id: bytes | str, delivery: str) -> bool:
        sql = "SELECT delivery FROM ids WHERE topic = ? AND event_id = ?"
        row = self._db.execute(sql, (topic, event_id)).fetchone()
        return bool(delivery) and row is not None and row[0] == delivery

    def finish(self) -> None:
        """Write heads and tallies, once each however many records touched them."""
        self._db.executemany(
            _UPSERT_HEAD, [(topic, part, seq) for (topic, part), seq in self._heads.items()]
        )
        self._db.executemany(_UPSERT_TALLY, [(*key, n) for key, n in self._tallies.items()])
