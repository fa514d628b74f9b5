"""Understands a complaint and one more message of it together, for dedup."""

from functools import cached_property

from core import keys
from core.schema import Complaint, Message
from core.settings import Settings
from normalizer import Envelope, Rules, normalize


class Together:
    """Reads two pieces as one message of one sender; the rules are loaded when first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rules: dict[str, Rules] = {}

    @cached_property
    def _key(self) -> bytes:
        return keys.installation_key(self._settings.data_dir)

    def __call__(self, head: Complaint, piece: Complaint) -> Complaint:
        """Understand a complaint anew over all its text."""
        envelope = Envelope(
            head.tenant, head.channel, head.account, head.received_at, head.history, head.simulated
        )
        return normalize(_message(head, piece), envelope, self._of(head.tenant), self._key)

    def _of(self, tenant: str) -> Rules:
        if tenant not in self._rules:
            office = self._settings.tenants[tenant]
            folder = self._settings.config_dir
            self._rules[tenant] = Rules.load(folder, tenant, office.wilayah_kode)
        return self._rules[tenant]


def _message(head: Complaint, piece: Complaint) -> Message:
    pins = [c.wilayah for c in (piece, head) if c.wilayah.evidence == "pin"]
    return Message(
        external_id=head.external_id,
        sender=head.reporter,
        occurred_at=head.occurred_at,
        incident_at=head.incident_at or piece.incident_at,
        title=head.title or piece.title,
        text=_both(head.text, piece.text),
        attachments=tuple(dict.fromkeys((*head.attachments, *piece.attachments))),
        lat=pins[0].lat if pins else None,
        lon=pins[0].lon if pins else None,
        reply_to=head.reply_to,
        thread=head.thread,
        permalink=head.permalink,
        rating=head.rating,
        album=head.album,
        direct=head.direct,
        anonim=head.anonim or piece.anonim,
        rahasia=head.rahasia or piece.rahasia,
        sumber_asal=head.sumber_asal,
        given=head.given,
    )


def _both(first: str, more: str) -> str:
    """Put what was written later below; a piece read again by other rules is there already."""
    return first if more in first.split("\n") or more == first else f"{first}\n{more}".strip()
