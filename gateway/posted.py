"""Reads what a browser posts: fields and files, out of a body whose size is bounded already."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

_FIELDS = 100
_BOUNDARY = re.compile(r'boundary="?([^";,\s]{1,200})"?', re.IGNORECASE)
_NAME = re.compile(r'(?:^|[;\s])name="([^"]*)"')
_FILE = re.compile(r'(?:^|[;\s])filename="([^"]*)"')


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
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise BadPost("multipart tanpa boundary")
    line = b"--" + boundary[1].encode("latin-1", "replace")
    parts = (b"\r\n" + body).split(b"\r\n" + line)
    if len(parts) < 2 or len(parts) > _FIELDS or not parts[-1].startswith(b"--"):
        raise BadPost("multipart terpotong")
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in parts[1:-1]:
        head, found, content = part.partition(b"\r\n\r\n")
        disposition = _disposition(head)
        name = _NAME.search(disposition)
        if not found or name is None:
            raise BadPost("multipart rusak")
        if _FILE.search(disposition):
            files.setdefault(name[1], content)
        else:
            fields.setdefault(name[1], _utf8(content))
    return Posted(fields, files)


def _disposition(head: bytes) -> str:
    for line in head.decode("utf-8", "replace").split("\r\n"):
        if line.lower().startswith("content-disposition:"):
            return line
    return ""


def _utf8(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise BadPost("bukan UTF-8") from error
