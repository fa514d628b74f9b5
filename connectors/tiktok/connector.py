"""Turns exported and pasted TikTok comments into raw records, and those into messages."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from connectors.tiktok.comment import BadComment, Comment, flat, read
from connectors.tiktok.files import comments
from core import ids
from core.connector import BadRow, Context
from core.errors import Unparseable
from core.reading import Json, dump, load
from core.schema import Message, RawMessage, Sender

_JSON = "application/json; row=tiktok"
# A later time is a slip of the pen: it would break every clock that runs from it.
_AHEAD = timedelta(days=1)


class TikTok:
    """The TikTok channel: what an office brings by hand."""

    def __init__(self, own: frozenset[str], context: Context) -> None:
        self._own, self._context = own, context

    def read(self, path: Path) -> Iterator[RawMessage | BadRow]:
        """Yield the comments of a file. Raises Unparseable."""
        for where, item in comments(path):
            try:
                yield self._raw(path.name, where, item)
            except BadComment as error:
                yield BadRow(where, str(error))
            except RecursionError:
                yield BadRow(where, "bersarang terlalu dalam")

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored comment as one message. Raises Unparseable."""
        try:
            comment = read(flat(load(raw.body)), self._context.zone)
        except BadComment as error:
            raise Unparseable(f"bukan komentar TikTok: {error}") from error
        values, handle = comment.values, comment.handle
        yield Message(
            external_id=raw.external_id,
            version=raw.version,
            sender=Sender(
                platform="tiktok" if handle or values["author"] else "",
                id=handle or values["author"],
                name=values["name"] or handle,
                contact=f"https://www.tiktok.com/@{handle}" if handle else "",
            ),
            occurred_at=comment.at,
            text=values["text"],
            reply_to=comment.parent,
            thread=comment.video,
            permalink=values["link"],
            given={"status": values["status"]} if values["status"] else {},
        )

    def _raw(self, file: str, where: str, item: Json | None) -> RawMessage:
        if item is None:
            raise BadComment("bukan komentar")
        row = flat(item)
        comment, now = read(row, self._context.zone), self._context.clock()
        if comment.owner or comment.handle in self._own:
            raise BadComment("tulisan akun kantor sendiri; dilewati")
        if comment.at and comment.at - now > _AHEAD:
            raise BadComment("waktu: di masa depan")
        return RawMessage(
            tenant=self._context.tenant,
            channel="tiktok",
            external_id=_named(comment, row.get("kali", "")),
            headers={"content-type": _JSON, "file": file, "row": where},
            body=dump(item),
            received_at=now,
            history=True,
        )


def _named(comment: Comment, again: str) -> str:
    return (
        ids.digest(comment.external_id, again) if again and not comment.id else comment.external_id
    )
