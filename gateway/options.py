"""The options that all commands share, and how they read the settings."""

from pathlib import Path
from typing import Annotated

import typer

from core.errors import ConfigError
from core.settings import Settings, load
from core.settings_files import Table

Config = Annotated[Path, typer.Option("--config", help="Folder pengaturan.")]
Data = Annotated[Path, typer.Option("--data", help="Folder data; dibuat bila belum ada.")]
Port = Annotated[int | None, typer.Option("--port", help="Porta intake.")]
DashboardPort = Annotated[int | None, typer.Option("--dashboard-port", help="Porta dasbor.")]

Tenant = Annotated[str, typer.Option("--tenant", help="Kantor, bila ada beberapa.")]

CONFIG, DATA = Path("config"), Path("data")


def read(config: Path, data: Path, overrides: dict[str, Table] | None = None) -> Settings:
    """Read the settings and make the data folder."""
    from gateway.wiring import prepare_folder

    prepare_folder(data)
    return load(config.absolute(), data.absolute(), overrides=overrides)


def office(settings: Settings, tenant: str) -> str:
    """Return the office that is meant: the one named, or the only one. Raises ConfigError."""
    offices = list(settings.tenants)
    meant = tenant or (offices[0] if len(offices) == 1 else "")
    if meant not in settings.tenants:
        raise ConfigError(f"sebut kantornya dengan --tenant; yang ada: {', '.join(offices)}")
    return meant
