"""Remembers how far each folder of a mailbox has been read: the channel's cursor."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from connectors.email.records import Folder


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a folder has been read.

    Mails up to `old` lay there when the reading began: of these only the younger ones are taken,
    and they are history if it was the first reading ever.
    """

    validity: int
    uid: int
    old: int
    history: bool


def start(folder: Folder, known: Mark | None) -> Mark:
    """Go on from where we were, or begin anew where the folder is no longer the one we knew."""
    newest = folder.next_uid - 1
    if known is None:
        return Mark(folder.validity, 0, newest, history=True)
    # Some servers count backwards after a repair without saying so.
    if known.validity != folder.validity or known.uid > newest:
        return Mark(folder.validity, 0, newest, history=False)
    return known


def load(cursor: str | None) -> dict[str, Mark]:
    """Read a cursor; none, or one from elsewhere, remembers nothing."""
    try:
        return {name: Mark(**mark) for name, mark in json.loads(cursor or "{}").items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def dump(marks: Mapping[str, Mark]) -> str:
    """Write the cursor."""
    return json.dumps({name: asdict(mark) for name, mark in sorted(marks.items())})
