"""Takes in the desk's forms: from our own dashboard, and from files written without a network."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from connectors.desk import offline
from connectors.desk.template import page, workbook
from core import forms
from core.connector import BadRow, Context, Delivery, Request
from core.errors import Unparseable
from core.reading import load, moment
from core.schema import Message, RawMessage
from core.settings_notice import Notice

_GIVEN = ("sumber", "program", "waktu_siar", "lokasi", "acuan", "petugas")


class Desk:
    """The channel of the service desk."""

    def __init__(self, context: Context, services: Sequence[str], notice: Notice) -> None:
        self._context, self._services, self._notice = context, services, notice

    def accept(self, request: Request) -> Delivery:
        """Prove our own dashboard, check the form and tell the complaint's future id."""
        return forms.accept(request, self._context, "desk")

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored form as one message. Raises Unparseable."""
        try:
            form = forms.read(raw.body, self._context.zone)
        except forms.BadForm as error:
            raise Unparseable(str(error)) from error
        yield Message(
            external_id=raw.external_id,
            version=raw.version,
            # Only the offline page lets a form be changed once it is stored.
            edited_at=moment(load(raw.body).get("diubah")),
            sender=form.sender("desk"),
            occurred_at=form.at,
            text=form.text,
            anonim=form.flags["anonim"],
            rahasia=form.flags["rahasia"],
            sumber_asal=form.texts["program"],
            given=form.filled(*_GIVEN),
        )

    def read(self, path: Path) -> Iterator[RawMessage | BadRow]:
        """Read a file of the offline page or a filled-in template. Raises Unparseable."""
        return offline.read(path, self._context)

    def describe(self, path: Path) -> Sequence[str]:
        """Say which of the file's columns are understood as what. Raises Unparseable."""
        return offline.describe(path)

    def templates(self) -> Mapping[str, bytes]:
        """Return the offline forms by their file names, with this office's notice on them."""
        return {
            "formulir-luring.html": page(self._context.tenant, self._services, self._notice),
            "formulir-luring.xlsx": workbook(self._services, self._notice),
        }
