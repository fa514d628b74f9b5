"""`kanal normalize` and `kanal dedup`: JSON Lines in, one JSON line out for each, same order."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, Field, ValidationError, field_validator

from connectors import CHANNELS
from core import keys
from core.clock import Clock, system_clock
from core.errors import ConfigError
from core.ids import content_id
from core.schema import Message, Sender
from core.settings import Settings
from dedup import Policy, assign_lines
from gateway import wiring
from normalizer import Envelope, Rules, normalize

_PHONE_DIGITS = 5


class _Line(Message):
    """A message as a line may write it: `channel` and `text` suffice."""

    external_id: str = ""
    channel: str = Field(min_length=1)
    text: str
    tenant: str = ""
    account: str = ""
    received_at: AwareDatetime | None = None
    history: bool = False
    simulated: bool = False

    @field_validator("sender", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        """Let a plain string name the sender: a phone number, or the provider's id."""
        if isinstance(value, str):
            phone = sum(c.isdigit() for c in value) >= _PHONE_DIGITS and not any(
                c.isalpha() for c in value
            )
            return Sender(platform="tel" if phone else "", id=value, contact=value)
        return value


def normalize_lines(
    settings: Settings, lines: Iterable[str], clock: Clock = system_clock
) -> Iterator[str]:
    """Understand every line. Raises ConfigError naming line and field."""
    rules = wiring.rules(settings)
    key = keys.installation_key(settings.data_dir)
    for number, line in enumerate(lines, 1):
        given = _read(number, line)
        tenant = _tenant(number, given, rules)
        envelope = Envelope(
            tenant, given.channel, given.account, _received(given, clock()),
            given.history, given.simulated,
        )  # fmt: skip
        named = given.external_id or content_id(line.strip().encode("utf-8", "replace"))
        sender = _platform(given.sender, given.channel)
        message = Message.model_validate(
            given.model_dump(exclude=_ENVELOPE) | {"external_id": named, "sender": sender}
        )
        yield normalize(message, envelope, rules[tenant], key).model_dump_json()


def dedup_lines(settings: Settings, lines: Iterable[str]) -> Iterator[str]:
    """Group every line. Raises ConfigError naming line and field."""
    return assign_lines(lines, Policy.load(settings.config_dir))


_ENVELOPE = {"channel", "tenant", "account", "received_at", "history", "simulated"}


def _read(number: int, line: str) -> _Line:
    try:
        fields: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"stdin, baris {number}: bukan JSON") from error
    if not isinstance(fields, dict):
        raise ConfigError(f"stdin, baris {number}: harus berupa objek JSON")
    try:
        return _Line.model_validate(fields)
    except ValidationError as error:
        slip = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in slip["loc"])
        reason = "wajib diisi" if slip["type"] == "missing" else slip["msg"]
        raise ConfigError(f"stdin, baris {number}, {place}: {reason}") from error


def _tenant(number: int, given: _Line, rules: Mapping[str, Rules]) -> str:
    tenant = given.tenant or (next(iter(rules)) if len(rules) == 1 else "")
    if tenant not in rules:
        raise ConfigError(
            f"stdin, baris {number}, tenant: {'wajib diisi' if not tenant else 'tidak dikenal'}"
            f"; yang ada: {', '.join(rules)}"
        )
    return tenant


def _received(given: _Line, now: datetime) -> datetime:
    return given.received_at or given.occurred_at or now


def _platform(sender: Sender, channel: str) -> Sender:
    """Whoever is not known by a phone number is known to the channel."""
    if sender.platform or not sender.id:
        return sender
    return sender.model_copy(update={"platform": channel if channel in CHANNELS else "lain"})
