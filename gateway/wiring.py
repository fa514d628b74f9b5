"""Wires settings to bus, channels, rules and stages: the only file that knows them all."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import SecretStr, ValidationError

from connectors import CHANNELS
from core import keys
from core.bus import Bus
from core.bus.opening import open_bus
from core.clock import Clock, system_clock
from core.connector import ChannelSettings, ChannelSpec, Connector, Context
from core.errors import ConfigError
from core.settings import Settings, TenantSettings, trial_variable
from dedup import Policy, Sequencer
from gateway.together import Together
from normalizer import Rules
from sink import Sink
from sink.reference import KategoriRow, OpdRow, WilayahRow

State = Literal["terhubung", "percobaan", "gagal", "belum_disambungkan", "mati"]
Key = tuple[str, str]
"""(tenant, channel)."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One office's channel as it is configured: what it is, and how it stands."""

    tenant: str
    spec: ChannelSpec
    connector: Connector
    state: State
    sentence: str

    @property
    def running(self) -> bool:
        """Whether it takes messages in."""
        return self.state in ("terhubung", "percobaan")


def bus(settings: Settings) -> Bus:
    """Open the configured bus over the data folder."""
    return open_bus(settings)


def channels(settings: Settings, clock: Clock = system_clock) -> dict[Key, Channel]:
    """Build every channel of every office; one that is misconfigured stands still and says why.

    Channels that are off are built too: what they once stored can be parsed again for ever.
    """
    found: dict[Key, Channel] = {}
    for tenant in settings.tenants.values():
        unknown = set(tenant.channels) - set(CHANNELS)
        if unknown:
            file = settings.config_dir / "tenants" / tenant.name / "tenant.toml"
            raise ConfigError(f"{file}: kanal tidak dikenal: {', '.join(sorted(unknown))}")
        for spec in CHANNELS.values():
            found[tenant.name, spec.name] = _channel(settings, tenant, spec, clock)
    return found


def channel_settings(settings: Settings, tenant: str, spec: ChannelSpec) -> ChannelSettings:
    """Validate a channel's table. Raises ConfigError naming the key, never its value."""
    table = settings.tenants[tenant].channels.get(spec.name, {"enabled": False})
    in_file = settings.in_files.get((tenant, spec.name), frozenset())
    if misplaced := sorted(in_file & set(secrets_of(spec))):
        variable = trial_variable(tenant, spec.name, misplaced[0])
        raise ConfigError(
            f"tenant.toml [channels.{spec.name}] {misplaced[0]}: rahasia tidak ditulis di berkas; "
            f"pindahkan ke variabel lingkungan {variable}"
        )
    try:
        return spec.settings.model_validate(table)
    except ValidationError as error:
        slip = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in slip["loc"])
        raise ConfigError(f"[channels.{spec.name}] {place}: {slip['msg']}") from error


def secrets_of(spec: ChannelSpec) -> Iterator[str]:
    """Name the fields of a channel's settings that are secrets."""
    for name, field in spec.settings.model_fields.items():
        if "SecretStr" in str(field.annotation):
            yield name


def context(settings: Settings, tenant: str, channel: str, clock: Clock = system_clock) -> Context:
    """Return what a channel is built with."""
    return Context(
        tenant=tenant,
        zone=settings.tenants[tenant].zoneinfo,
        inbox=settings.data_dir / "inbox" / tenant / channel,
        internal_key=keys.internal_key(settings.data_dir),
        clock=clock,
        trial=(tenant, channel) in settings.trial,
        notice=settings.tenants[tenant].privasi.of(settings.tenants[tenant].office),
    )


def rules(settings: Settings) -> dict[str, Rules]:
    """Load every office's rules."""
    return {
        tenant.name: Rules.load(settings.config_dir, tenant.name, tenant.wilayah_kode)
        for tenant in settings.tenants.values()
    }


def sequencer(settings: Settings) -> Sequencer:
    """Make an empty sequencer; its state is the fold of the register."""
    prefixes = {name: tenant.ticket_prefix for name, tenant in settings.tenants.items()}
    return Sequencer(Policy.load(settings.config_dir), prefixes, Together(settings))


def sink(settings: Settings, clock: Clock = system_clock) -> Sink:
    """Open the store; this process is the only one that may."""
    zones = {name: tenant.zoneinfo for name, tenant in settings.tenants.items()}
    analysts = {name: keys.analyst_key(settings.data_dir, name) for name in settings.tenants}
    return Sink(settings.data_dir, zones, analysts, clock)


def missing(spec: ChannelSpec, configured: ChannelSettings) -> list[str]:
    """Name the required settings that are empty."""
    return [name for name in spec.required if not _filled(getattr(configured, name))]


def prepare_folder(data: Path) -> None:
    """Make the data folder, readable by its owner only."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{data}: folder data tidak dapat dibuat ({error.strerror})") from error


def _filled(value: object) -> bool:
    if isinstance(value, SecretStr):
        return bool(value.get_secret_value().strip())
    return value not in (None, "", ())


def _channel(
    settings: Settings, tenant: TenantSettings, spec: ChannelSpec, clock: Clock
) -> Channel:
    made = context(settings, tenant.name, spec.name, clock)
    try:
        configured = channel_settings(settings, tenant.name, spec)
        connector = spec.build(configured, made)
    except ConfigError as error:
        bare = spec.build(spec.settings.model_validate({}), made)
        return Channel(tenant.name, spec, bare, "gagal", str(error))
    state, sentence = _state(settings, (tenant.name, spec.name), spec, configured)
    return Channel(tenant.name, spec, connector, state, sentence)


def _state(
    settings: Settings, key: Key, spec: ChannelSpec, configured: ChannelSettings
) -> tuple[State, str]:
    if not configured.enabled:
        return "mati", "Kanal ini tidak dijalankan (tidak ada di tenant.toml)."
    if empty := missing(spec, configured):
        variables = ", ".join(trial_variable(*key, name) for name in empty)
        return "belum_disambungkan", f"Belum disambungkan: isi {variables}."
    if key in settings.trial:
        return "percobaan", "Memakai kunci percobaan buatan sendiri; pesannya dicatat simulasi."
    return "terhubung", "Tersambung."


def reference_rows(
    settings: Settings, loaded: Mapping[str, Rules]
) -> tuple[list[WilayahRow], list[OpdRow], list[KategoriRow]]:
    """Return what the sink shows beside the complaints: areas, offices, topics."""
    areas: list[WilayahRow] = []
    offices: list[OpdRow] = []
    topics: dict[str, str] = {}
    for tenant, office_rules in sorted(loaded.items()):
        gazetteer = office_rules.gazetteer
        areas += [
            (tenant, p.kode, p.nama, p.level, "", p.kode.rpartition(".")[0], p.lat, p.lon)
            for p in gazetteer.by_kode.values()
            if gazetteer.at_home(p)
        ]
        offices += [(tenant, kode, nama) for kode, nama in _offices(settings.config_dir, tenant)]
        topics |= {k.kode: k.nama for k in office_rules.kategori.values()}
    return areas, offices, sorted(topics.items())


def _offices(config: Path, tenant: str) -> Iterator[tuple[str, str]]:
    path = config / "tenants" / tenant / "opd.toml"
    listed = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for kode, row in listed.get("opd", {}).items():
        yield kode, str(row["nama"])
