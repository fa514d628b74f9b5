"""Turns dropped files of 112 transcripts into one raw record per call, and those into messages."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from connectors.call112.call import BadRow, read_call
from connectors.call112.folder import DropFolder, Taken, Unreadable
from connectors.call112.push import Door
from connectors.call112.rows import Row, Sheet, split
from core import ids
from core.connector import Context, Delivery, Page, Request
from core.errors import RetryLater, Unparseable
from core.schema import Message, RawMessage, Sender

T = TypeVar("T")

# How many calls are made durable at once; only the last page of a file puts it away.
_PAGE = 500
# Fewer digits than this ("-", "tersembunyi") are not a telephone number.
_PHONE_DIGITS = 5


@dataclass(frozen=True, slots=True)
class _File:
    """A file whose rows are being read."""

    label: str
    digest: str
    exercise: bool
    sheet: Sheet


class Call112:
    """The channel of the call centre 112: a folder for calls, one for exercises, and a door."""

    def __init__(
        self, calls: DropFolder, exercises: DropFolder, door: Door, context: Context, every: float
    ) -> None:
        self.every = every
        self._calls, self._exercises, self._context = calls, exercises, context
        self._door = door

    def accept(self, request: Request) -> Delivery:
        """Take what the call centre's own system sends, proved by its signature."""
        return self._door.accept(request)

    async def fetch(self, cursor: str | None) -> AsyncIterator[Page]:
        """Yield the calls of every settled file, oldest file first."""
        for folder in (self._calls, self._exercises):
            files = folder.take()
            while (taken := await _off_loop(partial(next, files, None))) is not None:
                for page in await _off_loop(partial(self._pages, folder, taken, cursor)):
                    yield page
                    cursor = page.cursor

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored row as one message. Raises Unparseable."""
        try:
            kind, file = raw.headers.get("content-type", ""), raw.headers.get("file", "")
            call = read_call(raw.body, kind, self._context.zone, file)
        except ValueError as error:
            raise Unparseable(str(error)) from error
        values = call.values
        text, place = values["transkrip"], values["lokasi"]
        told = place.casefold() in text.casefold()
        lat, lon = _pin(values["lat"], values["lon"])
        yield Message(
            external_id=raw.external_id,
            version=raw.version,
            sender=_sender(values["nama"], values["nomor"]),
            occurred_at=call.at,
            title=values["judul"],
            text=text if told else f"{text}\nLokasi: {place}",
            lat=lat,
            lon=lon,
            given=call.given,
        )

    def _pages(self, folder: DropFolder, taken: Taken, cursor: str | None) -> list[Page]:
        exercise = folder is self._exercises
        name = "".join(c if c.isprintable() else "?" for c in taken.path.name)
        label = f"simulasi/{name}" if exercise else name
        messages: list[RawMessage] = []
        back: bytes | None = None
        try:
            data = folder.read(taken)
            sheet = split(taken.path.suffix.lower(), data)
        except Unreadable as error:
            reasons = [f"{label}: {error}"]
        else:
            file = _File(label, ids.content_id(data)[:32], exercise, sheet)
            messages, bad, reasons = self._keep_rows(file)
            # A file without one good row goes to `failed` as it came.
            back = sheet.hand_back(bad) if messages and bad else None
        parts = [messages[at : at + _PAGE] for at in range(0, len(messages), _PAGE)] or [[]]
        done = partial(_put_away, folder, taken, reasons, back)
        return [
            *(Page(part, cursor) for part in parts[:-1]),
            Page(parts[-1], label, done, reasons),
        ]

    def _keep_rows(self, file: _File) -> tuple[list[RawMessage], list[Row], list[str]]:
        """Make the good rows records; tell of the others what is wrong with them."""
        good: list[RawMessage] = []
        bad: list[Row] = []
        reasons: list[str] = []
        for row in file.sheet.rows:
            try:
                good.append(self._keep(file, row))
            except (BadRow, Unreadable) as error:
                bad.append(row)
                reasons.append(f"{file.label}, baris {row.number}, {error}")
        return good, bad, reasons

    def _keep(self, file: _File, row: Row) -> RawMessage:
        """Make a row a record if it can be read as a call. Raises BadRow or Unreadable."""
        context, now = self._context, self._context.clock()
        if row.problem:
            raise BadRow(row.problem)
        call = read_call(row.body, file.sheet.content_type, context.zone, file.label)
        call.refuse_future(now)
        known_as = call.values["id"]
        return RawMessage(
            tenant=context.tenant,
            channel="call112",
            # An exercise with the id of a real call must never stand in that call's way.
            account="simulasi" if file.exercise else "",
            external_id=known_as or f"{file.digest}:{row.number}",
            # Only what has an id can come again corrected.
            version=ids.content_id(row.body)[:32] if known_as else "",
            headers={
                "content-type": file.sheet.content_type,
                "file": file.label,
                "row": str(row.number),
            },
            body=row.body,
            received_at=now,
            simulated=file.exercise,
        )


def _put_away(folder: DropFolder, taken: Taken, reasons: Sequence[str], back: bytes | None) -> None:
    with _storage():
        folder.finish(taken, reasons, back)


async def _off_loop(work: Callable[[], T]) -> T:
    """Do file work in a thread, so that a slow disk holds up no other channel."""
    with _storage():
        return await asyncio.to_thread(work)


@contextmanager
def _storage() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RetryLater("folder inbox 112 tidak dapat dibaca atau ditulis") from error


def _pin(*numbers: str) -> tuple[float | None, float | None]:
    """Read a map pin; half a pin, one off the earth or one at 0,0 is none."""
    try:
        lat, lon = (float(number.replace(",", ".")) for number in numbers)
    except ValueError:
        return None, None
    on_earth = -90 <= lat <= 90 and -180 <= lon <= 180 and (lat, lon) != (0, 0)
    return (lat, lon) if on_earth else (None, None)


def _sender(name: str, phone: str) -> Sender:
    if sum(c.isdigit() for c in phone) < _PHONE_DIGITS:
        return Sender(platform="call112", name=name)
    return Sender(platform="tel", id=phone, name=name, contact=phone, reply_address=phone)
