"""Reads records of the embedded log beyond given positions, in the order they were appended."""

import heapq
from collections.abc import Container, Iterator, Sequence
from typing import Any

import apsw

from core.bus import Positions, Stored
from core.bus import embedded_sql as sql
from core.bus.embedded_file import LogFile

# A batch is bounded in bytes too: payloads may be large.
_BATCH_BYTES = 16 * 1024 * 1024


def read(
    log: LogFile, db: apsw.Connection, topics: Sequence[str], after: Positions, limit: int
) -> list[Stored]:
    """Return up to `limit` records of all partitions, the oldest first over all topics.

    No record is handed out before an older one of another topic, so whoever reads both sees a
    decision after the complaint it is about.
    """
    return _merged(_streams(log, db, topics, after, limit, None), limit)


def read_owned(
    log: LogFile, db: apsw.Connection, topics: Sequence[str], at: Positions, limit: int
) -> list[Stored]:
    """Return the same of those partitions only that have a position."""
    return _merged(_streams(log, db, topics, at, limit, at.keys()), limit)


def _streams(
    log: LogFile,
    db: apsw.Connection,
    topics: Sequence[str],
    after: Positions,
    limit: int,
    owned: Container[tuple[str, int]] | None,
) -> list[Iterator[Stored]]:
    """Open a stream for each partition that has something new."""
    streams = []
    for topic in topics:
        topic_id = log.topic_ids[topic]
        for part, head, trimmed in sql.rows(db, sql.HEADS, topic_id):
            start = max(after.get((topic, part), -1), trimmed)
            if start < head and (owned is None or (topic, part) in owned):
                rows = db.execute(sql.READ, (topic_id, part, start, limit))
                streams.append(_stream(topic, rows))
    return streams


def _stream(topic: str, rows: Iterator[Any]) -> Iterator[Stored]:
    """Read a partition row by row, only as far as is asked for."""
    for seq, part, event_id, key, value in rows:
        yield Stored(topic, part, seq, sql.unpacked(event_id), value, key)


def _merged(streams: Sequence[Iterator[Stored]], limit: int) -> list[Stored]:
    found: list[Stored] = []
    size = 0
    for record in heapq.merge(*streams, key=lambda r: r.offset):
        found.append(record)
        size += len(record.value)
        if len(found) >= limit or size >= _BATCH_BYTES:
            break
    return found
