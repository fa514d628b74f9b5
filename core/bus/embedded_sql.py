"""The embedded log's tables, the statements on them, and how an event id is kept."""

import re
from typing import Any

import apsw

VERSION = 1

SCHEMA = """
CREATE TABLE IF NOT EXISTS topics (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL
) STRICT;
-- seq is the offset: it rises over all topics. The newest row is never removed (trimming leaves
-- the row and takes its value), so max(seq) + 1 is never given out twice.
CREATE TABLE IF NOT EXISTS log (
    seq INTEGER PRIMARY KEY, topic INTEGER NOT NULL, part INTEGER NOT NULL, at INTEGER NOT NULL,
    compacted INTEGER NOT NULL, event_id ANY NOT NULL, delivery TEXT NOT NULL, key TEXT NOT NULL,
    value BLOB
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS log_event ON log (topic, event_id) WHERE compacted = 0;
CREATE INDEX IF NOT EXISTS log_part ON log (topic, part);
CREATE INDEX IF NOT EXISTS log_key ON log (topic, key) WHERE compacted = 1;
-- n counts the records ever stored; up to `trimmed` the payloads are gone.
CREATE TABLE IF NOT EXISTS heads (
    topic INTEGER NOT NULL, part INTEGER NOT NULL, seq INTEGER NOT NULL, n INTEGER NOT NULL,
    trimmed INTEGER NOT NULL DEFAULT -1, PRIMARY KEY (topic, part)
) STRICT, WITHOUT ROWID;
-- n counts the records up to seq, so that a lag is a difference and not a count.
CREATE TABLE IF NOT EXISTS positions (
    grp TEXT NOT NULL, topic INTEGER NOT NULL, part INTEGER NOT NULL, seq INTEGER NOT NULL,
    n INTEGER NOT NULL, PRIMARY KEY (grp, topic, part)
) STRICT, WITHOUT ROWID;
-- Ids are never used again: they also name a byte range of the presence file.
CREATE TABLE IF NOT EXISTS members (
    id INTEGER PRIMARY KEY AUTOINCREMENT, grp TEXT NOT NULL, name TEXT NOT NULL
) STRICT;
-- The epoch rises whenever a partition changes hands; owner 0 is nobody.
CREATE TABLE IF NOT EXISTS owners (
    grp TEXT NOT NULL, part INTEGER NOT NULL, owner INTEGER NOT NULL, epoch INTEGER NOT NULL,
    PRIMARY KEY (grp, part)
) STRICT, WITHOUT ROWID;
-- The generation rises whenever a group's members or their partitions change.
CREATE TABLE IF NOT EXISTS groups (
    grp TEXT PRIMARY KEY, generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tallies (
    tenant TEXT NOT NULL, channel TEXT NOT NULL, what TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (tenant, channel, what)
) STRICT, WITHOUT ROWID;
"""

# Reading.
READ = (
    "SELECT seq, part, event_id, key, value FROM log"
    " WHERE topic = ? AND part = ? AND seq > ? AND value IS NOT NULL ORDER BY seq LIMIT ?"
)
HEADS = "SELECT part, seq, trimmed FROM heads WHERE topic = ?"
LATEST = "SELECT key, value FROM log WHERE topic = ? AND compacted = 1"
GENERATION = "SELECT generation FROM groups WHERE grp = ?"

# Groups.
OWNER = "SELECT owner, epoch FROM owners WHERE grp = ? AND part = ?"
MEMBERS = "SELECT id, name FROM members WHERE grp = ?"
OWNED = "SELECT part, epoch FROM owners WHERE grp = ? AND owner = ?"
POSITIONS = "SELECT part, seq FROM positions WHERE grp = ? AND topic = ?"
TAKE = (
    "INSERT INTO owners VALUES (?1, ?2, ?3, 1)"
    " ON CONFLICT DO UPDATE SET owner = excluded.owner, epoch = epoch + 1 WHERE owner = 0"
)
LET_GO = "UPDATE owners SET owner = 0 WHERE grp = ? AND part = ?"
FREE = (
    "UPDATE owners SET owner = 0 WHERE grp = ?1 AND owner <> 0"
    " AND owner NOT IN (SELECT id FROM members WHERE grp = ?1)"
)
NOTE = "INSERT INTO groups VALUES (?, 1) ON CONFLICT DO UPDATE SET generation = generation + 1"
BEHIND = (
    "SELECT p.part, h.trimmed, (SELECT count(*) FROM log l WHERE l.topic = p.topic"
    " AND l.part = p.part AND l.seq > p.seq AND l.seq <= h.trimmed)"
    " FROM positions p JOIN heads h ON h.topic = p.topic AND h.part = p.part"
    " WHERE p.grp = ? AND p.topic = ? AND p.seq < h.trimmed"
)

# Appending.
LAST = "SELECT coalesce(max(seq), 0) FROM log"
INSERT = "INSERT OR IGNORE INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
INSERTED = "SELECT seq FROM log WHERE seq >= ?"
COMPACT = "DELETE FROM log WHERE topic = ? AND key = ? AND compacted = 1 AND seq < ?"
DELIVERY = "SELECT delivery FROM log WHERE topic = ? AND event_id = ? AND compacted = 0"
HEAD = (
    "INSERT INTO heads(topic, part, seq, n) VALUES (?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET seq = excluded.seq, n = n + excluded.n"
)
TALLY = "INSERT INTO tallies VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"

# Positions.
POSITION = "SELECT seq FROM positions WHERE grp = ? AND topic = ? AND part = ?"
MOVE = "UPDATE positions SET seq = ?, n = n + ? WHERE grp = ? AND topic = ? AND part = ?"
# n of a position that did not grow record by record: what is stored less what is yet to come.
PLACE = (
    "INSERT INTO positions SELECT :grp, :topic, :part, :seq, CASE WHEN :seq < 0 THEN 0 ELSE"
    " coalesce((SELECT n FROM heads WHERE topic = :topic AND part = :part), 0)"
    " - (SELECT count(*) FROM log WHERE topic = :topic AND part = :part AND seq > :seq) END"
    " WHERE true ON CONFLICT DO UPDATE SET seq = excluded.seq, n = excluded.n"
)

# Keeping.
ONE_HEAD = "SELECT seq, trimmed FROM heads WHERE topic = ? AND part = ?"
ERASE = (
    "UPDATE log SET value = ? WHERE topic = ? AND event_id = ? AND compacted = 0"
    " AND value IS NOT NULL"
)
FLOOR = "SELECT min(seq) FROM positions WHERE topic = ? AND part = ?"
# An update that makes a row shorter leaves its page as it is; only a delete lets pages merge.
TRIM = (
    "SELECT seq, topic, part, at, compacted, event_id, delivery, key FROM log WHERE topic = ?"
    " AND part = ? AND seq > ? AND seq <= ? AND value IS NOT NULL ORDER BY seq LIMIT ?"
)
TRIM_OUT = "DELETE FROM log WHERE seq = ?"
TRIM_IN = "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)"
TRIMMED = "UPDATE heads SET trimmed = max(trimmed, ?) WHERE topic = ? AND part = ?"

# Status.
STATUS_HEADS = (
    "SELECT t.name, max(h.seq), sum(h.n) FROM heads h JOIN topics t ON t.id = h.topic GROUP BY 1"
)
# A compacted topic loses rows, so there the few that are left are counted.
STATUS_LAGS = """
SELECT grp, name, coalesce(sum(lag), 0), min(at) FROM (
    SELECT p.grp, t.name,
        CASE WHEN h.seq <= p.seq THEN 0
             WHEN t.name IN (SELECT value FROM json_each(?)) THEN (SELECT count(*)
                 FROM log l WHERE l.topic = p.topic AND l.part = p.part AND l.seq > p.seq)
             ELSE max(h.n - p.n, 0) END AS lag,
        CASE WHEN h.seq > p.seq THEN (SELECT at FROM log l WHERE l.topic = p.topic
            AND l.part = p.part AND l.seq > p.seq ORDER BY l.seq LIMIT 1) END AS at
    FROM positions p JOIN topics t ON t.id = p.topic
    LEFT JOIN heads h ON h.topic = p.topic AND h.part = p.part
) GROUP BY 1, 2
"""
STATUS_TALLIES = "SELECT tenant, channel, what, n FROM tallies"
STATUS_MEMBERS = (
    "SELECT m.grp, m.name, o.part FROM members m"
    " LEFT JOIN owners o ON o.grp = m.grp AND o.owner = m.id ORDER BY 1, 2, 3"
)

_HASH = re.compile("(?:[0-9a-f]{2})+")


def packed(event_id: str) -> bytes | str:
    """Write a hash in half the space; any other text stays text."""
    return bytes.fromhex(event_id) if _HASH.fullmatch(event_id) else event_id


def unpacked(event_id: bytes | str) -> str:
    """Return an event id as it was published."""
    return event_id.hex() if isinstance(event_id, bytes) else event_id


def rows(db: apsw.Connection, query: str, *bindings: object) -> list[tuple[Any, ...]]:
    """Run a query and return all its rows; what a column holds, the schema says."""
    return db.execute(query, bindings).fetchall()


def row(db: apsw.Connection, query: str, *bindings: object) -> tuple[Any, ...] | None:
    """Run a query and return its first row."""
    return db.execute(query, bindings).fetchone()
