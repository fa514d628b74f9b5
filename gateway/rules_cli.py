"""The commands about understanding: init and explain."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.options import CONFIG, DATA, Config, Data, read


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(init)
    app.command()(explain)


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
    tenant: Annotated[str, typer.Option("--tenant", help="Kantor, bila ada beberapa.")] = "",
    config: Config = CONFIG,
    data: Data = DATA,
) -> None:
    """Tunjukkan langkah demi langkah bagaimana sebuah teks dipahami."""
    from gateway.explaining import Asked, steps

    for line in steps(read(config, data), Asked(text, title, channel, tenant)):
        print(line)
