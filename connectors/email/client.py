"""Reads IMAP folders without leaving a trace, over the standard library's blocking client."""

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

from connectors.email.records import Folder, Letter, Server
from core.errors import ConfigError, GatewayError, RetryLater

# RFC 3501 names the months in English, whatever language the server's machine speaks.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# So many UIDs are asked for at once: imaplib refuses a line of more than a megabyte.
_WINDOW = 50_000
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_ARRIVED = re.compile(rb'\bINTERNALDATE "([ \d]\d)-(\w{3})-(\d{4} \d\d:\d\d:\d\d [+-]\d{4})"')
_CODE = re.compile(r"\[([A-Z-]+)")
# Response codes (RFC 5530) that pass by themselves.
_PASSING = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "OVERQUOTA", "THROTTLED"})


class Mailbox:
    """One session; every method blocks, so call it in a thread."""

    def __init__(self, server: Server) -> None:
        self._server = server
        with _told():
            self._imap = self._connect()
        try:
            with _told():
                self._log_in()
        except GatewayError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the connection; nothing was written, so there is nothing to say."""
        _close(self._imap)

    def open(self, name: str) -> Folder:
        """Open a folder for reading only."""
        with _told():
            quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
            said, data = self._imap.select(quoted, readonly=True)
            if said != "OK":
                wrong = f"folder {name!r} tidak dapat dibuka; periksa namanya"
                raise _refused(_words(data), wrong)
            told = (self._imap.response(word)[1] for word in ("UIDVALIDITY", "UIDNEXT"))
            validity, next_uid = map(_count, told)
        if not validity or not next_uid:
            raise RetryLater("server surat tidak menyebut UIDVALIDITY atau UIDNEXT")
        return Folder(name, validity, next_uid, _count(data))

    def among(self, first: int, last: int, since: date | None = None) -> Iterator[int]:
        """Yield the UIDs that exist from `first` to `last`, ascending."""
        criteria = f" SINCE {since.day}-{_MONTHS[since.month - 1]}-{since.year}" if since else ""
        for low in range(first, last + 1, _WINDOW):
            high = min(low + _WINDOW - 1, last)
            with _told():
                data = self._ok(self._imap.uid("SEARCH", f"UID {low}:{high}{criteria}"))
            found = {int(one) for one in b" ".join(p for p in data if p).split() if one.isdigit()}
            # A range whose ends are missing still returns the last mail: look once more.
            yield from sorted(one for one in found if low <= one <= high)

    def fetch(self, uid: int, most: int) -> Letter | None:
        """Read a mail without marking it as read; None if it has gone."""
        with _told():
            asked = f"(UID RFC822.SIZE INTERNALDATE BODY.PEEK[]<0.{most}>)"
            data = self._ok(self._imap.uid("FETCH", str(uid), asked))
        for part, rest in pairwise([*data, b""]):
            if isinstance(part, tuple):
                # What is told about a mail may stand before its bytes and behind them.
                told = part[0] + (rest if isinstance(rest, bytes) else b"")
                named, size = _UID.search(told), _SIZE.search(told)
                if named and int(named[1]) == uid:
                    return Letter(uid, _arrived(told), part[1], bool(size and int(size[1]) > most))
        return None

    def _connect(self) -> imaplib.IMAP4:
        s = self._server
        try:
            trust = ssl.create_default_context(cafile=s.ca_file or None)
        except OSError as error:
            raise ConfigError("ca_file tidak dapat dibaca sebagai sertifikat PEM") from error
        if s.security == "ssl":
            return imaplib.IMAP4_SSL(s.host, s.port, ssl_context=trust, timeout=s.timeout)
        imap = imaplib.IMAP4(s.host, s.port, timeout=s.timeout)
        if s.security == "starttls":
            try:
                if "STARTTLS" not in imap.capabilities:
                    raise ConfigError("server surat tidak mengenal STARTTLS; pakai security = ssl")
                imap.starttls(trust)
            except BaseException:
                _close(imap)
                raise
        return imap

    def _log_in(self) -> None:
        s, imap = self._server, self._imap
        try:
            if "AUTH=PLAIN" in imap.capabilities:
                secret = f"\0{s.username}\0{s.password}".encode()
                imap.authenticate("PLAIN", lambda _: secret)
            else:
                imap.login(s.username, s.password)
        except imaplib.IMAP4.abort:
            raise
        except (imaplib.IMAP4.error, UnicodeEncodeError) as error:
            wrong = "server surat menolak nama pengguna atau kata sandi"
            raise _refused(str(error), wrong) from error

    def _ok(self, answer: tuple[str, list[Any]]) -> list[Any]:
        said, data = answer
        if said != "OK":
            raise RetryLater("server surat menolak membaca; dicoba lagi nanti")
        return data


def _close(imap: imaplib.IMAP4) -> None:
    # After a broken handshake there is no socket left, and the error to tell is another one.
    with contextlib.suppress(OSError):
        imap.shutdown()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn what imaplib and the network raise into what the runner does next."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise ConfigError(f"sertifikat server surat tidak sah: {error.verify_message}") from error
    except OSError as error:
        raise RetryLater(f"server surat tidak terjangkau ({type(error).__name__})") from error
    except imaplib.IMAP4.error as error:
        # An abort is a lost connection; any other error is an answer we cannot read.
        raise RetryLater("server surat memutus percakapan") from error


def _refused(words: str, sentence: str) -> GatewayError:
    code = _CODE.search(words)
    if code and code[1] in _PASSING:
        return RetryLater(f"server surat sedang tidak melayani ({code[1]})")
    return ConfigError(sentence)


def _words(data: list[Any]) -> str:
    last = data[-1] if data else None
    return last.decode("utf-8", "replace") if isinstance(last, bytes) else ""


def _count(data: list[Any]) -> int:
    words = _words(data)
    return int(words) if words.isdecimal() else 0


def _arrived(told: bytes) -> datetime | None:
    found = _ARRIVED.search(told)
    if not found:
        return None
    day, month, rest = (part.decode() for part in found.groups())
    try:
        text = f"{_MONTHS.index(month) + 1}/{day.strip()}/{rest}"
        return datetime.strptime(text, "%m/%d/%Y %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
