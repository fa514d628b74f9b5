"""Reads the files settings come from, and says in a sentence what is wrong in them."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.errors import ConfigError

TRIAL_SECRETS = "secrets.env"

Table = dict[str, Any]


def read_files(config: Path) -> Table:
    """Read gateway.toml and every office's tenant.toml as one nested table."""
    if not config.is_dir():
        raise ConfigError(f"{config}: folder pengaturan tidak ada (lihat --config)")
    gateway = _toml(config / "gateway.toml")
    if "tenants" in gateway:
        raise ConfigError(f"{config / 'gateway.toml'}: kantor ditulis di tenants/NAMA/tenant.toml")
    if "password" in _table(gateway, "kafka"):
        raise ConfigError(
            f"{config / 'gateway.toml'}: kafka.password: rahasia tidak ditulis di berkas; "
            "pindahkan ke variabel lingkungan KANAL_KAFKA__PASSWORD"
        )
    found = sorted((config / "tenants").glob("*/tenant.toml"))
    if not found:
        raise ConfigError(f"{config / 'tenants'}: belum ada kantor (tenants/NAMA/tenant.toml)")
    tenants = {path.parent.name: _toml(path) | {"name": path.parent.name} for path in found}
    return gateway | {"tenants": tenants}


def _toml(path: Path) -> Table:
    try:
        # Editors of some systems put a byte order mark in front.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def trial_secrets(data: Path) -> dict[str, str]:
    """Read the secrets `kanal up` invented, as variables."""
    path = data / TRIAL_SECRETS
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: tidak dapat dibaca ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: bukan teks UTF-8") from error
    pairs = (line.partition("=") for line in lines if line.strip() and line[0] != "#")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _table(within: Table, name: str) -> Table:
    """Return a table, empty where something else stands: the settings' model says what."""
    found = within.get(name)
    return found if isinstance(found, dict) else {}


def channel_keys(files: Table) -> dict[tuple[str, str], frozenset[str]]:
    """Tell which keys each channel\'s TOML table holds."""
    return {
        (tenant, channel): frozenset(table)
        for tenant, settings in files["tenants"].items()
        for channel, table in _table(settings, "channels").items()
        if isinstance(table, dict)
    }


def merge(below: Table, above: Table) -> Table:
    """Lay one nested table over another."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def sentence(config: Path, error: ValidationError) -> str:
    """Name the place of every slip, never its value (it may be a secret)."""
    said = []
    for slip in error.errors(include_input=False, include_url=False):
        place = [str(part) for part in slip["loc"]]
        file = config / "gateway.toml"
        if place[:1] == ["tenants"] and len(place) > 1:
            file, place = config / "tenants" / place[1] / "tenant.toml", place[2:]
        reason = {
            "missing": "wajib diisi",
            "extra_forbidden": "kunci tidak dikenal",
            "string_pattern_mismatch": "bentuknya salah",
        }.get(slip["type"], slip["msg"].removeprefix("Value error, "))
        said.append(f"{file}: {'.'.join(place)}: {reason}")
    return "\n".join(said)
