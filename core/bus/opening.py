"""Opens the configured engine over a data folder."""

from pathlib import Path

from core.bus import Bus, Limits
from core.errors import ConfigError
from core.settings import KafkaSection, Settings


def open_bus(settings: Settings, limits: Limits | None = None) -> Bus:
    """Return the bus. Raises ConfigError or CannotStore."""
    from core.bus.embedded import EmbeddedBus

    folder = settings.data_dir / "bus"
    if settings.bus == "embedded":
        return EmbeddedBus(folder / "log.sqlite", limits or Limits())
    return _kafka(settings.kafka, folder)


def _kafka(section: KafkaSection, folder: Path) -> Bus:
    from core.bus.kafka import KafkaBus, KafkaSettings
    from core.bus.outbox import OutboxBus

    if not section.bootstrap:
        raise ConfigError('bus = "kafka": isi bootstrap di [kafka] atau KANAL_KAFKA__BOOTSTRAP.')
    told = section.model_dump(exclude={"password"})
    behind = KafkaBus(KafkaSettings(**told, password=section.password.get_secret_value()))
    # What is taken in is durable here first, so that intake outlives an outage of the brokers.
    return OutboxBus(folder / "outbox.sqlite", behind)
