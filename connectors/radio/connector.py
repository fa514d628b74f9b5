"""Takes in the radio operator's form, which our own dashboard signs and posts."""

from collections.abc import Iterable

from core import forms
from core.connector import Context, Delivery, Request
from core.errors import Unparseable
from core.schema import Message, RawMessage

_GIVEN = ("sumber", "program", "waktu_siar", "lokasi", "petugas")


class Radio:
    """The radio channel."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def accept(self, request: Request) -> Delivery:
        """Prove our own dashboard, check the form and tell the complaint's future id."""
        return forms.accept(request, self._context, "radio")

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored form as one message. Raises Unparseable."""
        try:
            form = forms.read(raw.body, self._context.zone)
        except forms.BadForm as error:
            raise Unparseable(str(error)) from error
        yield Message(
            external_id=raw.external_id,
            version=raw.version,
            sender=form.sender("radio"),
            occurred_at=form.at,
            text=form.text,
            anonim=form.flags["anonim"],
            rahasia=form.flags["rahasia"],
            given=form.filled(*_GIVEN),
        )
