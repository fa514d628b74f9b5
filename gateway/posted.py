"""Reads what a browser posts: fields and files, out of a body whose size is bounded already."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_FIELDS = 100


class BadPost(ValueError):
    """A body that is no form."""


@dataclass(frozen=True, slots=True)
class Posted:
    """The fields of a form, the first of each name, and its files."""

    fields: Mapping[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a field with its ends trimmed, empty if it is missing."""
        return self.fields.get(name, "").strip()


def read(content_type: str, body: bytes) -> Posted:
    """Read a form, url-encoded or multipart. Raises BadPost."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _multipart(content_type, body)
    if kind in ("", "application/x-www-form-urlencoded"):
        return Posted(pairs(body.decode("latin-1")))
    raise BadPost("jenis isi tidak dikenal")


def pairs(encoded: str) -> dict[str, str]:
    """Read url-encoded fields, which must be UTF-8. Raises BadPost."""
    try:
        found = parse_qsl(encoded, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError as error:  # of which UnicodeDecodeError is one
        raise BadPost("bukan UTF-8 atau terlalu banyak isian") from error
    return dict(reversed(found))


def _multipart(content_type: str, body: bytes) -> Posted:
    _, options = parse_options_header(content_type)
    if not options.get(b"boundary"):
        raise BadPost("multipart tanpa boundary")
    parts = _Parts()
    try:
        parser = MultipartParser(options[b"boundary"], parts.callbacks)
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise BadPost("multipart rusak") from error
    if not parts.whole:
        raise BadPost("multipart terpotong")
    return Posted(parts.fields, parts.files)


class _Parts:
    """Gathers the parts of a multipart body as the parser tells them."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        self.whole = False
        self._count = 0
        self._name, self._value = bytearray(), bytearray()
        self._head: dict[bytes, bytes] = {}
        self._content = bytearray()

    @property
    def callbacks(self) -> "MultipartCallbacks":
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_part_data": lambda data, start, end: self._content.extend(data[start:end]),
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._count += 1
        if self._count > _FIELDS:
            raise BadPost("terlalu banyak isian")
        self._head.clear()
        self._content.clear()

    def _end_header(self) -> None:
        self._head[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _end(self) -> None:
        _, told = parse_options_header(self._head.get(b"content-disposition"))
        if b"name" not in told:
            raise BadPost("multipart rusak")
        name = _utf8(told[b"name"])
        if b"filename" in told:
            self.files.setdefault(name, bytes(self._content))
        else:
            self.fields.setdefault(name, _utf8(self._content))

    def _finish(self) -> None:
        self.whole = True


def _utf8(content: bytes | bytearray) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise BadPost("bukan UTF-8") from error
