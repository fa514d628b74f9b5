"""What a channel is to the runner: its faces (Push, Pull, Importer), one pure parse, one spec.

A channel may have several faces (a webhook and a back-fill poll): the runner looks for the methods.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from core.clock import Clock
from core.schema import Message, RawMessage
from core.settings_notice import Notice


class ChannelSettings(BaseModel):
    """Base of every channel's settings; unknown keys are refused, every field is described."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(default=True, description="Apakah kanal ini dijalankan.")


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as it came: `url` is the public one (configured base + raw path + query)."""

    method: str
    url: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    peer: str = ""

    def header(self, name: str) -> str:
        """Return a header by its lower-case name, or an empty string."""
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a request brought, and what its sender is to be answered once that is durable."""

    messages: Sequence[RawMessage]
    status: int = 200
    reply: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Context:
    """What a channel is built with: its office, its folders and the clock."""

    tenant: str
    zone: ZoneInfo
    inbox: Path
    internal_key: bytes
    clock: Clock
    trial: bool = False
    notice: Notice = field(default_factory=Notice)


class Connector(Protocol):
    """Any channel. The same payload gives the same messages, today or on replay."""

    def parse(self, raw: RawMessage) -> Iterable[Message]:
        """Read a stored payload. Raises Unparseable if nobody can."""
        ...


class Push(Connector, Protocol):
    """A channel whose provider calls us."""

    def accept(self, request: Request) -> Delivery:
        """Prove the sender on the raw bytes, read ids and split. Raises RejectedRequest."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """What one turn of a pull channel brought; the cursor moves once the messages are durable."""

    messages: Sequence[RawMessage]
    cursor: str | None
    # Called once messages and cursor are on disk (a file drop moves its file away).
    done: Callable[[], None] = field(default=lambda: None)
    # Sentences about records of this page that were left out, for the operator.
    rejected: Sequence[str] = ()
    # How many events were ours or of no concern; the books count them.
    ignored: int = 0


class Pull(Connector, Protocol):
    """A channel we ask."""

    every: float

    def fetch(self, cursor: str | None) -> AsyncIterator[Page]:
        """Yield what is newer than the cursor, oldest first; ending means nothing more now."""
        ...


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of a file that cannot be taken: where it stands, and why, without its words."""

    where: str
    reason: str


class Importer(Connector, Protocol):
    """A channel whose exported files an operator brings (`kanal import CHANNEL FILE`)."""

    def read(self, path: Path) -> Iterator[RawMessage | BadRow]:
        """Read a file row by row in bounded memory, marked `history`. Raises Unparseable."""
        ...


class Probe(Protocol):
    """A channel that can try its keys out with one harmless call (`kanal check CHANNEL`)."""

    async def probe(self) -> str:
        """Say in a sentence what answered. Raises ConfigError or RetryLater with the reason."""
        ...


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """A channel's line in the registry."""

    name: str
    label: str
    mode: Literal["push", "pull", "import"]
    settings: type[ChannelSettings]
    build: Callable[[Any, Context], Connector]
    # The settings without which the channel is "belum disambungkan".
    required: tuple[str, ...] = ()
    # The secrets `kanal up` may invent on a data folder that has none.
    trial: tuple[str, ...] = ()
    idempotency_key: str = ""
    authenticity: str = ""
