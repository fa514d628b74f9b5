"""The cases of one tenant as they stand: status, OPD, revision, members, what they merged into."""

import uuid
from array import array
from typing import get_args

from core.schema import DecisionKind
from dedup.idtable import IdTable, Names, key_of

STATUSES = (
    "baru", "terverifikasi", "disposisi", "proses", "selesai", "ditunda", "bukan_wewenang", "arsip",
)  # fmt: skip
CLOSED = frozenset({"selesai", "bukan_wewenang", "arsip"})

_KINDS: tuple[DecisionKind, ...] = get_args(DecisionKind)


class Cases:
    """Cases by number, in the order in which they were opened: the lower is the older."""

    def __init__(self) -> None:
        self._ids = IdTable()
        self._names = Names()
        self._status = bytearray()
        self._opd = array("I")
        self._merged = array("I")
        self._act = bytearray()
        self._actor = array("I")
        self.revision = array("I")
        self.members = array("I")
        # Over which channels a case was reported, as bits.
        self._heard = array("Q")
        self._channels = Names()
        # Looked at by a person and found to be two problems.
        self._apart: dict[int, set[int]] = {}

    def find(self, case_id: str) -> int:
        """Return the number of a case id, or -1; a merged one is still found under its own."""
        return self._ids.find(key_of(case_id)) if case_id else -1

    def open(self, case_id: str) -> int:
        """Return the number of a case id; an unknown one is opened, new and without members."""
        case = self._ids.add(key_of(case_id))
        if case == len(self._status):
            self._status.append(0)
            self._act.append(0)
            self._heard.append(0)
            for column in (self._opd, self._merged, self._actor, self.revision, self.members):
                column.append(0)
        return case

    def name(self, case: int) -> str:
        """Return a case's id."""
        return str(uuid.UUID(bytes=self._ids.key(case)))

    def standing(self, case: int) -> int:
        """Follow merges to the case that stands for this one."""
        while self._merged[case]:
            case = self._merged[case] - 1
        return case

    def status(self, case: int) -> str:
        """Return a case's status."""
        return STATUSES[self._status[case]]

    def opd(self, case: int) -> str:
        """Return a case's responsible OPD, or ""."""
        return self._names.word(self._opd[case])

    def put(self, case: int, status: str, opd: str) -> None:
        """Set a case's status and responsible OPD."""
        self._status[case] = STATUSES.index(status)
        self._opd[case] = self._names.number(opd)

    def touch(self, case: int, kind: DecisionKind, actor: str) -> None:
        """Raise a case's revision and remember who did what last."""
        self.revision[case] += 1
        self._act[case] = _KINDS.index(kind)
        self._actor[case] = self._names.number(actor)

    def heard(self, case: int, channel: str) -> None:
        """Remember that a case was reported over a channel."""
        self._heard[case] |= 1 << min(self._channels.number(channel), 63)

    def channels(self, case: int, channel: str) -> int:
        """Count the channels a case was reported over, one more report included."""
        bit = 1 << min(self._channels.number(channel), 63)
        return (self._heard[case] | bit).bit_count()

    def last_act(self, case: int) -> tuple[DecisionKind, str]:
        """Return kind and actor of the last act on a case with a revision."""
        return _KINDS[self._act[case]], self._names.word(self._actor[case])

    def merge(self, loser: int, survivor: int) -> None:
        """Let one case stand for another; what it had goes over."""
        self._merged[loser] = survivor + 1
        if loser in self._apart:
            self._apart.setdefault(survivor, set()).update(self._apart.pop(loser))
        self.members[survivor] += self.members[loser]
        self._heard[survivor] |= self._heard[loser]
        self.members[loser] = 0
        self.revision[survivor] = max(self.revision[survivor], self.revision[loser])

    def keep_apart(self, one: int, other: int) -> None:
        """Remember that two cases are not the same, so that it is never suggested again."""
        self._apart.setdefault(one, set()).add(other)
        self._apart.setdefault(other, set()).add(one)

    def are_apart(self, one: int, other: int) -> bool:
        """Tell whether a person has said that two cases, or what merged into them, differ."""
        return other in map(self.standing, self._apart.get(one, ()))
