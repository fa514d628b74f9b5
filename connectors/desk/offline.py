"""Reads forms that were filled in without a network: the offline page's file, the template, CSV."""

import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from core import forms, ids
from core.connector import BadRow, Context
from core.errors import Unparseable
from core.reading import Json, dump, table
from core.schema import RawMessage
from core.sheets import Table, open_table
from core.tabular import local_moment, plain

KIND = "kanal-desk"
# Field of the form, its heading in the template, and the names that are understood besides.
COLUMNS = {
    "program": ("Layanan", "program", "jenis_layanan"),
    "waktu_siar": ("Waktu", "waktu_datang", "waktu_siar"),
    "isi": ("Isi aduan", "isi", "isi_laporan", "uraian"),
    "lokasi": ("Lokasi", "alamat_kejadian", "tempat"),
    "penelepon": ("Nama", "nama_pelapor", "penelepon", "pelapor"),
    "telepon": ("Telepon", "nomor_telepon", "no_telepon", "no_hp", "hp"),
    "acuan": ("Nomor surat/register", "nomor_surat", "no_surat", "acuan", "register"),
    "anonim": ("Anonim", "sembunyikan_nama"),
    "rahasia": ("Rahasia", "laporan_rahasia"),
    "petugas": ("Petugas", "nama_petugas"),
    "simulasi": ("Latihan", "simulasi"),
    "form_id": ("Kode formulir", "form_id", "kode"),
}
_FIELDS = {plain(name): field for field, names in COLUMNS.items() for name in names}
_SPLIT = ("tanggal", "jam")
_YES = {"ya", "y", "iya", "x", "v", "1", "true", "benar"}
_NO = {"", "tidak", "tdk", "t", "n", "0", "-", "false", "bukan"}
_MAX_BYTES = 100_000_000
# What comes later than this is of the past: it is stored, but rings nowhere.
_LATE = timedelta(hours=48)
# A spreadsheet that takes a phone for a number drops the nought before it.
_NO_NOUGHT = re.compile(r"8\d{8,11}")
# Fixed for ever: it names forms that bear no code of their own.
_NAMESPACE = uuid.UUID("6b616e61-6c00-5b6c-8974-6465736b0001")


def read(path: Path, context: Context) -> Iterator[RawMessage | BadRow]:
    """Yield the forms of a file. Raises Unparseable."""
    if path.suffix.lower() == ".json":
        yield from _page(path, context)
        return
    with open_table(path, _is_heading) as found:
        seen: Counter[str] = Counter()
        for line, row in found.rows:
            where = f"{path.name}, baris {line}"
            try:
                fields = _fields(row, context.zone)
                fields.setdefault("form_id", _name(fields, seen))
                yield _raw(fields, context, {"file": path.name, "row": str(line)})
            except forms.BadForm as error:
                yield BadRow(where, _in_words(str(error)))


def describe(path: Path) -> Sequence[str]:
    """Say which of the file's columns are understood as what. Raises Unparseable."""
    if path.suffix.lower() == ".json":
        return (f"Berkas formulir luring: {len(_listed(path))} formulir.",)
    with open_table(path, _is_heading) as found:
        return tuple(_told(found))


def _told(found: Table) -> Iterator[str]:
    known = {name: _FIELDS.get(plain(name)) for name in found.columns}
    yield f"Judul kolom di baris {found.line}: {len(found.columns)} kolom."
    for name, field in known.items():
        if field:
            yield f"  {COLUMNS[field][0]} <- {name}"
    others = [n for n, field in known.items() if not field and plain(n) not in _SPLIT]
    if others:
        yield f"  disimpan tetapi tidak dibaca: {', '.join(others)}"


def _is_heading(names: Sequence[str]) -> bool:
    fields = {_FIELDS.get(name) or name for name in names if name in (*_FIELDS, *_SPLIT)}
    return "isi" in fields and len(fields) > 1


def _listed(path: Path) -> list[object]:
    if path.stat().st_size > _MAX_BYTES:
        raise Unparseable(f"lebih besar dari {_MAX_BYTES} byte")
    try:
        found = table(json.loads(path.read_bytes().decode("utf-8-sig")))
    except (ValueError, RecursionError) as error:
        raise Unparseable("bukan JSON") from error
    listed = found.get("formulir")
    if found.get("jenis") != KIND or not isinstance(listed, list):
        raise Unparseable("bukan berkas dari formulir luring")
    return listed


def _page(path: Path, context: Context) -> Iterator[RawMessage | BadRow]:
    for number, fields in enumerate(_listed(path), 1):
        try:
            yield _raw(table(fields), context, {"file": path.name, "row": str(number)})
        except forms.BadForm as error:
            yield BadRow(f"{path.name}, formulir {number}", _in_words(str(error)))
        except RecursionError:
            yield BadRow(f"{path.name}, formulir {number}", "JSON: bersarang terlalu dalam")


def _fields(row: dict[str, str], zone: ZoneInfo) -> Json:
    """Make a row the form it stands for; what has no field of the form is kept beside."""
    named = {plain(name): cell for name, cell in row.items()}
    found: Json = {_FIELDS[name]: cell for name, cell in named.items() if name in _FIELDS}
    day = " ".join(named[name] for name in _SPLIT if name in named)
    if told := found.get("waktu_siar") or day:
        at = local_moment(told, zone)
        if at is None:
            raise forms.BadForm("waktu_siar: tidak terbaca")
        found["waktu_siar"] = at.astimezone(zone).isoformat()
    for flag in forms.FLAGS:
        found[flag] = _flag(flag, found.get(flag, ""))
    if _NO_NOUGHT.fullmatch(found.get("telepon", "")):
        found["telepon"] = "0" + found["telepon"]
    return {"sumber": "desk"} | {k: v for k, v in named.items() if k not in _FIELDS} | found


def _flag(field: str, cell: str) -> bool:
    word = cell.strip().lower()
    if word not in _YES | _NO:
        raise forms.BadForm(f"{field}: isi ya atau tidak")
    return word in _YES


def _name(fields: Json, seen: Counter[str]) -> str:
    """Name a form without a code by what was said, when, where and by whom.

    The code must not be the template's row: a template is copied, and then two forms would be one.
    The same words twice in one file are two slips of paper.
    """
    told = [fields.get(n, "") for n in ("waktu_siar", "isi", "lokasi", "penelepon", "telepon")]
    name = json.dumps([" ".join(part.split()).casefold() for part in told], ensure_ascii=False)
    seen[ids.digest(name)] += 1
    again = seen[ids.digest(name)]
    return str(uuid.uuid5(_NAMESPACE, name if again == 1 else f"{name}:{again}"))


def _raw(fields: Json, context: Context, headers: dict[str, str]) -> RawMessage:
    now, body = context.clock(), dump(fields)
    form = forms.read(body, context.zone)
    forms.refuse_future(form, now)
    return RawMessage(
        tenant=context.tenant,
        channel="desk",
        external_id=form.form_id,
        # A form that was corrected before it came once more is a new version.
        version=ids.content_id(body)[:32],
        headers={"content-type": forms.JSON} | headers,
        body=body,
        received_at=now,
        history=_is_late(form.at, now),
        simulated=form.flags["simulasi"],
    )


def _is_late(at: datetime | None, now: datetime) -> bool:
    return at is not None and now - at > _LATE


def _in_words(reason: str) -> str:
    field, _, rest = reason.partition(": ")
    return f"{COLUMNS[field][0] if field in COLUMNS else field}: {rest}"
