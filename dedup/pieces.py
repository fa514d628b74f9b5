"""Pieces of one complaint: what one sender writes within minutes, and an album's photos.

Direct channels only. The newest complaints of direct channels are remembered, in the order of the
register, so that a fold knows the same; distance in time is that of sending, never the clock's.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from core import ids
from core.schema import Complaint

Understand = Callable[[Complaint, Complaint], Complaint]
"""Understands a complaint and one more piece of it over all their text."""

# So many complaints of direct channels are remembered.
_REMEMBERED = 5_000
_Group = tuple[str, str, str, str]


@dataclass(slots=True)
class _Open:
    complaint: Complaint
    first: float
    last: float


class Pieces:
    """The complaints that one more message may belong to."""

    def __init__(self, minutes: float, messages: int, characters: int) -> None:
        self._span = minutes * 60
        self._messages, self._characters = messages, characters
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._newest: dict[_Group, str] = {}

    def head_of(self, piece: Complaint) -> Complaint | None:
        """Return the complaint that a message which is not known yet belongs to."""
        for group in _groups(piece):
            found = self._open.get(self._newest.get(group, ""))
            if found is None or found.complaint.complaint_id == piece.complaint_id:
                continue
            at = piece.occurred_at.timestamp()
            near = found.first - self._span <= at <= found.last + self._span
            alike = found.complaint.simulated == piece.simulated and not found.complaint.stub
            if near and alike and self._span and not piece.stub and self._fits(found, piece):
                return found.complaint
        return None

    def _fits(self, found: _Open, piece: Complaint) -> bool:
        """Tell whether there is room: each piece has the whole complaint understood once more."""
        head = found.complaint
        return (
            len(head.message_ids) + len(piece.message_ids) <= self._messages
            and len(head.text) + len(piece.text) <= self._characters
        )

    def head(self, complaint_id: str) -> Complaint | None:
        """Return a remembered complaint as it was entered last."""
        found = self._open.get(complaint_id)
        return found.complaint if found else None

    def remember(self, complaint: Complaint, at: float) -> None:
        """Remember a complaint as it stands, and when its newest message was sent."""
        groups = _groups(complaint)
        if not groups:
            return
        name = complaint.complaint_id
        known = self._open.pop(name, None)
        first, last = (known.first, known.last) if known else (at, at)
        self._open[name] = _Open(complaint, min(first, at), max(last, at))
        for group in groups:
            self._newest[group] = name
        if len(self._open) > _REMEMBERED:
            gone, old = self._open.popitem(last=False)
            for group in _groups(old.complaint):
                if self._newest.get(group) == gone:
                    del self._newest[group]


def joined(head: Complaint, piece: Complaint, understood: Complaint) -> Complaint:
    """Make the next version of a complaint out of what was understood of all its pieces."""
    seen = dict.fromkeys((*head.message_ids, *piece.message_ids))
    return understood.model_copy(
        update={
            "complaint_id": head.complaint_id, "external_id": head.external_id,
            "version": ids.digest("piece", head.version, piece.complaint_id, piece.version),
            "message_ids": tuple(seen), "reporter_ref": head.reporter_ref,
            "reporter": head.reporter, "direct": head.direct, "album": head.album,
            "occurred_at": head.occurred_at, "received_at": head.received_at,
            "edited_at": max(piece.received_at, head.edited_at or head.received_at),
            "raw_id": piece.raw_id, "raw_first": piece.raw_first, "history": head.history,
            "simulated": head.simulated, "rules_version": piece.rules_version,
            "anonim": head.anonim or piece.anonim or understood.anonim,
            "rahasia": head.rahasia or piece.rahasia or understood.rahasia,
        }
    )  # fmt: skip


def _groups(complaint: Complaint) -> list[_Group]:
    """Return what the pieces of one complaint have in common: the sender, or the album."""
    place = complaint.channel, complaint.account
    groups = []
    if complaint.album:
        groups.append((*place, "album", complaint.album))
    if complaint.direct and complaint.reporter_ref:
        groups.append((*place, "sender", complaint.reporter_ref))
    return groups
