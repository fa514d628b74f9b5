"""A small office for tests of the screens: settings, published data, an intake to talk to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from core import ids, keys
from core.bus import Stored
from core.errors import RejectedRequest
from core.schema import Complaint, Explanation, Wilayah
from core.signatures import INTERNAL_HEADER, verify_internal
from sink import Publisher, Store, load_reference
from tests.sink.sink_makers import TENANT, act, alarm, complaint, entry, heads, health

OFFICE = """
office = "{office}"
product = "DOLAN PUTER"
wilayah_kode = "35.05"
zone = "{zone}"
ticket_prefix = "BLT"
"""
WHY = (
    Explanation(field="kategori", value="jalan_rusak", rule="bobot 5", words=("jalan rusak",)),
    Explanation(field="wilayah", value="35.05.10", rule="nama kecamatan", words=("kanigoro",)),
    Explanation(field="klasifikasi", value="pengaduan", rule="bobot pengaduan 1, aspirasi 0"),
    Explanation(field="urgency", value="normal", rule="tidak ada kata bahaya"),
    Explanation(field="opd_suggested", value="DPUPR", rule="kategori jalan_rusak"),
)


class House:
    """An office whose data a test publishes step by step."""

    def __init__(self, root: Path, intake_port: int = 9, *, demo: bool = False) -> None:
        self.config, self.data = root / "config", root / "data"
        self.tenant(TENANT)
        (self.config / "gateway.toml").write_text(
            f'demo = {str(demo).lower()}\n[intake]\nhost = "127.0.0.1"\nport = {intake_port}\n'
        )
        zones = {TENANT: ZoneInfo("Asia/Jakarta")}
        self._store = Store(self.data / "live" / "kanal.duckdb", zones)
        self._publisher = Publisher(self._store, self.data / "published", self._now, {})
        self._offsets: dict[str, int] = {}
        self._age = timedelta(0)

    def tenant(
        self, name: str, zone: str = "Asia/Jakarta", office: str = "Pemerintah Kabupaten Blitar"
    ) -> None:
        """Add an office to the settings."""
        folder = self.config / "tenants" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tenant.toml").write_text(OFFICE.format(zone=zone, office=office))

    def reference(self) -> None:
        """Load the names of a topic and of an OPD."""
        opd = [(TENANT, "DPUPR", "Dinas Pekerjaan Umum dan Penataan Ruang")]
        load_reference(self._store, [], opd, [("jalan_rusak", "Jalan, trotoar, jembatan")])

    def add(self, *complaints: Complaint, **given: Any) -> None:
        """Write complaints as the register would bring them; what is given is the entry's."""
        self._write(*(entry(c, self._next("deduplicated"), **given) for c in complaints))

    def act(self, kind: str, **given: Any) -> None:
        """Write an operator's act."""
        self._write(act(kind, self._next("deduplicated"), **given))

    def correct(self, kategori: str) -> None:
        """Let an operator's correction of the kategori stand beside the machine's."""
        with self._store.connection() as con:
            con.execute("UPDATE complaints SET kategori = ?", [kategori])

    def health(self, channel: str, **given: Any) -> None:
        """Write a channel's state."""
        self._write(health(self._next("cursors"), channel, **given))

    def alarm(self, kind: str, sentence: str, **given: Any) -> None:
        """Write an alarm that stands, or one that is over."""
        self._write(alarm(self._next("alarms"), kind, sentence, **given))

    def publish(self, age: timedelta = timedelta(0)) -> None:
        """Publish what is written, as if that had been `age` ago."""
        self._age = age
        self._publisher.publish()

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def _now(self) -> datetime:
        return datetime.now(UTC) - self._age

    def _next(self, topic: str) -> int:
        self._offsets[topic] = self._offsets.get(topic, -1) + 1
        return self._offsets[topic]

    def _write(self, *records: Stored) -> None:
        self._store.write(list(records), heads(list(records)))


def said(number: int, minutes_ago: float = 5.2, **given: Any) -> Complaint:
    """Make complaint `number`, sent so many minutes ago, about a broken road."""
    sent = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    fields: dict[str, Any] = {
        "occurred_at": sent,
        "received_at": sent + timedelta(seconds=5),
        "kategori": "jalan_rusak",
        "opd_suggested": "DPUPR",
        "explain": WHY,
        "wilayah": Wilayah(
            kode="35.05.10", kabupaten_kota="Kabupaten Blitar", kecamatan="Kanigoro",
            confidence=0.9, evidence="kanigoro",
        ),
    }  # fmt: skip
    return complaint(number, **(fields | given))


def radio_complaint(form: dict[str, Any], number: int) -> Complaint:
    """Make what the gateway would make of a form."""
    cid = ids.complaint_id(TENANT, "radio", "", form["form_id"])
    return said(
        number, 0.1, complaint_id=cid, channel="radio", external_id=form["form_id"],
        text=form["isi"], text_masked=form["isi"], text_clean=form["isi"].lower(),
    )  # fmt: skip


@dataclass
class FakeIntake:
    """A real HTTP server in the place of the intake; it proves signatures as the real one does."""

    key: bytes = b""
    status: int = 200
    words: str = ""
    forms: list[dict[str, Any]] = field(default_factory=list)
    audits: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    port: int = 0

    def answer(self, path: str, signature: str, body: bytes) -> tuple[int, bytes]:
        """Take a request as the intake would."""
        self.paths.append(path)
        try:
            verify_internal([self.key], signature, path, body, datetime.now(UTC))
        except RejectedRequest as error:
            return 403, error.reason.encode()
        if self.status != 200:
            return self.status, self.words.encode()
        content = json.loads(body)
        if path.startswith("/audit/"):
            self.audits.append(content)
            return 200, json.dumps({"audit_id": content["audit_id"]}).encode()
        if not content["isi"]:
            return 400, b"isi: wajib diisi"
        self.forms.append(content)
        _, _, tenant, channel = path.split("/")
        cid = ids.complaint_id(tenant, channel, "", content["form_id"])
        return 200, json.dumps({"complaint_id": cid}).encode()


@contextmanager
def fake_intake() -> Iterator[FakeIntake]:
    """Serve a fake intake on a free port."""
    intake = FakeIntake()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, reply = intake.answer(self.path, self.headers.get(INTERNAL_HEADER, ""), body)
            self.send_response(status)
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the tests' output quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        intake.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield intake
        finally:
            server.shutdown()
            thread.join()


def open_keys(house: House, intake: FakeIntake) -> None:
    """Let the intake know the key the dashboard signs with."""
    intake.key = keys.internal_key(house.data)
