"""The commands about cases: `kanal decide` and `kanal cases explain A B`."""

from typing import Annotated

import typer

from gateway.options import CONFIG, DATA, Config, Data, Tenant, office, read

cases = typer.Typer(help="Kasus: mengapa dua laporan bersama atau terpisah.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(decide)
    app.add_typer(cases, name="cases")


@cases.callback()
def _group() -> None:
    """Kasus: mengapa dua laporan bersama atau terpisah."""


@cases.command()
def explain(
    one: Annotated[str, typer.Argument(metavar="A", help="Nomor tiket atau id laporan.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Nomor tiket atau id laporan.")],
    tenant: Tenant = "",
    config: Config = CONFIG,
    data: Data = DATA,
) -> None:
    """Jelaskan mengapa dua laporan satu kasus atau bukan."""
    from gateway.cases import explained

    settings = read(config, data)
    for line in explained(settings, office(settings, tenant), one, other):
        print(line)


def decide(tenant: Tenant = "", config: Config = CONFIG, data: Data = DATA) -> None:
    """Simpan keputusan (baris JSON di stdin); hasilnya ditetapkan tahap dedup."""
    import asyncio

    from gateway.cases import decided
    from gateway.cli import stdin

    settings = read(config, data)
    new = 0
    for decision, fresh in asyncio.run(decided(settings, tenant, stdin())):
        new += fresh
        print(f"{decision} {'disimpan' if fresh else 'sudah ada'}")
    print(f"baru={new}")
