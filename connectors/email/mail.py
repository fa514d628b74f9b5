"""Reads one mail however broken it is: who, when, what it says, what hangs on it."""

import email
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from hashlib import sha256
from typing import Any, TypeVar, cast

from connectors.email.words import from_html, without_quotes
from core.schema import Attachment

T = TypeVar("T")

# Beyond these nobody writes, and the library's parsers grow slow.
_LONGEST_HEADER, _LONGEST_TEXT = 8_000, 100_000

_IDS = re.compile(r"<([^<>\s]+)>")
_ADDRESS = re.compile(r"[^\s@<>,;]+(?: [^\s@<>,;]+)*@[^\s@<>,;]+")
_BARE = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_YEARS = range(2000, 2100)
_VERDICT = re.compile(r"\b(spf|dkim|dmarc)=(\w+)", re.ASCII)
# What a machine says about itself (RFC 3834 and what stood before it).
_AUTOMATIC = ("x-autoreply", "x-autorespond", "x-auto-reply", "x-loop")
_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})
_LISTS = ("list-id", "list-unsubscribe", "list-post")
_DAEMON = re.compile(r"^(mailer-daemon|postmaster|bounces?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """A name and the address behind it, which is written in lower case."""

    name: str
    address: str


class _AsItStands(policy.Compat32):
    """The older policy, because it reads structures on which the newer one gives up.

    Headers stay as they came, odd bytes and all, until `_decoded` looks at them.
    """

    def header_fetch_parse(self, name: str, value: str) -> str:
        """Return a header untouched."""
        return value


class Mail:
    """A mail as the standard library understands it, with a way out wherever that gives up."""

    def __init__(self, raw: bytes) -> None:
        self._mail: Message = email.message_from_bytes(raw, policy=_AsItStands())
        self._parts = list(_leaves(self._mail))

    @property
    def is_mail(self) -> bool:
        """Whether there is anything of a mail in it."""
        return bool(self._mail.keys() or self.text)

    def word(self, name: str) -> str:
        """Return a header on one line, or an empty text."""
        return " ".join(_decoded(self._raw(name)).split())

    def ids(self, name: str) -> list[str]:
        """Return the message ids in a header, without their brackets."""
        text = self.word(name)
        return _IDS.findall(text) or [one for one in text.split() if "@" in one]

    def addresses(self, name: str) -> list[Address]:
        """Return who is named in a header; names are decoded last, as they may hold a comma."""
        raw, nobody = self._raw(name), list[tuple[str, str]]()
        found = _try(lambda: getaddresses([raw]), nobody)
        pairs = [pair for pair in found if _ADDRESS.fullmatch(pair[1].strip())]
        # Two addresses without a comma between them are beyond the library.
        pairs = pairs or [("", at) for at in _BARE.findall(raw[:1000])]
        return [Address(_decoded(who).strip(), _mend(at).strip().lower()) for who, at in pairs]

    @property
    def sent_at(self) -> datetime | None:
        """The time its sender's clock showed."""
        try:
            at = parsedate_to_datetime(self.word("date"))
            # Without a zone it is UTC: nobody's clock says more.
            moment = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        return moment if moment.year in _YEARS else None

    @property
    def text(self) -> str:
        """What its sender wrote, without what it quotes."""
        plain = [_content(part) for part in self._parts if _is_text(part, "plain")]
        written = "\n".join(one for one in plain if one.strip())[:_LONGEST_TEXT]
        if not written:
            html = [_content(part) for part in self._parts if _is_text(part, "html")]
            written = from_html("\n".join(html)[: 5 * _LONGEST_TEXT])[:_LONGEST_TEXT]
        return without_quotes(written) if self.word("in-reply-to") else written.strip()

    def attachments(self, *, whole: bool) -> Iterator[Attachment]:
        """Yield the files that hang on it; the id is the number of the part that holds each."""
        if _type(self._mail) == "multipart/report":
            return
        for number, part in enumerate(self._parts, 1):
            if _is_text(part, "plain") or _is_text(part, "html"):
                continue
            data = _bytes(part) if whole else None
            yield Attachment(
                name=_filename(part),
                mime=_type(part),
                provider_id=str(number),
                size=None if data is None else len(data),
                sha256="" if data is None else sha256(data).hexdigest(),
            )

    @property
    def tags(self) -> dict[str, str]:
        """Say what shows that no person wrote it, and what our own server thinks of its sender."""
        automatic = re.split(r"[\s;(]", self.word("auto-submitted").lower(), maxsplit=1)[0]
        if automatic in ("", "no"):
            automatic = "ya" if any(self.word(name) for name in _AUTOMATIC) else ""
        bulk = self.word("precedence").lower()
        listed = any(self.word(name) for name in _LISTS)
        # Only the topmost line is ours: whoever sends a mail can write more of them below.
        verdicts = dict(_VERDICT.findall(self.word("authentication-results")))
        told = {
            "otomatis": automatic,
            "massal": bulk if bulk in _BULK else ("list" if listed else ""),
            "pantulan": "ya" if self._bounced() else "",
            "autentikasi": " ".join(f"{check}={found}" for check, found in verdicts.items()),
        }
        return {name: said for name, said in told.items() if said}

    def _bounced(self) -> bool:
        report = _type(self._mail) == "multipart/report"
        nobody = self.word("return-path") == "<>"
        sender = self.addresses("from")
        daemon = bool(sender) and bool(_DAEMON.match(sender[0].address))
        return report or nobody or daemon or bool(self.word("x-failed-recipients"))

    def _raw(self, name: str) -> str:
        return str(self._mail.get(name, ""))[:_LONGEST_HEADER]


def _decoded(text: str) -> str:
    """Decode a header: words in RFC 2047, and bytes that should not stand there at all."""
    whole = _text(text.encode("utf-8", "surrogateescape"), None)
    return _mend(_try(lambda: str(policy.default.header_factory("subject", whole)), whole))


def _leaves(part: Message) -> Iterator[Message]:
    """Yield the parts that hold something; a forwarded mail is one part, not many."""
    if _type(part).startswith("multipart/") and part.is_multipart():
        for one in _inside(part):
            yield from _leaves(one)
    else:
        yield part


def _inside(part: Message) -> list[Message]:
    held: Any = part.get_payload() if part.is_multipart() else []
    return [one for one in held if isinstance(one, Message)]


def _try(read: Callable[[], T], otherwise: T) -> T:
    """Read something of a mail; the library's parser of headers breaks in many ways."""
    try:
        return read()
    except Exception:
        return otherwise


def _type(part: Message) -> str:
    found = _try(part.get_content_type, "")
    return found if _TYPE.fullmatch(found) else "application/octet-stream"


def _is_text(part: Message, kind: str) -> bool:
    hung_on = _try(part.get_content_disposition, None) == "attachment"
    # A structure that cannot be taken apart is still words to read.
    broken = kind == "plain" and _type(part).startswith("multipart/")
    return (broken or _type(part) == f"text/{kind}") and not hung_on and not _filename(part)


def _content(part: Message) -> str:
    return _mend(_text(_bytes(part), _try(part.get_content_charset, None)))


def _text(data: bytes, charset: str | None) -> str:
    for known in (charset or "utf-8", "utf-8"):
        try:
            return data.decode(known)
        except (LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace")


def _bytes(part: Message) -> bytes:
    if part.is_multipart():  # a forwarded mail
        return b"\n".join(_try(one.as_bytes, b"") for one in _inside(part))
    found: Any = _try(lambda: cast(bytes, part.get_payload(decode=True)), b"")
    return found if isinstance(found, bytes) else b""


def _filename(part: Message) -> str:
    return _decoded(_try(lambda: part.get_filename() or "", "lampiran"))


def _mend(text: str) -> str:
    text = text.encode("utf-8", "replace").decode().replace("\0", "")
    return text.replace("\r\n", "\n").replace("\r", "\n")
