"""Bursts: more complaints of a kategori in a kecamatan than it has by habit, as an early warning.

The habit is what was counted in the days before; how unlikely the newest hours are is told by
Poisson. Nothing asks a clock: time is that of the register, so a fold comes to the same.
"""

import math
from collections import deque
from dataclasses import dataclass, field

from core.schema import Complaint
from core.state import Alarm
from dedup.policy import BurstRules

_DAY = 86_400.0
# A kategori never seen before in a kecamatan has been seen half a time.
_UNSEEN = 0.5
# More than these need not be told one by one.
_MANY = 200
_HIDDEN = frozenset({"bukan_aduan", "whistleblowing"})


@dataclass(slots=True)
class _Block:
    """What was sent of one kategori in one kecamatan: lately, one by one; before, by the day."""

    newest: deque[tuple[float, str]] = field(default_factory=deque)
    daily: dict[int, int] = field(default_factory=dict)
    since: float = -math.inf  # when the newest warning began

    def age(self, at: float, width: float, days: float) -> None:
        """Let what is older than the window be habit, and what is older than habit go."""
        while self.newest and (self.newest[0][0] <= at - width or len(self.newest) > _MANY):
            day = int(self.newest.popleft()[0] // _DAY)
            self.daily[day] = self.daily.get(day, 0) + 1
        for day in [day for day in self.daily if day < at // _DAY - days]:
            del self.daily[day]


class Bursts:
    """Counts complaints per kategori and kecamatan of one office."""

    def __init__(self, rules: BurstRules) -> None:
        self._rules = rules
        self._blocks: dict[tuple[str, str], _Block] = {}
        self._first = math.inf

    def count(self, complaint: Complaint) -> Alarm | None:
        """Count a complaint that is new, and return the warning it raises.

        What is history, simulated, confidential or no complaint is neither counted nor warned of.
        """
        if complaint.history or complaint.simulated or complaint.stub or complaint.rahasia:
            return None
        kecamatan = complaint.wilayah.kecamatan
        if complaint.klasifikasi in _HIDDEN or not kecamatan:
            return None
        at = complaint.occurred_at.timestamp()
        self._first = min(self._first, at)
        block = self._blocks.setdefault((complaint.kategori, kecamatan), _Block())
        block.newest.append((at, complaint.reporter_ref or complaint.complaint_id))
        block.age(at, self._width, self._rules.history_days)
        if at - block.since < self._width or not self._is_burst(block, at):
            return None
        block.since = at
        return self._alarm(block, complaint)

    @property
    def _width(self) -> float:
        return self._rules.window_hours * 3600

    def _is_burst(self, block: _Block, at: float) -> bool:
        rules, count = self._rules, len(block.newest)
        reporters = {who for _, who in block.newest}
        if count < rules.min_complaints or len(reporters) < rules.min_reporters:
            return False
        known = min(at - self._first, rules.history_days * _DAY)
        before = max(sum(block.daily.values()), _UNSEEN)
        return (
            _at_least(count, before * self._width / max(known - self._width, _DAY)) < rules.chance
        )

    def _alarm(self, block: _Block, complaint: Complaint) -> Alarm:
        reporters = {who for _, who in block.newest}
        return Alarm(
            tenant=complaint.tenant,
            channel=f"{complaint.kategori}/{complaint.wilayah.kecamatan}",
            kind="burst",
            sentence=(
                f"Lonjakan {complaint.kategori} di Kecamatan {complaint.wilayah.kecamatan}: "
                f"{len(block.newest)} laporan dari {len(reporters)} pelapor dalam "
                f"{self._rules.window_hours:g} jam, "
                f"jauh di atas biasanya"
            ),
            since=complaint.occurred_at,
        )


def _at_least(count: int, mean: float) -> float:
    """Return the chance of `count` or more where `mean` are usual (Poisson)."""
    term = total = math.exp(-mean)
    for n in range(1, count):
        term *= mean / n
        total += term
    return max(0.0, 1.0 - total)
