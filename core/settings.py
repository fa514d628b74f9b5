"""Settings, read once: the environment over config/*.toml; nothing else reads the environment."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from core.errors import ConfigError
from core.settings_bus import KafkaSection, LogSection
from core.settings_files import (
    TRIAL_SECRETS,
    Table,
    channel_keys,
    merge,
    read_files,
    sentence,
    trial_secrets,
)
from core.settings_notice import Notice, Section

__all__ = ["TRIAL_SECRETS", "Settings", "TenantSettings", "child_environment", "load"]

PREFIX = "KANAL_"
_NESTED = "__"
_FILE = "_file"


class IntakeSettings(Section):
    """[intake]: the web server that providers and our own forms call."""

    host: str = Field(default="127.0.0.1", description="Alamat tempat intake mendengarkan.")
    port: int = Field(default=8080, ge=1, le=65535, description="Porta intake.")
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/?#]+)?$",
        description="Alamat publik intake seperti yang terdaftar di penyedia, tanpa garis miring "
        "di akhir; dasar pemeriksaan tanda tangan. Kosong = http://host:port.",
    )
    max_body_bytes: int = Field(
        default=1_048_576, ge=1024, description="Ukuran isi permintaan terbesar (byte)."
    )
    header_seconds: float = Field(
        default=5.0, gt=0, description="Batas waktu menerima kepala permintaan (s)."
    )
    body_seconds: float = Field(
        default=10.0, gt=0, description="Batas waktu menerima isi permintaan (s)."
    )
    max_connections: int = Field(
        default=512, ge=16, description="Sambungan yang dilayani bersamaan; sisanya menunggu."
    )

    @property
    def address(self) -> str:
        """The base under which this machine itself reaches the intake."""
        return f"http://{self.host}:{self.port}"

    @property
    def public_base(self) -> str:
        """The base under which providers reach it: what they sign."""
        return self.public_url or self.address


class DashboardSettings(Section):
    """[dashboard]: the operators' screens."""

    host: str = Field(default="127.0.0.1", description="Alamat tempat dasbor mendengarkan.")
    port: int = Field(default=8501, ge=1, le=65535, description="Porta dasbor.")


class TenantSettings(Section):
    """config/tenants/NAMA/tenant.toml: one office."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Nama folder kantor.")
    office: str = Field(min_length=1, description="Nama kantor seperti tampil di layar.")
    product: str = Field(
        default="Dasbor Pengaduan",
        min_length=1,
        description="Nama layanan seperti tampil di layar.",
    )
    wilayah_kode: str = Field(
        pattern=r"^\d{2}\.\d{2}$", description="Kode Kemendagri kabupaten/kota, mis. 35.05."
    )
    zone: str = Field(
        default="Asia/Jakarta",
        description="Zona waktu kantor: Asia/Jakarta, Asia/Makassar, atau Asia/Jayapura.",
    )
    ticket_prefix: str = Field(
        pattern=r"^[A-Z]{2,5}$", description="Awalan nomor tiket, 2-5 huruf besar."
    )
    privasi: Notice = Field(default=Notice(), description="Tabel [privasi]: pada tiap formulir.")
    # Raw tables: each channel's own model validates its own, and may hold secrets.
    channels: dict[str, Table] = Field(
        default_factory=dict, repr=False, description="Tabel [channels.NAMA] tiap kanal."
    )

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("zona waktu tidak dikenal, mis. Asia/Jakarta") from None
        return zone

    @property
    def zoneinfo(self) -> ZoneInfo:
        """The office's zone."""
        return ZoneInfo(self.zone)


class Settings(BaseSettings):
    """Everything Kanal is configured by, in one frozen object."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=_NESTED, extra="forbid", frozen=True
    )

    bus: Literal["embedded", "kafka"] = Field(
        default="embedded", description="Mesin bus: embedded (satu mesin) atau kafka."
    )
    demo: bool = Field(
        default=False, description="Instalasi peragaan: semua layar bertuliskan DATA SIMULASI."
    )
    intake: IntakeSettings = Field(default=IntakeSettings(), description="Bagian [intake].")
    dashboard: DashboardSettings = Field(
        default=DashboardSettings(), description="Bagian [dashboard]."
    )
    log: LogSection = Field(default=LogSection(), description="Bagian [log].")
    kafka: KafkaSection = Field(default=KafkaSection(), description="Bagian [kafka].")
    tenants: dict[str, TenantSettings] = Field(description="Kantor, satu folder masing-masing.")
    config_dir: Path = Field(description="Folder pengaturan (--config).")
    data_dir: Path = Field(description="Folder data (--data).")
    # (tenant, channel) -> the keys its TOML table holds; secrets must not be among them.
    in_files: dict[tuple[str, str], frozenset[str]] = Field(default_factory=dict, repr=False)
    # Channels whose secrets `kanal up` invented.
    trial: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let `load` merge the sources itself: the environment is among what it hands in."""
        return (init_settings,)


def load(
    config: Path,
    data: Path,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """Read the settings once. Raises ConfigError naming file, field or variable.

    `overrides` (what the command line says) wins over the environment, which wins over the
    trial secrets of the data folder and the files.
    """
    given = dict(os.environ) if environ is None else dict(environ)
    files = read_files(config)
    trial = trial_secrets(data)
    _refuse_unknown(given)
    try:
        variables = _Variables(Settings, trial | given)()
    except SettingsError as error:
        told = re.search(r'field "(\w+)"', str(error))
        name = PREFIX + (told[1].upper() if told else "...")
        raise ConfigError(f"{name}: tulis tiap kunci sendiri, mis. {name}{_NESTED}KUNCI") from error
    merged = merge(merge(files, variables), dict(overrides or {}))
    merged |= {
        "config_dir": config,
        "data_dir": data,
        "in_files": channel_keys(files),
        "trial": _trial_channels(trial, given),
    }
    try:
        return Settings(**merged)
    except ValidationError as error:
        raise ConfigError(sentence(config, error)) from error


def trial_variable(tenant: str, channel: str, key: str) -> str:
    """Name the environment variable of a channel's setting."""
    parts = ("TENANTS", tenant.replace("-", "_"), "CHANNELS", channel, key)
    return PREFIX + _NESTED.join(parts).upper()


def child_environment(settings: Settings, **more: str) -> dict[str, str]:
    """Return the environment of a child process: ours, and what the command line decided."""
    decided = {
        "BUS": settings.bus,
        "DEMO": str(settings.demo).lower(),
        "INTAKE__HOST": settings.intake.host,
        "INTAKE__PORT": str(settings.intake.port),
        "DASHBOARD__HOST": settings.dashboard.host,
        "DASHBOARD__PORT": str(settings.dashboard.port),
    }
    return dict(os.environ) | {PREFIX + k: v for k, v in decided.items()} | more


class _Variables(EnvSettingsSource):
    """The environment as nested tables; a name's `_FILE` variant is read from that file."""

    def __init__(self, settings: type[BaseSettings], environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(settings)

    def _load_env_vars(self) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for name, value in self._environ.items():
            lower = name.lower()
            if not lower.startswith(PREFIX.lower()):
                continue
            if lower.endswith(_FILE):
                found[lower.removesuffix(_FILE)] = _secret_file(name, value)
            else:
                found[lower] = value
        return found

    def __call__(self) -> Table:
        tables = super().__call__()
        # A variable's name cannot hold a hyphen; an office's name cannot hold an underscore.
        if tenants := tables.get("tenants"):
            tables["tenants"] = {name.replace("_", "-"): t for name, t in tenants.items()}
        return tables


def _secret_file(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: berkas {path} tidak dapat dibaca") from error


def _trial_channels(
    trial: Mapping[str, str], given: Mapping[str, str]
) -> frozenset[tuple[str, str]]:
    """Name the channels on trial: those for which no trial secret was replaced by a real one."""
    invented: dict[tuple[str, str], list[bool]] = {}
    for name in trial:
        parts = name.removeprefix(PREFIX).lower().split(_NESTED)
        if len(parts) == 5:
            key = (parts[1].replace("_", "-"), parts[3])
            replaced = name in given or name + _FILE.upper() in given
            invented.setdefault(key, []).append(not replaced)
    return frozenset(key for key, ours in invented.items() if all(ours))


def _refuse_unknown(given: Mapping[str, str]) -> None:
    for name in given:
        root = name.upper().removeprefix(PREFIX).partition(_NESTED)[0].lower()
        known = {"bus", "demo", "intake", "dashboard", "log", "kafka", "tenants"}
        if name.upper().startswith(PREFIX) and root.removesuffix(_FILE) not in known:
            raise ConfigError(f"variabel lingkungan {name} tidak dikenal")
