"""The command `kanal`: every command, its options and its exit codes (0 good, 1 wrong, 2 input)."""

import io
import os
import socket
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from core.errors import ConfigError, GatewayError
from core.settings_files import Table
from gateway import cases_cli, rules_cli
from gateway.options import CONFIG, DATA, Config, DashboardPort, Data, Port, Tenant, read

app = typer.Typer(
    name="kanal",
    help="Gerbang penerimaan dan dasbor pengaduan warga.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

DAEMONS = ("connectors", "normalizer", "dedup", "sink", "dashboard", "api")


def main() -> None:
    """Run the command line; whatever a runner knows how to say is said in a sentence."""
    # Names are lower case and files of ours are private, whoever runs this.
    os.umask(0o077)
    _add_groups()
    try:
        app()
    except GatewayError as error:
        fail(error)


def _add_groups() -> None:
    """Add the groups of commands that bring their libraries with them."""
    rules_cli.add_to(app)
    cases_cli.add_to(app)
    if "bus" in sys.argv[1:2] or "--help" in sys.argv:
        from gateway import bus_care

        app.add_typer(bus_care.app, name="bus")


def fail(error: GatewayError) -> NoReturn:
    """Say what is wrong and leave with its exit code."""
    print(f"kanal: {error}", file=sys.stderr)
    raise SystemExit(error.exit_code)


@app.command()
def up(
    config: Config = CONFIG,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder data (data, peragaan: data-demo).")
    ] = None,
    port: Port = None,
    dashboard_port: DashboardPort = None,
    demo: Annotated[bool, typer.Option("--demo", help="Peragaan dengan warga simulasi.")] = False,
) -> None:
    """Jalankan semuanya di satu komputer: penerima, pengolah, penyimpan, dan dasbor."""
    from gateway.up import bring_up

    raise SystemExit(bring_up(config, data, _ports(port, dashboard_port), demo=demo))


@app.command()
def run(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    stage: Annotated[str, typer.Argument(help=f"Salah satu dari: {', '.join(DAEMONS)}.")],
    config: Config = CONFIG,
    data: Data = DATA,
    member: Annotated[
        str, typer.Option("--member", help="Nama proses ini di antara yang berbagi tahap.")
    ] = "",
    metrics_port: Annotated[
        int | None,
        typer.Option("--metrics-port", min=1, max=65535, help="Porta /metrics di 127.0.0.1."),
    ] = None,
    ready_fd: Annotated[int | None, typer.Option("--ready-fd", hidden=True)] = None,
    parent: Annotated[int | None, typer.Option("--parent", hidden=True)] = None,
) -> None:
    """Jalankan satu daemon."""
    from gateway.process import die_with_parent

    if stage not in DAEMONS:
        raise ConfigError(f"tahap {stage!r} tidak ada; pilih salah satu: {', '.join(DAEMONS)}")
    if stage == "api":
        raise ConfigError("tahap api belum ada di rilis ini; pakai kanal sql")
    if parent is not None:
        die_with_parent(parent)
    settings = read(config, data)
    if stage == "dashboard":
        from gateway.process import become_dashboard

        if metrics_port is not None:
            raise ConfigError(
                "dasbor punya metriknya sendiri di /_stcore/metrics; hapus --metrics-port"
            )

        become_dashboard(settings, ready_fd)
    from gateway import stages
    from gateway.own_metrics import served
    from gateway.process import run_daemon

    work = getattr(stages, f"run_{stage}")
    with served(settings, metrics_port):
        raise SystemExit(run_daemon(work, settings, ready_fd, member or _own_name()))


@app.command()
def check(
    channel: Annotated[str, typer.Argument(help="Hanya kanal ini.")] = "",
    config: Config = CONFIG,
    data: Data = DATA,
) -> None:
    """Periksa pengaturan dan kunci tiap kanal, dalam kalimat."""
    from gateway.doctor import examine

    findings = examine(read(config, data), channel)
    for finding in findings:
        print(finding.sentence)
    raise SystemExit(1 if any(finding.wrong for finding in findings) else 0)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="Satu SELECT; kosong = prompt interaktif.")] = "",
    form: Annotated[str, typer.Option("--format", help="table, csv, json, parquet.")] = "table",
    flavour: Annotated[str, typer.Option("--flavour", help="analyst atau operator.")] = "analyst",
    config: Config = CONFIG,
    data: Data = DATA,
) -> None:
    """Tanyai data yang diterbitkan dengan SQL."""
    from gateway.sql import ask

    ask(read(config, data).data_dir, query, form, flavour)


@app.command()
def books(config: Config = CONFIG, data: Data = DATA) -> None:
    """Tampilkan pembukuan tiap kanal: yang diterima dan nasibnya."""
    from gateway.books import show

    raise SystemExit(0 if show(read(config, data).data_dir) else 1)


@app.command()
def normalize(config: Config = CONFIG, data: Data = DATA) -> None:
    """Ubah baris JSON pesan di stdin menjadi baris JSON aduan, urutannya tetap."""
    from gateway.lines import normalize_lines

    _pour(normalize_lines(read(config, data), stdin()))


@app.command()
def dedup(config: Config = CONFIG, data: Data = DATA) -> None:
    """Kelompokkan baris JSON aduan di stdin: kasus, hubungan, nilai, dan alasannya."""
    from gateway.lines import dedup_lines

    _pour(dedup_lines(read(config, data), stdin()))


@app.command("import")
def import_(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    channel: Annotated[str, typer.Argument(help="Kanal asal berkas, mis. sp4n atau desk.")],
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", help="Berkas yang diimpor.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Impor tanpa bertanya.")] = False,
    templates: Annotated[
        Path | None, typer.Option("--templates", help="Tulis formulir kosong ke folder ini.")
    ] = None,
    tenant: Tenant = "",
    config: Config = CONFIG,
    data: Data = DATA,
) -> None:
    """Impor berkas yang dibawa operator; isinya ditunjukkan dulu."""
    from gateway.importing import import_files, write_templates

    settings = read(config, data)
    if templates is not None:
        for path in write_templates(settings, channel, templates, tenant):
            print(path)
    if not files:
        if templates is None:
            raise ConfigError("sebut berkas yang diimpor: kanal import KANAL BERKAS...")
        return
    counts = import_files(settings, channel, files, confirmed=yes, say=print, tenant=tenant)
    if counts.halted:
        print(f"kanal: {counts.halted}", file=sys.stderr)
    print(counts.line)
    raise SystemExit(1 if counts.halted or counts.ditolak else 0)


@app.command()
def simulate(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    config: Config = CONFIG,
    data: Data = DATA,
    port: Port = None,
    count: Annotated[int, typer.Option("--count", min=1, help="Banyaknya pesan.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Benih acak; sama = warga sama.")] = 1,
    duplicates: Annotated[
        float, typer.Option("--duplicates", min=0, max=1, help="Bagian yang dikirim ulang.")
    ] = 0.1,
    rate: Annotated[
        float, typer.Option("--rate", min=0, help="Pesan per detik; 0 = secepatnya.")
    ] = 50.0,
    parent: Annotated[int | None, typer.Option("--parent", hidden=True)] = None,
) -> None:
    """Kirim pesan warga simulasi: permintaan bertanda tangan dan berkas sungguhan."""
    if parent is not None:
        from gateway.process import die_with_parent

        die_with_parent(parent)
    from gateway.simulate import Plan, tell_progress
    from gateway.simulate import simulate as send

    settings = read(config, data, _ports(port, None))
    result = send(settings, Plan(count, seed, duplicates, rate), tell_progress)
    print(f"dikirim={result.sent} diterima={result.accepted} ditolak={result.refused}")
    raise SystemExit(0 if result.sent == result.accepted else 1)


@app.command("new-channel")
def new_channel(
    name: Annotated[str, typer.Argument(help="Nama kanal baru, mis. pesan_warga.")],
    mode: Annotated[
        str, typer.Option("--mode", help="push (dipanggil), pull (bertanya), import (berkas).")
    ] = "push",
) -> None:
    """Buat kerangka folder sebuah kanal baru; tesnya gagal sampai kanal itu diisi."""
    from gateway import scaffold

    for path in scaffold.new_channel(name, mode):
        print(path)
    print(scaffold.next_steps(name))


@app.command()
def reference(
    check: Annotated[bool, typer.Option("--check", help="Hanya periksa.")] = False,
) -> None:
    """Tulis docs/reference dan .env.example dari kode (atau periksa apakah sudah sesuai)."""
    from gateway.reference import stale, write

    root = Path(__file__).parents[1]
    found = stale(root) if check else write(root)
    for path in found:
        print(f"{'usang' if check else 'ditulis'}: {path}")
    raise SystemExit(1 if check and found else 0)


def _own_name() -> str:
    """Name this process among those that share a stage; a fixed name is taken over faster."""
    return f"{socket.gethostname()}-{os.getpid()}"


def _ports(port: int | None, dashboard_port: int | None) -> dict[str, Table]:
    given = {"intake": port, "dashboard": dashboard_port}
    return {section: {"port": value} for section, value in given.items() if value is not None}


def stdin() -> Iterator[str]:
    """Yield what comes, whatever the locale: UTF-8, with or without a mark; a bad byte is one."""
    yield from io.TextIOWrapper(sys.stdin.buffer, "utf-8-sig", "replace")


def _pour(lines: Iterable[str]) -> None:
    """Write lines as they come; what was written before a bad line stays."""
    try:
        for line in lines:
            sys.stdout.write(line + "\n")
    finally:
        sys.stdout.flush()
