"""What a page shows: one office's published data, asked once per version and shared by viewers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import streamlit as st

from core import keys
from core.clock import system_clock
from core.settings import Settings, TenantSettings, load
from dashboard import words
from sink import queries
from sink.reader import Reader

P = ParamSpec("P")
T = TypeVar("T")

Row = queries.Row


@dataclass(frozen=True, slots=True)
class Office:
    """The office on the screen."""

    settings: Settings
    tenant: TenantSettings
    reader: Reader

    @property
    def name(self) -> str:
        """Its short name, as in URLs and folders."""
        return self.tenant.name

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone."""
        return self.tenant.zoneinfo

    @property
    def demo(self) -> bool:
        """Whether what is filled in here is an exercise by itself."""
        return self.settings.demo

    @property
    def simulated(self) -> bool:
        """Whether counts take exercises in: a demo, or a trial that has nothing else."""
        return self.demo or self.ask(queries.only_simulated)

    def now(self) -> datetime:
        """Return the present moment."""
        return system_clock()

    def ask(
        self, query: Callable[Concatenate[Reader, str, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Ask a query of sink.queries; every viewer of the same version shares the answer."""
        key = (
            str(self.settings.data_dir), self.reader.version, self.name, query.__name__, args,
            tuple(sorted(kwargs.items())),
        )  # fmt: skip
        answer: T = _remembered(key, lambda: query(self.reader, self.name, *args, **kwargs))
        return answer

    def ask_uncached(
        self, query: Callable[Concatenate[Reader, str, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Ask what no other viewer is to be handed: the answer to an act of opening."""
        return query(self.reader, self.name, *args, **kwargs)

    def names(self, of: str) -> dict[str, str]:
        """Return the names of the topics ("kategori") or offices ("opd") by their code."""
        return self.ask(queries.names)[of]

    def channels(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the labels of the channels in use, and of those that are off and always were."""
        health = {r["channel"]: r for r in self.ask(queries.channel_health)}
        heard = {r["channel"] for r in self.ask(queries.per_channel)}
        heard |= {r["channel"] for r in self.ask(queries.parked_counts) if r["channel"]}
        used: dict[str, str] = {}
        off: dict[str, str] = {}
        for name in sorted(health.keys() | heard):
            row = health.get(name, {})
            silent = row.get("state") == "mati" and name not in heard
            (off if silent else used)[name] = str(row.get("label") or words.plain(name))
        return used, off

    def label(self, channel: str) -> str:
        """Return a channel's name on screens."""
        used, off = self.channels()
        return used.get(channel) or off.get(channel) or words.plain(channel)


@st.cache_resource(show_spinner=False)
def settings(config: Path, data: Path) -> Settings:
    """Read the settings once per process. Raises ConfigError."""
    return load(config, data)


@st.cache_resource(show_spinner=False)
def reader(data: Path) -> Reader:
    """Open the operators' flavour once per process."""
    return Reader(data, "operator")


@st.cache_resource(show_spinner=False)
def internal_key(data: Path) -> bytes:
    """Return the key that signs what the dashboard sends. Raises ConfigError."""
    return keys.internal_key(data)


@st.cache_data(max_entries=500, show_spinner=False)
def _remembered(key: tuple[object, ...], _ask: Callable[[], Any]) -> Any:
    return _ask()
