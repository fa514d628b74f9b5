"""The sequencers of one dedup process: one per partition it owns, taught when it is gained."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from core.bus import Outgoing, Stored
from core.schema import RegisterEntry
from core.topics import DEDUPLICATED
from dedup import Sequencer


class Sequencers:
    """Stands between the bus, which hands out partitions, and dedup, which knows offices.

    `owner` names, per partition, under whose name entries are written: "" where none is needed.
    """

    def __init__(self, make: Callable[[], Sequencer]) -> None:
        self._make = make
        self._of: dict[int, Sequencer] = {}
        self.owner: Callable[[int], str] = lambda _partition: ""

    def enter(self, record: Stored) -> Sequence[Outgoing]:
        """Enter a record where its office is sequenced."""
        outputs = self._sequencer(record.partition).enter(record)
        owner = self.owner(record.partition)
        return [_signed(output, owner) for output in outputs] if owner else outputs

    def forget(self, partitions: frozenset[int]) -> None:
        """Drop what is known of these partitions."""
        for part in partitions:
            self._of.pop(part, None)

    def learn(self, partition: int, entry: RegisterEntry) -> None:
        """Take one entry of the past."""
        self._sequencer(partition).fold(entry)

    def _sequencer(self, partition: int) -> Sequencer:
        if partition not in self._of:
            self._of[partition] = self._make()
        return self._of[partition]


def _signed(output: Outgoing, owner: str) -> Outgoing:
    if output.topic != DEDUPLICATED.name:
        return output
    entry = RegisterEntry.model_validate_json(output.value)
    return replace(output, value=entry.model_copy(update={"owner": owner}).to_bytes())
