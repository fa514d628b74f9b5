"""`kanal import`: shown first, asked, taken in once; what is refused is named."""

import asyncio
import csv
import io
import json
import os
import pty
import subprocess
import zipfile
from pathlib import Path

import pytest

from core import topics
from core.bus.memory import MemoryBus
from core.errors import ConfigError
from core.schema import RawMessage
from core.settings import Settings, load
from gateway import wiring
from gateway.importing import Counts, Report, Taking, import_files, write_templates
from tests.acceptance.running import KANAL, ROOT, command
from tests.connectors.sp4n_export import reports, write_csv, write_xlsx
from tests.gateway.house import CONFIG, TENANT, settings

NIK, PHONE = "3505012345670001", "0812-0000-0051"
TEMPTING = {
    "Judul Laporan": "=Data saya",
    "Isi Laporan Awal": f"NIK saya {NIK}, hubungi {PHONE}",
    "Tipe Laporan (Anonim/Rahasia)": "",
}
SECRET = {
    "Isi Laporan Awal": "Tolong jangan disebarkan",
    "Tipe Laporan (Anonim/Rahasia)": "Rahasia",
}


def imported(data: Path, *files: Path, channel: str = "sp4n") -> Counts:
    return import_files(settings(data), channel, files, confirmed=True, say=lambda line: None)


def told(counts: Counts) -> tuple[int, int, int, int]:
    return counts.baru, counts.berubah, counts.tetap, counts.ditolak


def on_the_log(given: Settings) -> list[RawMessage]:
    async def read() -> list[RawMessage]:
        bus = wiring.bus(given)
        try:
            found = await bus.read(topics.RAW.name, {}, 1_000_000)
        finally:
            await bus.close()
        return [RawMessage.model_validate_json(record.value) for record in found]

    return asyncio.run(read())


# -- counting ---------------------------------------------------------------------------------


def test_an_export_of_two_thousand_rows_twice(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "laporan.xlsx", reports(2000))
    words = ("import", "sp4n", str(path), "--yes", "--data", str(tmp_path / "data"))
    first, again = command(*words), command(*words)
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert first.stdout.splitlines()[-1] == "baru=2000 berubah=0 tetap=0 ditolak=0"
    assert again.stdout.splitlines()[-1] == "baru=0 berubah=0 tetap=2000 ditolak=0"
    kept = on_the_log(settings(tmp_path / "data"))
    assert len(kept) == 2000
    assert {(raw.channel, raw.history, raw.simulated) for raw in kept} == {("sp4n", True, False)}


def test_what_is_new_and_what_has_changed_before_anything_is_published(tmp_path: Path) -> None:
    rows = list(reports(20))
    write_csv(tmp_path / "a.csv", rows[:15])
    changed = [{**row, "Status Laporan": "Diarsipkan oleh Admin"} for row in rows[:4]]
    write_csv(tmp_path / "b.csv", [*changed, *rows[4:]])
    assert told(imported(tmp_path, tmp_path / "a.csv")) == (15, 0, 0, 0)
    assert told(imported(tmp_path, tmp_path / "b.csv")) == (5, 4, 11, 0)
    # An older export again undoes nothing and doubles nothing.
    assert told(imported(tmp_path, tmp_path / "a.csv")) == (0, 0, 15, 0)


def test_two_states_of_one_report_in_one_command(tmp_path: Path) -> None:
    first, second = list(reports(2))
    write_csv(tmp_path / "a.csv", [first, first, {**first, "Status Laporan": "Baru"}])
    write_csv(tmp_path / "b.csv", [first, second])
    assert told(imported(tmp_path, tmp_path / "a.csv", tmp_path / "b.csv")) == (2, 1, 2, 0)


def test_offline_forms_are_merged_without_doubling(tmp_path: Path) -> None:
    form = {"form_id": "6b616e61-6c00-4000-8000-000000000001", "isi": "Lampu mati"}
    path = tmp_path / "luring.json"
    page = {"jenis": "kanal-desk", "versi": 1, "formulir": [form, {"isi": "tanpa kode"}]}
    path.write_text(json.dumps(page))
    assert told(imported(tmp_path, path, channel="desk")) == (1, 0, 0, 1)
    assert told(imported(tmp_path, path, channel="desk")) == (0, 0, 1, 1)


# -- what is refused --------------------------------------------------------------------------


def test_refused_rows_are_named_on_the_screen_and_beside_our_data(tmp_path: Path) -> None:
    wrong = reports(30, first=1, **{"Tanggal Laporan Masuk": "kemarin"})
    rows = [*reports(3), {"Tracking ID": "=HYPERLINK", **TEMPTING}, *wrong]
    path = write_csv(tmp_path / "laporan.csv", rows)
    done = command("import", "sp4n", str(path), "--yes", "--data", str(tmp_path / "data"))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "baru=3 berubah=0 tetap=0 ditolak=31"
    said = done.stderr.splitlines()
    assert said[0] == "ditolak: laporan.csv, baris 15, Tracking ID: bukan nomor laporan"
    assert said[1] == "ditolak: laporan.csv, baris 16, Tanggal Laporan Masuk: tidak terbaca"
    assert said[-2] == "... dan 11 baris lagi"
    assert {p.name for p in tmp_path.iterdir()} == {"laporan.csv", "data"}
    (report,) = (tmp_path / "data" / "impor").iterdir()
    assert said[-1].endswith(str(report))
    assert report.name.endswith("laporan.csv.ditolak.csv")
    with report.open(newline="") as file:
        table = list(csv.reader(file))
    assert table[0] == ["berkas", "letak", "kolom", "sebab"]
    assert table[1][1:] == ["laporan.csv, baris 15", "Tracking ID", "bukan nomor laporan"]
    assert len(table) == 32
    everything = done.stdout + done.stderr + report.read_text()
    assert [word for word in (NIK, PHONE, "Data saya", "HYPERLINK") if word in everything] == []


def test_a_file_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    whole = write_xlsx(tmp_path / "utuh.xlsx", reports(1500))
    broken = tmp_path / "putus.xlsx"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(broken, "w", 8) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                content = content[: content.index(b'<row r="1300"')] + b"<row"
            new.writestr(entry.filename, content)
    counts = imported(tmp_path / "data", broken)
    assert counts.halted.startswith(f"{broken}: berkas Excel rusak")
    kept = counts.baru
    assert 0 < kept < 1300
    assert told(imported(tmp_path / "data", whole)) == (1500 - kept, 0, kept, 0)


def test_a_log_that_takes_nothing_more_halts_and_nothing_is_counted(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", reports(3))
    bus, given = MemoryBus(), settings(tmp_path / "data")
    bus.full = True
    taking = Taking(bus, wiring.channels(given)[TENANT, "sp4n"], "simpul")

    async def take() -> None:
        await taking.take(path, Report(given.data_dir, path), lambda n: None)

    asyncio.run(take())
    assert "bus penuh" in taking.counts.halted
    assert told(taking.counts) == (0, 0, 0, 0)
    bus.full = False
    asyncio.run(take())
    assert asyncio.run(bus.status()).tallies[TENANT, "sp4n", "stored"] == 3


@pytest.mark.parametrize(
    ("channel", "file", "sentence"),
    [
        ("merpati", "README.md", "kanal 'merpati' tidak mengimpor berkas; yang dapat: "),
        ("sms", "README.md", "kanal 'sms' tidak mengimpor berkas"),
        ("google_reviews", "README.md", r"tambahkan \[channels.google_reviews\]"),
        ("sp4n", "tidak-ada.csv", r"tidak-ada\.csv: tidak dapat dibaca"),
        ("sp4n", "tests", "tests: tidak dapat dibaca"),
        ("sp4n", "README.md", r"README\.md: baris judul kolom tidak ditemukan"),
    ],
)
def test_what_was_asked_wrongly_is_a_sentence(
    tmp_path: Path, channel: str, file: str, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        imported(tmp_path, ROOT / file, channel=channel)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "sebut berkas yang diimpor"),
        (("a.csv", "--tenant", "kab-lain"), "sebut kantornya dengan --tenant; yang ada: kab-bl"),
        (("--templates", "x"), "kanal sp4n tidak punya formulir kosong"),
    ],
)
def test_what_was_asked_wrongly_ends_with_two(
    tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    done = command("import", "sp4n", *words, "--data", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr


# -- showing and asking -----------------------------------------------------------------------


def tempting(path: Path) -> Path:
    first, second, third = reports(3)
    return write_csv(path, [{**first, **TEMPTING}, {**second, **SECRET}, third])


def test_without_a_terminal_it_only_shows(tmp_path: Path) -> None:
    path = tempting(tmp_path / "laporan.csv")
    done = command("import", "sp4n", str(path), "--data", str(tmp_path / "data"))
    assert done.returncode == 2
    assert "tambahkan --yes" in done.stderr
    assert "    isi <- Isi Laporan Awal" in done.stdout
    assert "3 baris, 0 di antaranya ditolak." in done.stdout
    assert "[NIK]" in done.stdout
    assert "(rahasia)" in done.stdout
    shown = done.stdout + done.stderr
    assert [word for word in (NIK, PHONE, "disebarkan") if word in shown] == []
    assert on_the_log(settings(tmp_path / "data")) == []
    # Nobody looks at a job's log: no citizen's words there at all.
    done = command("import", "sp4n", str(path), "--yes", "--data", str(tmp_path / "data"))
    assert "Data saya" not in done.stdout
    assert done.stdout.splitlines()[-1] == "baru=3 berubah=0 tetap=0 ditolak=0"


@pytest.mark.parametrize(
    ("answer", "code", "last"),
    [
        ("ya", 0, "baru=3 berubah=0 tetap=0 ditolak=0"),
        ("", 1, "Dibatalkan; tidak ada yang diimpor."),
        ("\x04", 1, "Dibatalkan; tidak ada yang diimpor."),
    ],
)
def test_on_a_terminal_it_asks(tmp_path: Path, answer: str, code: int, last: str) -> None:
    path = tempting(tmp_path / "laporan.csv")
    ours, theirs = pty.openpty()
    env = {k: v for k, v in os.environ.items() if not k.startswith("KANAL_")} | {"TERM": "xterm"}
    asked = subprocess.Popen(
        [*KANAL, "import", "sp4n", str(path), "--data", str(tmp_path / "data")],
        cwd=ROOT, env=env, stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    said = ""
    with asked as process, open(ours, "r+b", buffering=0) as terminal:
        while "[y/T]" not in said:
            part = _read(terminal)
            assert part, said
            said += part
        terminal.write(answer.encode() + (b"" if answer == "\x04" else b"\n"))
        while part := _read(terminal):
            said += part
    assert process.returncode == code
    assert last in said.splitlines()[-1]
    assert [word for word in (NIK, PHONE, "disebarkan") if word in said] == []


def _read(terminal: io.FileIO) -> str:
    try:
        return terminal.read(4096).decode()
    except OSError:
        return ""  # whoever wrote there is gone


def test_a_channel_that_cannot_describe_shows_its_fields(tmp_path: Path) -> None:
    text = (CONFIG / "tenants" / TENANT / "tenant.toml").read_text() + "\n[channels.twitter]\n"
    config = tmp_path / "config"
    subprocess.run(["cp", "-r", str(CONFIG), str(config)], check=True)
    (config / "tenants" / TENANT / "tenant.toml").write_text(text)
    path = tmp_path / "pos.csv"
    path.write_text("id,text,created_at\n1590000000000000001,Jalan rusak,2026-11-20 08:00\n")
    said: list[str] = []
    given = load(config, tmp_path / "data", environ={})
    counts = import_files(given, "twitter", [path], confirmed=True, say=said.append)
    assert told(counts) == (1, 0, 0, 0)
    assert said == [f"{path}:", "  Isian: id, text, created_at"]


def test_empty_forms_are_written_and_none_is_overwritten(tmp_path: Path) -> None:
    given = settings(tmp_path / "data")
    found = write_templates(given, "desk", tmp_path / "formulir")
    assert sorted(path.suffix for path in found) == [".html", ".xlsx"]
    assert "Pemerintah Kabupaten Blitar" in found[0].read_text()
    with pytest.raises(ConfigError, match=r"formulir-luring\.\w+: tidak dapat ditulis"):
        write_templates(given, "desk", tmp_path / "formulir")
