"""Turns the rows of an SP4N-LAPOR! export into raw records, and those into messages."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from connectors.sp4n.columns import REQUIRED, Columns
from connectors.sp4n.report import BadReport, Report
from core.connector import BadRow, Context
from core.errors import Unparseable
from core.reading import dump, load, word
from core.schema import Message, RawMessage, Sender
from core.sheets import Table, open_table
from core.tabular import local_moment

ROW = "application/json; row=sp4n"
# A later time is a slip of the pen: it would break every clock that runs from it.
_AHEAD = timedelta(days=1)


class Sp4n:
    """The channel of SP4N-LAPOR! exports."""

    def __init__(self, context: Context, zone: str, columns: Columns) -> None:
        self._context, self._zone, self._columns = context, zone, columns

    def read(self, path: Path) -> Iterator[RawMessage | BadRow]:
        """Yield the reports of an export, row by row. Raises Unparseable."""
        with open_table(path, self._columns.is_heading) as table:
            self._refuse_lacking(table)
            headers = {"content-type": ROW, "zone": self._zone, "file": path.name}
            if exported := table.above.get("tanggal_generate", ""):
                headers["exported"] = exported
            if changed := self._columns.changed():
                headers["columns"] = dump(changed).decode()
            for line, row in table.rows:
                try:
                    yield self._raw(row, headers | {"row": str(line)})
                except BadReport as error:
                    yield BadRow(f"{path.name}, baris {line}", str(error))

    def describe(self, path: Path) -> Sequence[str]:
        """Say which of the file's columns are understood as what. Raises Unparseable."""
        with open_table(path, self._columns.is_heading) as table:
            self._refuse_lacking(table)
            return tuple(self._told(table))

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored row as one message. Raises Unparseable."""
        row = {name: word(value) for name, value in load(raw.body).items()}
        # As it was read when it came: a setting that changes later changes no stored report.
        columns = _columns(raw.headers.get("columns", "{}"))
        try:
            report = Report.read(row, columns, _zone(raw.headers.get("zone", "UTC")))
        except BadReport as error:
            raise Unparseable(str(error)) from error
        place = report.place
        yield Message(
            external_id=raw.external_id,
            version=raw.version,
            edited_at=self._as_of(raw),
            sender=Sender(platform="sp4n", name=report.value("nama")),
            occurred_at=report.at,
            title=report.value("judul"),
            text=f"{report.text}\nLokasi: {place}" if place else report.text,
            anonim="anonim" in report.flags,
            rahasia="rahasia" in report.flags,
            sumber_asal=report.value("sumber"),
            given=report.given,
        )

    def _as_of(self, raw: RawMessage) -> datetime | None:
        """Return when the export was made, if that was on a day before it came.

        So an older export that is brought in later does not undo what a newer one told.
        """
        made = local_moment(raw.headers.get("exported", ""), self._context.zone)
        end = made + timedelta(days=1) if made else raw.received_at
        return end if end < raw.received_at else None

    def _raw(self, row: dict[str, str], headers: dict[str, str]) -> RawMessage:
        now = self._context.clock()
        report = Report.read(row, self._columns, _zone(self._zone))
        if report.at - now > _AHEAD:
            raise BadReport(f"{self._columns.called('tanggal')}: di masa depan")
        return RawMessage(
            tenant=self._context.tenant,
            channel="sp4n",
            external_id=report.tracking_id,
            version=report.version,
            headers=headers,
            body=dump(row),
            received_at=now,
            history=True,
        )

    def _refuse_lacking(self, table: Table) -> None:
        found = self._columns.find(table.columns)
        if lacking := [name for name in REQUIRED if name not in found]:
            raise Unparseable(
                f"judul kolom di baris {table.line}, tetapi kolom {', '.join(lacking)} tidak ada; "
                f"petakan di [channels.sp4n.columns]. Yang ada: {', '.join(table.columns)}"
            )

    def _told(self, table: Table) -> Iterator[str]:
        found = self._columns.find(table.columns)
        yield f"Judul kolom di baris {table.line}: {len(table.columns)} kolom."
        for field, name in found.items():
            yield f"  {field} <- {name}"
        others = [name for name in table.columns if name not in found.values()]
        if others:
            yield f"  disimpan apa adanya: {', '.join(others)}"
        if "tipe" not in found:
            yield "  PERHATIAN: tanpa kolom tipe tidak ada laporan yang anonim atau rahasia."
        yield f"Jam dibaca sebagai {self._zone} (setelan zone)."


@lru_cache(maxsize=64)
def _columns(written: str) -> Columns:
    try:
        return Columns.model_validate_json(written)
    except ValidationError as error:
        raise Unparseable("pemetaan kolom yang tersimpan rusak") from error


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError) as error:
        raise Unparseable("zona waktu yang tersimpan tidak dikenal") from error
