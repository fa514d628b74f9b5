"""Writes exports of SP4N-LAPOR! as they have been seen, with invented reports, and reads them."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook

from connectors.sp4n import Settings, build
from connectors.sp4n.connector import Sp4n
from core.clock import FrozenClock
from core.connector import BadRow, Context
from core.schema import Message, RawMessage

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
COLUMNS = (
    "Tracking ID", "Tanggal Laporan Masuk", "Waktu Laporan Masuk", "Klasifikasi Laporan",
    "ID Kategori", "Kategori", "Judul Laporan", "Isi Laporan Awal", "Isi Laporan Akhir",
    "Tipe Laporan (Anonim/Rahasia)", "Sumber Laporan", "Instansi Induk", "Instansi Terdisposisi",
    "Status Laporan", "Alasan Tunda/Arsip", "Provinsi", "Kota/Kabupaten",
)  # fmt: skip
PREAMBLE = (
    ("Judul Laporan", "Laporan Ringkas"), ("Nama Instansi", "Pemerintah Kabupaten Blitar"),
    ("Tanggal Generate", "2026-11-20"), ("Periode Masuk", "(2023-01-01) - (2026-10-31)"),
    ("Pengelola", ""),
)  # fmt: skip
_TIPE = ("", "Anonim", "Rahasia", "Anonim|Rahasia")
_PROBLEMS = (
    "jalan berlubang",
    "lampu jalan mati",
    "sampah menumpuk",
    "air keruh",
    "saluran mampet",
)

Row = Mapping[str, str]


def reports(count: int, first: int = 1_000_000, **changed: str) -> Iterator[Row]:
    """Invent reports, the same ones each time."""
    start = datetime(2023, 1, 1, tzinfo=UTC)
    for n in range(count):
        at = start + timedelta(minutes=17 * n)
        problem = f"{_PROBLEMS[n % len(_PROBLEMS)]} di gang {n} sejak minggu lalu"
        yield {
            "Tracking ID": str(first + n),
            "Tanggal Laporan Masuk": f"{at.day} {at:%b %Y}",
            "Waktu Laporan Masuk": f"{at:%H:%M:%S}",
            "Klasifikasi Laporan": "Pengaduan Berkadar Pengawasan" if n % 3 else "",
            "ID Kategori": str(900 + n % 40),
            "Kategori": "Infrastruktur",
            "Judul Laporan": problem.capitalize(),
            "Isi Laporan Awal": f"Mohon ditangani, {problem}.",
            "Isi Laporan Akhir": f"Mohon ditangani, {problem}.",
            "Tipe Laporan (Anonim/Rahasia)": _TIPE[n % 4],
            "Sumber Laporan": ("Website", "Android", "SMS")[n % 3],
            "Instansi Induk": "Pemerintah Kabupaten Blitar",
            "Status Laporan": "Ditutup oleh Sistem",
            "Provinsi": "Jawa Timur",
            "Kota/Kabupaten": "Blitar",
        } | changed


def write_xlsx(path: Path, rows: Iterable[Row], *, preamble: bool = True) -> Path:
    """Write a workbook as the application does: every cell a shared text, the heading in row 11."""
    with Workbook(path) as book:
        sheet = book.add_worksheet("Laporan Ringkas")
        for at, (name, value) in enumerate(PREAMBLE if preamble else ()):
            sheet.merge_range(2 * at, 0, 2 * at + 1, 1, name)
            sheet.merge_range(2 * at, 2, 2 * at + 1, 2, value)
        start = 2 * len(PREAMBLE) if preamble else 0
        sheet.write_row(start, 0, COLUMNS)
        for at, row in enumerate(rows, start + 1):
            for column, name in enumerate(COLUMNS):
                if cell := row.get(name):
                    sheet.write_string(at, column, cell)
    return path


def write_csv(path: Path, rows: Iterable[Row], delimiter: str = ",") -> Path:
    """Write the same as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    for name, value in PREAMBLE:
        writer.writerows([[name, "", value], []])
    writer.writerow(COLUMNS)
    writer.writerows([row.get(name, "") for name in COLUMNS] for row in rows)
    path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
    return path


def sp4n(**settings: Any) -> Sp4n:
    context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", FrozenClock(NOW))
    made = build(Settings.model_validate(settings), context)
    assert isinstance(made, Sp4n)
    return made


def read(path: Path, **settings: Any) -> tuple[list[RawMessage], list[BadRow]]:
    found = list(sp4n(**settings).read(path))
    good = [raw for raw in found if isinstance(raw, RawMessage)]
    return good, [row for row in found if isinstance(row, BadRow)]


def one(path: Path, row: Row, **settings: Any) -> tuple[RawMessage, Message]:
    ((raw,), bad) = read(write_csv(path, [row]), **settings)
    assert bad == []
    (message,) = sp4n().parse(raw)
    return raw, message
