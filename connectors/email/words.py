"""Finds the words in a mail: out of HTML, and without the mail it answers."""

import re
from collections.abc import Iterator
from html import unescape
from itertools import pairwise

_SILENT = frozenset({"script", "style", "head", "template"})
_BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table"})
_QUOTED = re.compile(r"^\s*>")
# What mail programs write above the mail they quote; a long one they break in two.
_ABOVE = re.compile(
    r"\s*(On\b.{5,300}\bwrote:|Pada\b.{5,300}\b(menulis|wrote):"
    r"|-{2,}\s*(Original Message|Pesan Asli)\s*-{2,}"
    r"|(From|Dari): .{1,300} (Sent|Dikirim|Date|Tanggal|To|Kepada): .*)\s*",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
_BLANK = re.compile(r"\s+")
_MANY = re.compile(r"\n{3,}")


def from_html(page: str) -> str:
    """Return the words of an HTML page, a line for each of its blocks.

    The standard library's parser takes minutes over a page made to stall it; this takes one walk.
    """
    lines = (line.strip() for line in "".join(_pieces(page)).split("\n"))
    return _MANY.sub("\n\n", "\n".join(lines)).strip()


def _pieces(page: str) -> Iterator[str]:
    at, endless = 0, set[str]()
    while (tag := page.find("<", at)) >= 0:
        yield _words(page[at:tag])
        found = _TAG.match(page, tag)
        if found is None and page[tag + 1 : tag + 2] not in ("!", "?"):
            yield "<"
            at = tag + 1
            continue
        closed = "-->" if page.startswith("<!--", tag) else ">"
        end = page.find(closed, tag)
        if end < 0:
            break  # a comment or tag that never ends
        at = end + len(closed)
        name = found[1].lower() if found else ""
        if name in _BREAKS:
            yield "\n"
        elif name in _SILENT and name not in endless and found and found[0][1] != "/":
            closing = re.compile(f"</{name}", re.IGNORECASE).search(page, at)
            at = closing.start() if closing else at
            endless |= set() if closing else {name}
    else:
        yield _words(page[at:])


def _words(text: str) -> str:
    return _BLANK.sub(" ", unescape(text))


def without_quotes(text: str) -> str:
    """Return an answer without what it answers; if nothing else is there, all of it."""
    kept: list[str] = []
    for line, following in pairwise([*text.splitlines(), ""]):
        if _ABOVE.fullmatch(line) or _ABOVE.fullmatch(f"{line} {following}"):
            break
        if not _QUOTED.match(line):
            kept.append(line)
    return "\n".join(kept).strip() or text.strip()
