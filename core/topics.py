"""The topics, their partition counts (fixed at creation) and how long each is kept."""

from dataclasses import dataclass

from core.ids import partition_of


@dataclass(frozen=True)
class Topic:
    """One topic; `compacted` keeps only the newest record of each key."""

    name: str
    partitions: int
    compacted: bool = False

    def partition(self, *key: str) -> int:
        """Return the partition of a key (its parts are joined with a byte no name holds)."""
        return partition_of("\x1f".join(key), self.partitions)


# A body of 1 MiB is 1.4 MB as JSON; a broker's own default would refuse it.
MAX_RECORD_BYTES = 8_000_000

RAW = Topic("raw", 12)
NORMALIZED = Topic("normalized", 48)
DECISIONS = Topic("decisions", 48)
DEDUPLICATED = Topic("deduplicated", 48)
DEAD_LETTER = Topic("dead_letter", 12)
CURSORS = Topic("cursors", 12, compacted=True)
# What each node's log has counted (received, redelivered, ignored, refused), for the books.
BOOKS = Topic("books", 12, compacted=True)
ALARMS = Topic("alarms", 12, compacted=True)
# Who opened what; stored before the secret is shown (POST /audit/{tenant}).
AUDIT = Topic("audit", 48)

_ALL = (RAW, NORMALIZED, DECISIONS, DEDUPLICATED, DEAD_LETTER, CURSORS, BOOKS, ALARMS, AUDIT)
TOPICS: dict[str, Topic] = {t.name: t for t in _ALL}
