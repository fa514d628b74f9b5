"""`kanal bus`: what is on the log, whether it is whole, and a copy of it while it is written."""

import asyncio
from pathlib import Path

import typer
from rich.table import Table

from core.bus.embedded import EmbeddedBus
from core.errors import ConfigError
from core.settings import Settings
from gateway import screen, wiring
from gateway.options import CONFIG, DATA, Config, Data, read

app = typer.Typer(help="Log tahan mati: keadaan, pemeriksaan, salinan.", no_args_is_help=True)


@app.command()
def status(config: Config = CONFIG, data: Data = DATA) -> None:
    """Tampilkan isi log, yang masih menunggu tiap tahap, dan ruang cakram."""
    asyncio.run(_status(read(config, data)))


@app.command()
def verify(config: Config = CONFIG, data: Data = DATA) -> None:
    """Periksa seluruh log; keluar 1 bila ada yang rusak."""
    raise SystemExit(asyncio.run(_verify(read(config, data))))


@app.command()
def backup(file: Path, config: Config = CONFIG, data: Data = DATA) -> None:
    """Salin log yang utuh pada satu saat ke berkas, sambil gerbang berjalan."""
    size = asyncio.run(_backup(read(config, data), file))
    print(f"{file}: {size:,} byte")


def log_of(settings: Settings) -> Path:
    """Return the log of this data folder: the bus itself, or the outbox in front of Kafka."""
    name = "log.sqlite" if settings.bus == "embedded" else "outbox.sqlite"
    path = settings.data_dir / "bus" / name
    if not path.exists():
        raise ConfigError(f"{path}: belum ada; jalankan kanal up dahulu")
    return path


async def _status(settings: Settings) -> None:
    path = log_of(settings)
    bus = wiring.bus(settings)
    try:
        found = await bus.status()
    finally:
        await bus.close()
    topics = Table("topik", "catatan", "posisi terakhir")
    for name, head in sorted(found.heads.items()):
        topics.add_row(name, str(found.records.get(name, "")), str(head))
    waiting = Table("tahap", "topik", "menunggu", "tertua (s)")
    for (group, topic), lag in sorted(found.lags.items()):
        age = found.oldest.get((group, topic))
        waiting.add_row(group, topic, str(lag), "" if age is None else f"{age:.1f}")
    screen.show(topics, waiting)
    log = EmbeddedBus(path)
    try:
        facts = await log.facts()
    finally:
        await log.close()
    print(
        f"{facts.path}: {facts.log_bytes:,} byte, WAL {facts.wal_bytes:,} byte, "
        f"ruang bebas {facts.free_bytes // 2**20:,} MB, SQLite {facts.sqlite}"
    )


async def _verify(settings: Settings) -> int:
    log = EmbeddedBus(log_of(settings))
    try:
        found = await log.verify()
    finally:
        await log.close()
    for problem in found.problems:
        print(f"RUSAK: {problem}")
    if found.ok:
        print(f"Utuh: {found.records:,} catatan diperiksa dalam {found.seconds:.1f} s.")
    return 0 if found.ok else 1


async def _backup(settings: Settings, target: Path) -> int:
    log = EmbeddedBus(log_of(settings))
    try:
        return await log.backup(target.absolute())
    finally:
        await log.close()
