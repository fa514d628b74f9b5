"""Takes the comments out of what an office can bring: tables, JSON, and pasted links with words."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from connectors.tiktok.comment import COLUMNS, VIDEO
from core.errors import Unparseable
from core.reading import Json, rows, table
from core.sheets import open_table

# (where it stands, the comment's own object or None if it is none)
Found = tuple[str, Json | None]

_MAX_BYTES = 100_000_000
_REPLIES = ("reply_list", "reply_comment", "replies")
_BESIDE = frozenset(n for field in ("id", "handle", "name", "written") for n in COLUMNS[field])
# "@nama: isi", or the name on a line of its own.
_WRITER = re.compile(r"@(?P<handle>[\w.]{1,40})\s*(?::|\n)\s*(?P<text>.*)", re.ASCII | re.DOTALL)


def comments(path: Path) -> Iterator[Found]:
    """Yield what a file holds, row by row. Raises Unparseable."""
    suffix = path.suffix.lower()
    readers = {".json": _json, ".jsonl": _lines, ".ndjson": _lines, ".txt": _pasted}
    if suffix in (".csv", ".xlsx"):
        yield from _table(path)
    elif suffix in readers:
        try:
            yield from readers[suffix](path)
        except UnicodeDecodeError as error:
            raise Unparseable("bukan teks UTF-8") from error
    else:
        raise Unparseable("hanya .csv, .xlsx, .json, .jsonl, atau .txt berisi tautan")


def _table(path: Path) -> Iterator[Found]:
    with open_table(path, _is_heading) as found:
        for line, row in found.rows:
            yield f"{path.name}, baris {line}", dict(row)


def _is_heading(cells: Sequence[str]) -> bool:
    named = set(cells)
    return bool(named & set(COLUMNS["text"]) and named & _BESIDE)


def _json(path: Path) -> Iterator[Found]:
    try:
        document = json.loads(_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise Unparseable("bukan JSON") from error
    items = _listed(document)
    if items is None:
        raise Unparseable("tidak ada daftar komentar di dalamnya")
    for number, item in enumerate(items, 1):
        yield from _threads(f"{path.name}, butir {number}", item)


def _lines(path: Path) -> Iterator[Found]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            where = f"{path.name}, baris {number}"
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                yield where, None
                continue
            listed = _listed(found)
            for item in [found] if listed is None else listed:
                yield from _threads(where, item)


def _listed(document: object) -> list[object] | None:
    """Find the list: bare, under `comments`, or as TikTok answers, under `data.comments`."""
    if isinstance(document, list):
        return document
    top = table(document)
    for held in (top.get("comments"), table(top.get("data")).get("comments"), top.get("data")):
        if isinstance(held, list):
            return held
    return None


def _threads(where: str, item: object) -> Iterator[Found]:
    """Yield a comment and the answers that stand within it, each by itself."""
    whole = table(item)
    yield where, {n: v for n, v in whole.items() if n not in _REPLIES} if whole else None
    for name in _REPLIES:
        for answer in rows(whole.get(name)):
            yield where, answer


def _pasted(path: Path) -> Iterator[Found]:
    """Take blocks: the link of a video, then its comments, a blank line between two of them."""
    text = _text(path)
    links = list(VIDEO.finditer(text))
    if not links:
        raise Unparseable("tidak ada tautan video TikTok di dalamnya")
    seen: Counter[tuple[str, str]] = Counter()
    for at, link in enumerate(links):
        end = links[at + 1].start() if at + 1 < len(links) else len(text)
        where = f"{path.name}, baris {text.count(chr(10), 0, link.start()) + 1}"
        parts = [part.strip() for part in re.split(r"\n\s*\n", text[link.end() : end])]
        told = [part for part in parts if part]
        if not told:
            yield where, {"tautan": link[0]}
        for number, part in enumerate(told):
            named = _WRITER.match(part)
            row = {"akun": named["handle"], "isi": named["text"]} if named else {"isi": part}
            seen[link[0], part] += 1
            # Two that nothing tells apart are two all the same.
            again = {"kali": str(seen[link[0], part])} if seen[link[0], part] > 1 else {}
            # A link that names a comment names the first one under it.
            tie = link[0] if number == 0 else link[0].partition("?")[0]
            yield where, {"tautan": tie} | row | again


def _text(path: Path) -> str:
    if path.stat().st_size > _MAX_BYTES:
        raise Unparseable(f"lebih besar dari {_MAX_BYTES} byte")
    return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
