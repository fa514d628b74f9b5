"""Takes new mail from IMAP folders, oldest first, and makes messages of it."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta

from connectors.email.client import Mailbox
from connectors.email.mail import Address, Mail
from connectors.email.marks import Mark, dump, load, start
from connectors.email.records import Folder, Letter
from core import ids, reading
from core.connector import Context, Page
from core.errors import Unparseable
from core.schema import Message, RawMessage, Sender

# How many mails are made durable at once, and how many bytes of them.
_PAGE, _PAGE_BYTES = 50, 8_000_000
# A later time is a wrong clock, or a trick to stand on top of every list.
_AHEAD = timedelta(days=1)
_LONGEST_ID = 500
_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the operator chose."""

    folders: tuple[str, ...]
    own: frozenset[str]
    every: float
    history_days: int
    max_bytes: int


@dataclass(slots=True)
class _Pile:
    """What will be the next page."""

    messages: list[RawMessage] = field(default_factory=list)
    ignored: int = 0
    size: int = 0

    def add(self, raw: RawMessage | None) -> None:
        if raw is None:
            self.ignored += 1
        else:
            self.messages.append(raw)
            self.size += len(raw.body)

    @property
    def full(self) -> bool:
        return len(self.messages) + self.ignored >= _PAGE or self.size >= _PAGE_BYTES


class Email:
    """The e-mail channel."""

    def __init__(self, log_in: Callable[[], Mailbox], choices: Choices, context: Context) -> None:
        self.every = choices.every
        self._log_in, self._choices, self._context = log_in, choices, context

    async def fetch(self, cursor: str | None) -> AsyncIterator[Page]:
        """Yield what has come since, folder by folder; nothing in the mailbox is changed."""
        marks = load(cursor)
        with closing(await asyncio.to_thread(self._log_in)) as mailbox:
            for name in self._choices.folders:
                folder = await asyncio.to_thread(mailbox.open, name)
                pages = self._pages(mailbox, folder, marks)
                while page := await asyncio.to_thread(next, pages, None):
                    yield page

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored mail as one message. Raises Unparseable."""
        try:
            mail = Mail(raw.body)
            if not mail.is_mail:
                raise Unparseable("bukan surat: tidak ada kepala surat")
            yield _message(raw, mail)
        except RecursionError as error:
            raise Unparseable("surat bersarang terlalu dalam") from error

    async def probe(self) -> str:
        """Log in and look into every folder."""
        return await asyncio.to_thread(self._look)

    def _look(self) -> str:
        with closing(self._log_in()) as mailbox:
            found = [mailbox.open(name) for name in self._choices.folders]
        told = ", ".join(f"{folder.name} ({folder.mails} surat)" for folder in found)
        return f"Masuk ke kotak surat berhasil: {told}."

    def _pages(self, mailbox: Mailbox, folder: Folder, marks: dict[str, Mark]) -> Iterator[Page]:
        """Read a folder on from its mark, a page at a time; every step of it blocks."""
        known = marks.get(folder.name)
        mark, pile = start(folder, known), _Pile()
        for uid in self._uids(mailbox, folder, mark):
            if letter := mailbox.fetch(uid, self._choices.max_bytes):
                pile.add(self._keep(folder, letter, history=mark.history and uid <= mark.old))
            mark = marks[folder.name] = replace(mark, uid=uid)
            if pile.full:
                yield Page(pile.messages, dump(marks), ignored=pile.ignored)
                pile = _Pile()
        # What was deleted before we saw it is behind us too.
        marks[folder.name] = replace(mark, uid=folder.next_uid - 1)
        if pile.messages or pile.ignored or marks[folder.name] != known:
            yield Page(pile.messages, dump(marks), ignored=pile.ignored)

    def _uids(self, mailbox: Mailbox, folder: Folder, mark: Mark) -> Iterator[int]:
        today = self._context.clock().astimezone(self._context.zone).date()
        since = today - timedelta(days=self._choices.history_days)
        yield from mailbox.among(mark.uid + 1, mark.old, since)
        yield from mailbox.among(max(mark.uid, mark.old) + 1, folder.next_uid - 1)

    def _keep(self, folder: Folder, letter: Letter, *, history: bool) -> RawMessage | None:
        """Make a mail a record; None if the office itself wrote it."""
        head, *rest = _HEAD_ENDS.split(letter.body, maxsplit=1)
        mail, own = Mail(head), self._choices.own
        writers = [one.address for one in mail.addresses("from")]
        answer_to = [one.address for one in mail.addresses("reply-to")]
        # A form on the office's website writes in its name, and says whom to answer.
        in_our_name = bool(writers) and writers[0] in own
        if in_our_name and not set(answer_to) - own:
            return None
        named = next(iter(mail.ids("message-id")), "")[:_LONGEST_ID]
        # The same id on another mail is a broken mail program: another version, never a loss.
        seen = [mail.word(name) for name in ("from", "date", "subject")]
        seen.append(ids.content_id(b"".join(rest)))
        headers = {
            "content-type": "message/rfc822",
            "folder": f"{folder.name} {folder.validity}/{letter.uid}",
            "arrived": letter.arrived.isoformat() if letter.arrived else "",
            "writer": "reply-to" if in_our_name else "from",
            "cut": "ya" if letter.cut else "",
        }
        return RawMessage(
            tenant=self._context.tenant,
            channel="email",
            external_id=named or ids.content_id(letter.body),
            version=ids.digest(*seen) if named else "",
            headers={name: value for name, value in headers.items() if value},
            body=letter.body,
            received_at=self._context.clock(),
            history=history,
        )


def _message(raw: RawMessage, mail: Mail) -> Message:
    arrived = reading.moment(raw.headers.get("arrived"))
    sent, cut = mail.sent_at, raw.headers.get("cut") == "ya"
    believable = sent is not None and sent - (arrived or raw.received_at) < _AHEAD
    answered = mail.ids("in-reply-to")
    thread = mail.ids("references") or answered
    return Message(
        external_id=raw.external_id,
        version=raw.version,
        sender=_sender(mail, raw.headers.get("writer", "from")),
        occurred_at=sent if believable else arrived,
        title=mail.word("subject"),
        text=mail.text,
        attachments=tuple(mail.attachments(whole=not cut)),
        reply_to=answered[0] if answered else "",
        thread=thread[0] if thread else "",
        direct=True,
        given=mail.tags | ({"terpotong": "ya"} if cut else {}),
    )


def _sender(mail: Mail, header: str) -> Sender:
    nobody = Address("", "")
    writer = next(iter(mail.addresses(header)), nobody)
    answer_to = next(iter(mail.addresses("reply-to")), writer)
    return Sender(
        platform="email" if writer.address else "",
        id=writer.address,
        name=writer.name,
        contact=writer.address,
        reply_address=answer_to.address,
    )
