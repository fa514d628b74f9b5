"""The sequencers of one dedup process: one per partition it owns, folded when it is gained."""

from collections.abc import Callable, Sequence

from core import topics
from core.bus import Batch, Bus, Outgoing, Positions, Stored
from core.log import get_logger
from dedup import Sequencer

_READ = 5000
_PAST_ALL = 2**62


class Sequencers:
    """What stands between the bus, which hands out partitions, and dedup, which knows offices."""

    def __init__(self, bus: Bus, make: Callable[[], Sequencer]) -> None:
        self._bus = bus
        self._make = make
        self._of: dict[int, Sequencer] = {}

    def enter(self, record: Stored) -> Sequence[Outgoing]:
        """Enter a record where its office is sequenced."""
        return self._of[record.partition].enter(record)

    async def move(self, batch: Batch) -> None:
        """Forget what was lost and fold the register of what was gained.

        The fold comes after the position is known: what another process commits in between is in
        the fold, and our own first commit is fenced.
        """
        for part in batch.lost:
            self._of.pop(part, None)
        for part in batch.gained:
            self._of[part] = self._make()
        topic = topics.DEDUPLICATED.name
        strangers = set(range(topics.DEDUPLICATED.partitions)) - batch.gained
        after: Positions = {(topic, part): _PAST_ALL for part in strangers}
        count = 0
        while found := await self._bus.read(topic, after, _READ):
            for record in found:
                self._of[record.partition].fold_bytes(record.value)
                after[topic, record.partition] = record.offset
            count += len(found)
        get_logger().info("register_folded", stage="dedup", count=count)
