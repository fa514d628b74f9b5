"""Writes the forms for places without a network: a spreadsheet, and one page that needs nothing."""

import html
import io
from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from connectors.desk.offline import COLUMNS
from core.forms import FLAGS
from core.settings_notice import Notice
from core.sheets import harmless

_PAGE = Path(__file__).with_name("formulir.html")
_HEADING, _ROWS = 7, 500
_WIDTHS = {"isi": 60, "lokasi": 36, "penelepon": 24, "acuan": 24, "form_id": 38}
_ADVICE = (
    "Satu baris satu aduan. Yang wajib hanya kolom Isi aduan.",
    "Waktu: 24/11/2026 08.15, yaitu kapan warga menyampaikannya. Boleh dikosongkan.",
    "Anonim, Rahasia, Latihan: ya atau tidak; kosong berarti tidak.",
    "Kode formulir: biarkan kosong kecuali memindahkan formulir yang sudah berkode.",
    "Berkas boleh diimpor berkali-kali: baris yang sudah masuk tidak menjadi dua.",
    "Mengubah isi, waktu, lokasi, nama, atau telepon setelah diimpor membuat aduan baru.",
    "Serahkan berkas kepada operator; ia menjalankan: kanal import desk NAMA-BERKAS.xlsx",
)


def workbook(services: Sequence[str], notice: Notice) -> bytes:
    """Make the spreadsheet: the notice, the heading, and rows that take only what is understood."""
    book = Workbook()
    sheet = book.active
    if not isinstance(sheet, Worksheet):
        raise AssertionError  # a new workbook opens on a sheet
    sheet.title = "Aduan"
    sheet["A1"] = "Formulir aduan luring"
    sheet["A1"].font = Font(bold=True, size=14)
    for number, line in enumerate(notice.lines, 2):
        sheet.cell(number, 1, harmless(line))
    _heading(sheet)
    _choices(sheet, services)
    sheet.freeze_panes = f"A{_HEADING + 1}"
    advice = book.create_sheet("Petunjuk")
    advice.column_dimensions["A"].width = 100
    for number, line in enumerate(_ADVICE, 1):
        advice.cell(number, 1, line)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def page(tenant: str, services: Sequence[str], notice: Notice) -> bytes:
    """Make the page: everything it needs is in it, and it asks nothing of any server."""
    options = "".join(f"<option>{html.escape(name)}</option>" for name in services)
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in notice.lines)
    parts = {"{{kantor}}": html.escape(tenant), "{{layanan}}": options, "{{privasi}}": lines}
    text = _PAGE.read_text(encoding="utf-8")
    for mark, part in parts.items():
        text = text.replace(mark, part)
    return text.encode()


def _heading(sheet: Worksheet) -> None:
    for number, (field, (name, *_)) in enumerate(COLUMNS.items(), 1):
        cell = sheet.cell(_HEADING, number, name)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="1F4E5F")
        below = sheet.column_dimensions[get_column_letter(number)]
        below.width = _WIDTHS.get(field, 16)
        # As text: a phone keeps its nought, and "=..." is no formula.
        below.number_format = "@"
        below.alignment = Alignment(wrap_text=field == "isi", vertical="top")


def _choices(sheet: Worksheet, services: Sequence[str]) -> None:
    # What fits into Excel's list; a comma would cut a name in two.
    listed = ",".join(name.replace(",", " ").replace('"', "") for name in services)[:250]
    flags = dict.fromkeys(FLAGS, '"ya,tidak"')
    for number, field in enumerate(COLUMNS, 1):
        formula = {"program": f'"{listed}"', **flags}.get(field)
        if formula is None:
            continue
        # The desk may have a service that is not listed; a flag is one of two words.
        choice = DataValidation(
            type="list", formula1=formula, allow_blank=True, showErrorMessage=field != "program"
        )
        sheet.add_data_validation(choice)
        column = get_column_letter(number)
        choice.add(f"{column}{_HEADING + 1}:{column}{_HEADING + _ROWS}")
