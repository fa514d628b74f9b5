"""Trial secrets: random ones for a data folder that has none, so that a first message can come."""

import os
import secrets
from pathlib import Path

from connectors import CHANNELS
from core.errors import ConfigError
from core.settings import TRIAL_SECRETS, Settings, trial_variable
from gateway import wiring

_HEAD = """\
# Rahasia percobaan buatan kanal up. Pesan yang ditandatangani dengannya dicatat sebagai simulasi.
# Rahasia asli di variabel lingkungan menggantikannya; sesudah itu berkas ini boleh dihapus.
"""


def make_trial_secrets(settings: Settings) -> list[str]:
    """Write DATA/secrets.env if there is none and no webhook has a real secret; name its channels.

    Raises ConfigError if it cannot be written.
    """
    path = settings.data_dir / TRIAL_SECRETS
    if path.exists() or _has_real_secret(settings):
        return []
    made = {
        trial_variable(tenant, spec.name, key): spec.name
        for tenant, office in settings.tenants.items()
        for spec in CHANNELS.values()
        if office.channels.get(spec.name, {"enabled": False}).get("enabled", True)
        for key in spec.trial
    }
    if made:
        _write(path, [f"{name}={secrets.token_hex(16)}" for name in made])
    return sorted(set(made.values()))


def _has_real_secret(settings: Settings) -> bool:
    for tenant, office in settings.tenants.items():
        for spec in CHANNELS.values():
            table = office.channels.get(spec.name, {})
            given = any(table.get(name) for name in wiring.secrets_of(spec))
            if given and (tenant, spec.name) not in settings.trial:
                return True
    return False


def _write(path: Path, lines: list[str]) -> None:
    new = path.with_name(f".{path.name}.tmp")
    try:
        new.unlink(missing_ok=True)
        with open(new, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(_HEAD + "\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: tidak dapat ditulis ({error.strerror})") from error
