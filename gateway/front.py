"""The public's part of the intake's web server, mounted beside the providers' webhooks."""

from collections.abc import Mapping

from starlette.routing import Route

from core import keys
from core.clock import Clock
from core.settings import Settings
from gateway.choices import OfficeChoices
from gateway.intake import Intake
from gateway.lapor import Lapor
from gateway.open311 import Open311
from gateway.public import Door
from gateway.published import Published
from gateway.wiring import Channel, Key


class Front:
    """The public form and Open311 over one intake; `close` when the server has ended."""

    def __init__(
        self, settings: Settings, intake: Intake, channels: Mapping[Key, Channel], clock: Clock
    ) -> None:
        key = keys.internal_key(settings.data_dir)
        door = Door(settings, intake, channels, key, clock)
        self._published = Published(settings.data_dir, simulated=settings.demo)
        choices = OfficeChoices(settings.config_dir)
        self.routes: tuple[Route, ...] = (
            *Lapor(door, self._published, choices).routes(),
            *Open311(door, self._published, choices).routes(),
        )

    def close(self) -> None:
        """Let go of the published files."""
        self._published.close()
