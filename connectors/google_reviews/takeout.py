"""Reads reviews out of what an office can export itself: Google Takeout (JSON, ZIP) or a CSV."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.google_reviews.review import JSON, TABLE, Review, bad_row, row_id
from core.connector import BadRow, Context
from core.errors import Unparseable
from core.reading import dump, rows, table
from core.schema import RawMessage
from core.tabular import read_csv

# A Takeout file of reviews holds some hundreds; more than this is another thing, or an attack.
_MAX_BYTES = 100_000_000


def read(path: Path, context: Context) -> Iterator[RawMessage | BadRow]:
    """Yield the reviews of an exported file. Raises Unparseable."""
    suffix = path.suffix.lower()
    if suffix == ".zip":
        yield from _zip(path, context)
    elif suffix == ".csv":
        yield from _csv(path, context, context.zone)
    elif suffix == ".json":
        if path.stat().st_size > _MAX_BYTES:
            raise Unparseable(f"lebih besar dari {_MAX_BYTES} byte")
        yield from _json(path.read_bytes(), path.name, context)
    else:
        raise Unparseable("hanya .json atau .zip dari Google Takeout, atau .csv")


def _zip(path: Path, context: Context) -> Iterator[RawMessage | BadRow]:
    try:
        with zipfile.ZipFile(path) as archive:
            named = [entry for entry in archive.infolist() if _is_reviews(entry.filename)]
            if not named:
                raise Unparseable("tidak ada reviews.json di dalamnya")
            for entry in named:
                with archive.open(entry) as file:
                    data = file.read(_MAX_BYTES + 1)
                if len(data) > _MAX_BYTES:
                    raise Unparseable(f"{entry.filename}: lebih besar dari {_MAX_BYTES} byte")
                yield from _json(data, entry.filename, context)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        raise Unparseable("ZIP rusak atau terkunci") from error


def _is_reviews(name: str) -> bool:
    file = name.rpartition("/")[2].lower()
    return file.startswith("reviews") and file.endswith(".json")


def _json(data: bytes, name: str, context: Context) -> Iterator[RawMessage | BadRow]:
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unparseable(f"{name}: bukan JSON") from error
    listed = found if isinstance(found, list) else table(found).get("reviews")
    if not isinstance(listed, list):
        raise Unparseable(f"{name}: bukan ekspor ulasan Business Profile")
    if len(rows(listed)) < len(listed):
        yield BadRow(name, f"{len(listed) - len(rows(listed))} butir bukan ulasan")
    for number, item in enumerate(rows(listed), 1):
        if not ("starRating" in item or "comment" in item):
            yield BadRow(f"{name}, butir {number}", "tanpa bintang dan tanpa ulasan")
            continue
        review = Review.read(item)
        named = (review.external_id, review.changed)
        yield _raw(context, named, {"content-type": JSON, "file": name}, review.body)


def _csv(path: Path, context: Context, zone: ZoneInfo) -> Iterator[RawMessage | BadRow]:
    for line, row in read_csv(path):
        if wrong := bad_row(row, zone):
            yield BadRow(f"{path.name}, baris {line}", wrong)
        else:
            headers = {"content-type": TABLE, "file": path.name, "row": str(line)}
            yield _raw(context, row_id(row), headers, dump(dict(row)))


def _raw(
    context: Context, named: tuple[str, str], headers: dict[str, str], body: bytes
) -> RawMessage:
    external_id, version = named
    return RawMessage(
        tenant=context.tenant,
        channel="google_reviews",
        external_id=external_id,
        version=version,
        headers=headers,
        body=body,
        received_at=context.clock(),
        history=True,
    )
