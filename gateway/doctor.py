"""`kanal check`: what is right and wrong with the settings and keys, in sentences."""

import asyncio
from dataclasses import dataclass
from typing import cast

from connectors import CHANNELS
from core.connector import Probe
from core.errors import ConfigError, RetryLater
from core.settings import Settings
from gateway import wiring

_WORDS = {
    "terhubung": "beres",
    "percobaan": "percobaan",
    "gagal": "SALAH",
    "belum_disambungkan": "BELUM DISAMBUNGKAN",
    "mati": "tidak dijalankan",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What an examination found."""

    sentence: str
    wrong: bool = False


def examine(settings: Settings, only: str = "") -> list[Finding]:
    """Examine every channel, or one. Raises ConfigError if there is no such channel."""
    if only and only not in CHANNELS:
        raise ConfigError(f"kanal {only!r} tidak ada; yang ada: {', '.join(CHANNELS)}")
    found = []
    for (tenant, name), channel in wiring.channels(settings).items():
        if only in ("", name):
            words = f"{tenant}/{name} ({channel.spec.label}): {_WORDS[channel.state]}. "
            wrong = channel.state in ("gagal", "belum_disambungkan")
            found.append(Finding(words + channel.sentence, wrong))
            if only and channel.state == "terhubung" and hasattr(channel.connector, "probe"):
                found.append(_try_out(cast(Probe, channel.connector)))
    if not only:
        found += _rules(settings)
    return found


def _try_out(channel: Probe) -> Finding:
    """Make the channel's one harmless call, and say what came of it."""
    try:
        return Finding(f"Uji sambungan: {asyncio.run(channel.probe())}")
    except (ConfigError, RetryLater) as error:
        return Finding(f"Uji sambungan: SALAH. {error}", wrong=True)


def _rules(settings: Settings) -> list[Finding]:
    try:
        loaded = wiring.rules(settings)
        wiring.sequencer(settings)
    except ConfigError as error:
        return [Finding(f"aturan: SALAH. {error}", wrong=True)]
    return [
        Finding(f"{tenant}/aturan: beres. Versi {rules.version}.")
        for tenant, rules in loaded.items()
    ]
