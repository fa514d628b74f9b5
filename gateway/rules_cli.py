"""The commands about understanding: init, explain, replay and learn."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from core.errors import ConfigError
from core.settings import Settings
from gateway.options import CONFIG, DATA, Config, Data, Tenant, office, read


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(init)
    app.command()(explain)
    app.command()(replay)
    app.command()(learn)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder baru atau kosong.")],
    wilayah: Annotated[str, typer.Option("--wilayah", help="Kode kabupaten/kota, mis. 35.05.")],
    tenant: Annotated[str, typer.Option("--tenant", help="Nama kantor, mis. kab-blitar.")],
) -> None:
    """Buat pengaturan siap pakai untuk satu kabupaten atau kota."""
    from gateway.founding import found

    for name in found(wilayah, tenant, folder):
        print(f"ditulis: {folder / name}")
    print(f"Periksa {folder / 'tenants' / tenant}, lalu: kanal check --config {folder}")


def explain(
    text: Annotated[str, typer.Argument(help="Teks pesan.")],
    title: Annotated[str, typer.Option("--title", help="Judul pesan.")] = "",
    channel: Annotated[str, typer.Option("--channel", help="Kanal asal.")] = "desk",
    tenant: Tenant = "",
    config: Config = CONFIG,
    data: Data = DATA,
) -> None:
    """Tunjukkan langkah demi langkah bagaimana sebuah teks dipahami."""
    from gateway.explaining import Asked, steps

    for line in steps(read(config, data), Asked(text, title, channel, tenant)):
        print(line)


def replay(
    since: Annotated[str, typer.Option("--since", help="Sejak tanggal ini, mis. 2026-11-01.")],
    until: Annotated[str, typer.Option("--until", help="Sampai sebelum tanggal ini.")] = "",
    channel: Annotated[str, typer.Option("--channel", help="Hanya kanal ini.")] = "",
    apply: Annotated[
        bool, typer.Option("--apply", help="Terapkan; koreksi operator tetap berlaku.")
    ] = False,
    config: Config = CONFIG,
    data: Data = DATA,
) -> None:
    """Tunjukkan bagaimana aturan sekarang akan mengubah yang lampau; --apply menerapkannya."""
    import asyncio

    from connectors import CHANNELS
    from gateway import wiring
    from gateway.replay import Difference, Span
    from gateway.replay import replay as again

    settings = read(config, data)
    if channel not in ("", *CHANNELS):
        raise ConfigError(f"--channel {channel!r}: kanal ini tidak ada; {', '.join(CHANNELS)}")
    span = Span(
        moment("--since", since, settings),
        moment("--until", until, settings) if until else None,
        channel,
    )

    async def work() -> Difference:
        bus = wiring.bus(settings)
        try:
            return await again(settings, bus, span, apply=apply)
        finally:
            await bus.close()

    found = asyncio.run(work())
    for line in found.lines():
        print(line)
    if apply:
        print(f"diterapkan={found.published}")


def learn(
    apply: Annotated[bool, typer.Option("--apply", help="Simpan dan berlakukan.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Kembali ke pelajaran sebelumnya.")] = False,
    tenant: Tenant = "",
    config: Config = CONFIG,
    data: Data = DATA,
) -> None:
    """Pelajari kata-kata kategori dari koreksi operator; hasilnya ditunjukkan dulu."""
    import asyncio

    from gateway import learning, wiring

    settings = read(config, data)
    meant = office(settings, tenant)
    folder = settings.config_dir / "tenants" / meant
    if undo:
        print(f"berlaku sekarang: {learning.undo(folder)}; jalankan ulang pengolah")
        return

    async def work() -> learning.Learnt:
        bus = wiring.bus(settings)
        try:
            return await learning.learn(settings, bus, meant)
        finally:
            await bus.close()

    learnt = asyncio.run(work())
    for kode, words in learnt.lessons.items():
        print(f"{kode}: {', '.join(words)}")
    for line in learnt.report.lines():
        print(line)
    if apply and learnt.lessons:
        print(f"ditulis: {learning.write(folder, learnt)}; jalankan ulang pengolah")


def moment(option: str, text: str, settings: Settings) -> datetime:
    """Read a date or time; without a zone it is the first office's. Raises ConfigError."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} {text!r}: tulis tanggal, mis. 2026-11-01") from None
    zone = next(iter(settings.tenants.values())).zoneinfo
    return told if told.tzinfo else told.replace(tzinfo=zone)
