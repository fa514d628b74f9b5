"""Looking after the embedded log: what its state is, whether it is whole, copies, trimming."""

import contextlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import apsw

from core.bus import Status
from core.bus import embedded_sql as sql
from core.bus.embedded_damage import behind, is_damage, refusal
from core.bus.embedded_file import LogFile, private
from core.bus.embedded_writes import Writes
from core.errors import ConfigError
from core.topics import TOPICS

_COMPACTED = json.dumps([t.name for t in TOPICS.values() if t.compacted])


@dataclass(frozen=True, slots=True)
class Facts:
    """The files of a log and the disk under them, in bytes."""

    path: Path
    log_bytes: int
    wal_bytes: int
    free_bytes: int
    sqlite: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a full check found; `problems` are sentences for the operator, none is good."""

    records: int
    seconds: float
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Say whether the log is whole."""
        return not self.problems


def facts(log: LogFile) -> Facts:
    """Return the sizes of the log's files and the room that is left."""
    wal = Path(f"{log.path}-wal")
    wal_bytes = wal.stat().st_size if wal.exists() else 0
    size = log.path.stat().st_size
    return Facts(log.path, size, wal_bytes, log.free(), apsw.sqlite_lib_version())


def status(log: LogFile, now: datetime) -> Status:
    """Count by the counters in the log; no table of records is scanned."""
    heads = log.rows(sql.STATUS_HEADS)
    lags = log.rows(sql.STATUS_LAGS, _COMPACTED)
    tallies = log.rows(sql.STATUS_TALLIES)
    members: dict[tuple[str, str], tuple[int, ...]] = {}
    for group, name, part in log.rows(sql.STATUS_MEMBERS):
        owned = () if part is None else (part,)
        members[group, name] = members.get((group, name), ()) + owned
    return Status(
        {topic: seq for topic, seq, _ in heads},
        {(group, topic): lag for group, topic, lag, _ in lags},
        {(tenant, channel, what): n for tenant, channel, what, n in tallies},
        {topic: n for topic, _, n in heads},
        {
            (group, topic): max(now.timestamp() - at / 1000, 0.0)
            for group, topic, lag, at in lags
            if lag and at is not None
        },
        members,
    )


def verify(log: LogFile) -> Verified:
    """Read all of the log: its pages, and whether its tables agree."""
    started, marked = time.monotonic(), log.mark.read()
    try:
        with log.reading() as db:
            db.execute("BEGIN")
            try:
                pages = [str(found) for (found,) in sql.rows(db, "PRAGMA integrity_check")]
                problems = [f"berkas rusak: {found}" for found in pages if found != "ok"]
                for query, sentence in _DISAGREEMENTS:
                    problems += [sentence.format(*row) for row in sql.rows(db, query)]
                (records,) = sql.row(db, "SELECT count(*) FROM log") or (0,)
                (last,) = sql.row(db, sql.LAST) or (0,)
                if last < marked:
                    problems.append(str(behind(log.path, last, marked)))
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")
    except ConfigError as error:
        if error.__cause__ is None or not is_damage(error.__cause__):
            raise
        problems, records = [f"berkas rusak: {error}"], 0
    return Verified(records, time.monotonic() - started, tuple(problems))


_DISAGREEMENTS = (
    (
        "SELECT t.name, l.part, max(l.seq) FROM log l JOIN topics t ON t.id = l.topic"
        " LEFT JOIN heads h ON h.topic = l.topic AND h.part = l.part"
        " GROUP BY l.topic, l.part HAVING max(l.seq) > coalesce(max(h.seq), -1)",
        "{0}/{1}: rekaman {2} berada di depan kepala partisi",
    ),
    (
        "SELECT t.name, h.part, h.n, count(l.seq) FROM heads h JOIN topics t ON t.id = h.topic"
        " LEFT JOIN log l ON l.topic = h.topic AND l.part = h.part"
        f" WHERE t.name NOT IN (SELECT value FROM json_each('{_COMPACTED}'))"
        " GROUP BY h.topic, h.part HAVING count(l.seq) <> h.n",
        "{0}/{1}: tercatat {2} rekaman, ada {3}",
    ),
    (
        "SELECT p.grp, t.name, p.part, p.seq, coalesce(h.seq, -1) FROM positions p"
        " JOIN topics t ON t.id = p.topic"
        " LEFT JOIN heads h ON h.topic = p.topic AND h.part = p.part"
        " WHERE p.seq > coalesce(h.seq, -1)",
        "grup {0} berdiri di {1}/{2} posisi {3}, di depan kepala {4}",
    ),
    (
        "SELECT t.name, l.part, count(*) FROM log l JOIN topics t ON t.id = l.topic"
        " JOIN heads h ON h.topic = l.topic AND h.part = l.part"
        " WHERE l.value IS NULL AND l.seq > h.trimmed GROUP BY 1, 2",
        "{0}/{1}: {2} rekaman kehilangan isinya tanpa dipangkas",
    ),
)


def backup(log: LogFile, target: Path) -> int:
    """Write a consistent copy and put it in place whole, or not at all."""
    part = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    try:
        private(part)
        with log.reading() as db:
            _copy(log, db, part)
        _sync(part)
        os.replace(part, target)
        _sync(target.parent)
    except OSError as error:
        raise refusal(target, error) from error
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(log: LogFile, db: apsw.Connection, target: Path) -> None:
    """Copy page by page; each is checked as it is read, so damage is met now, not at restoring."""
    copy = log.open(target)
    try:
        # A database that has its first page gives every page that is written a checksum.
        copy.pragma("user_version", 1)
        with copy.backup("main", db, "main") as copying:
            copying.step(-1)
    finally:
        copy.close(True)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        with contextlib.suppress(OSError):
            os.close(file)


def trim_step(
    topic_id: int, part: int, upto: int, rows: int
) -> Callable[[Writes], Callable[[], int]]:
    """Take the payloads of a partition's oldest records, as far as every group has gone."""

    def work(writes: Writes) -> Callable[[], int]:
        db = writes.db
        at = (topic_id, part)
        head, trimmed = sql.row(db, sql.ONE_HEAD, *at) or (-1, -1)
        (handled,) = sql.row(db, sql.FLOOR, *at) or (None,)
        end = min(upto, head if handled is None else handled)
        gone = sql.rows(db, sql.TRIM, *at, trimmed, end, rows)
        db.executemany(sql.TRIM_OUT, [row[:1] for row in gone])
        db.executemany(sql.TRIM_IN, gone)
        reached = end if len(gone) < rows else gone[-1][0]
        if reached > trimmed:
            db.execute(sql.TRIMMED, (reached, *at))
        count = len(gone)
        return lambda: count

    return work
