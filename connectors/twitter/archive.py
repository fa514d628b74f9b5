"""Reads posts for offices without access to the API: exports, and links pasted into a text."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.twitter import posts
from core import ids
from core.connector import BadRow, Context
from core.errors import Unparseable
from core.reading import Json, dump, load, rows, table, word
from core.schema import Message, RawMessage, Sender
from core.tabular import Row, local_moment, pick, read_csv

TABLE, LINK = "text/csv; row=json", "text/plain; link=json"
_MAX_BYTES = 100_000_000
_STATUS = re.compile(
    r"https?://(?:www\.|mobile\.|m\.)?(?:twitter|x)\.com/(?:i/web|i|(?P<handle>\w{1,50}))/status(?:es)?/"
    r"(?P<id>\d{1,19})\S*",
    re.ASCII | re.IGNORECASE,
)
_COLUMNS = {
    "id": ("id", "tweet_id", "post_id", "id_str", "status_id", "nomor"),
    "link": ("url", "link", "tautan", "tweet_url", "permalink", "post_url"),
    "text": ("text", "full_text", "tweet", "content", "post_content", "isi", "teks"),
    "handle": ("username", "screen_name", "handle", "author_username", "user", "akun"),
    "name": ("name", "author_name", "display_name", "nama", "author"),
    "author": ("author_id", "user_id"),
    "written": ("created_at", "date", "tanggal", "waktu", "time", "timestamp"),
}


def read(path: Path, context: Context) -> Iterator[RawMessage | BadRow]:
    """Yield the posts of a file. Raises Unparseable."""
    readers = {".csv": _csv, ".txt": _links, ".json": _json, ".jsonl": _lines, ".ndjson": _lines}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise Unparseable("hanya .json, .jsonl, .csv, atau .txt berisi tautan")
    if reader in (_links, _json) and path.stat().st_size > _MAX_BYTES:
        raise Unparseable(f"lebih besar dari {_MAX_BYTES} byte")
    try:
        yield from reader(path, context)
    except UnicodeDecodeError as error:
        raise Unparseable("bukan teks UTF-8") from error


def parse(raw: RawMessage, zone: ZoneInfo) -> Message:
    """Read a stored row or pasted link. Raises Unparseable."""
    row = {name: word(value) for name, value in load(raw.body).items()}
    values = {field: pick(row, names) for field, names in _COLUMNS.items()}
    if not values["text"]:
        raise Unparseable("bukan pos X")
    found = _STATUS.search(values["link"])
    handle = (values["handle"] or (found["handle"] if found else "") or "").lstrip("@")
    return Message(
        external_id=raw.external_id,
        version=raw.version,
        sender=Sender(
            platform="x", id=values["author"], name=posts.named(values["name"], handle),
            contact=f"https://x.com/{handle}" if handle else "", reply_address=raw.external_id,
        ),
        # The id tells the time better than a table does.
        occurred_at=posts.time_of(raw.external_id) or local_moment(values["written"], zone),
        text=values["text"],
        permalink=posts.permalink(raw.external_id, handle) if raw.version else values["link"],
    )  # fmt: skip


def _json(path: Path, context: Context) -> Iterator[RawMessage | BadRow]:
    try:
        found = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (json.JSONDecodeError, RecursionError) as error:
        raise Unparseable("bukan JSON") from error
    pages = found if isinstance(found, list) else [found]
    yield from _pages(((f"butir {n}", page) for n, page in enumerate(pages, 1)), path, context)


def _lines(path: Path, context: Context) -> Iterator[RawMessage | BadRow]:
    def pages() -> Iterator[tuple[str, object]]:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    try:
                        yield f"baris {number}", json.loads(line)
                    except (ValueError, RecursionError):
                        yield f"baris {number}", None

    yield from _pages(pages(), path, context)


def _pages(
    pages: Iterable[tuple[str, object]], path: Path, context: Context
) -> Iterator[RawMessage | BadRow]:
    """Take answers of the API, or bare posts."""
    for where, page in pages:
        answer: Json = table(page)
        if "data" not in answer and answer.get("id"):
            answer = {"data": answer}
        found = list(posts.split(answer))
        good = [p for p in found if p.id.isdecimal()]
        if len(good) < max(len(found), 1) and not _empty(answer):
            yield BadRow(f"{path.name}, {where}", "bukan pos X")
        headers = {"content-type": posts.JSON, "file": path.name}
        yield from (_raw(context, (p.original, p.id), headers, p.body) for p in good)


def _empty(answer: Json) -> bool:
    """Say whether an answer tells that there was nothing."""
    return table(answer.get("meta")).get("result_count") == 0 and not rows(answer.get("data"))


def _csv(path: Path, context: Context) -> Iterator[RawMessage | BadRow]:
    for line, row in read_csv(path):
        name = _id_of(row)
        if wrong := _wrong(row, name, context.zone):
            yield BadRow(f"{path.name}, baris {line}", wrong)
            continue
        body = dump(dict(row))
        headers = {"content-type": TABLE, "file": path.name, "row": str(line)}
        yield _raw(context, (name or ids.content_id(body), name), headers, body)


def _id_of(row: Row) -> str:
    found = _STATUS.search(pick(row, _COLUMNS["link"]))
    return found["id"] if found else pick(row, _COLUMNS["id"])


def _wrong(row: Row, name: str, zone: ZoneInfo) -> str:
    written = pick(row, _COLUMNS["written"])
    if not pick(row, _COLUMNS["text"]):
        return "isi: kosong"
    if name and not (name.isascii() and name.isdecimal()):
        return "nomor: bukan angka utuh (Excel merusak nomor panjang; impor kolomnya sebagai teks)"
    if written and not posts.time_of(name) and local_moment(written, zone) is None:
        return "tanggal: tidak terbaca"
    return ""


def _links(path: Path, context: Context) -> Iterator[RawMessage | BadRow]:
    """Take blocks: a link to a post, then its words as they were copied."""
    text = path.read_bytes().decode("utf-8-sig")
    found = list(_STATUS.finditer(text))
    if not found:
        raise Unparseable("tidak ada tautan pos X di dalamnya")
    for at, link in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(text)
        words = text[link.end() : end].strip()
        line = text.count("\n", 0, link.start()) + 1
        if not words:
            yield BadRow(f"{path.name}, baris {line}", "tautan tanpa isi; tempel juga kata-katanya")
            continue
        body = dump({"tautan": link[0], "teks": words})
        headers = {"content-type": LINK, "file": path.name, "row": str(line)}
        yield _raw(context, (link["id"], link["id"]), headers, body)


def _raw(
    context: Context, named: tuple[str, str], headers: dict[str, str], body: bytes
) -> RawMessage:
    external_id, version = named
    return RawMessage(
        tenant=context.tenant,
        channel="twitter",
        external_id=external_id,
        version=version,
        headers=headers,
        body=body,
        received_at=context.clock(),
        history=True,
    )
