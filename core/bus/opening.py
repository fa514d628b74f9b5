"""Opens the configured engine over a data folder."""

from pathlib import Path

from core.bus import Bus, Limits
from core.errors import ConfigError
from core.settings import Settings
from core.settings_bus import KafkaSection


def open_bus(settings: Settings, limits: Limits | None = None) -> Bus:
    """Return the bus. Raises ConfigError or CannotStore."""
    from core.bus.embedded import EmbeddedBus

    folder = settings.data_dir / "bus"
    limits = limits or Limits(
        free_floor=settings.log.free_floor_mb * 2**20, hard_floor=settings.log.hard_floor_mb * 2**20
    )
    if settings.bus == "embedded":
        return EmbeddedBus(folder / "log.sqlite", limits)
    return _kafka(settings.kafka, folder, limits)


def _kafka(section: KafkaSection, folder: Path, limits: Limits) -> Bus:
    from core.bus.kafka import KafkaBus, KafkaSettings
    from core.bus.outbox import OutboxBus

    if not section.bootstrap:
        raise ConfigError('bus = "kafka": isi bootstrap di [kafka] atau KANAL_KAFKA__BOOTSTRAP.')
    told = section.model_dump(exclude={"password"})
    behind = KafkaBus(KafkaSettings(**told, password=section.password.get_secret_value()))
    # What is taken in is durable here first, so that intake outlives an outage of the brokers.
    return OutboxBus(folder / "outbox.sqlite", behind, limits)
