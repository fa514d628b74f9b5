"""Which entries of the register stand, and where the input of those that do was left.

On the embedded bus a group's position and its outputs are one transaction, so every entry stands.
Kafka has no such thing. There each deduplicator claims a partition under a name of its own before
it works (core/bus/claims.py), and an entry stands only under the name of the latest claim before
it: what a paused process writes after it woke is ignored by all, and its input is its successor's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from core.bus import Positions, Stored
from core.schema import Origin, RegisterEntry


@dataclass(frozen=True, slots=True)
class Erased(Stored):
    """A record that took the place of the one at `sequence`, whose payload was erased (Kafka).

    It comes late: until the old one is compacted away both are there, afterwards only this.
    """

    sequence: int = -1


class RegisterFold:
    """Judges one partition's entries in order; `owner` says where a reader begins that goes on.

    A reader that keeps its position keeps `owner` with it: the claim lies before the position.
    """

    __slots__ = ("owner", "positions")

    def __init__(self, owner: str = "") -> None:
        self.owner = owner
        # The newest input entered, per topic and partition: where the next owner goes on.
        self.positions: Positions = {}

    def stands(self, entry: RegisterEntry) -> bool:
        """Take the next entry, and say whether it counts; a claim never does, it only rules."""
        if entry.kind == "claim":
            self.owner = entry.owner
            return False
        if entry.owner != self.owner:
            return False
        return self.entered(entry.source)

    def entered(self, source: Origin) -> bool:
        """Take note of an input that is entered; False if it was already."""
        key = (source.topic, source.partition)
        if source.offset <= self.positions.get(key, -1):
            return False
        self.positions[key] = source.offset
        return True


class RegisterReader:
    """The entries that stand, of every partition; `owners` is kept with a reader's position."""

    def __init__(self, owners: Mapping[int, str] | None = None) -> None:
        self._folds = {part: RegisterFold(owner) for part, owner in (owners or {}).items()}

    @property
    def owners(self) -> dict[int, str]:
        """Whose entries stand now, per partition; partitions never claimed have none."""
        return {part: fold.owner for part, fold in self._folds.items() if fold.owner}

    def entry(self, record: Stored) -> RegisterEntry | None:
        """Return a record's entry if it stands. Call it with every record, in order.

        An `Erased` one always does: only entries that stood are erased. It may come a second time.
        """
        entry = RegisterEntry.model_validate_json(record.value)
        fold = self.fold(record.partition)
        if isinstance(record, Erased):
            fold.entered(entry.source)
            return entry
        return entry if fold.stands(entry) else None

    def fold(self, partition: int) -> RegisterFold:
        """Return the fold of one partition."""
        return self._folds.setdefault(partition, RegisterFold())

    def drop(self, partitions: frozenset[int]) -> None:
        """Begin anew with these partitions."""
        for part in partitions:
            self._folds.pop(part, None)
