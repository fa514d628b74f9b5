"""Structured logging with an allow-list of fields, so a citizen's words cannot reach a log."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset({
    "event", "level", "timestamp", "tenant", "channel", "stage", "topic", "partition", "position",
    "complaint_id", "case_id", "event_id", "count", "duration_ms", "reason", "attempt", "status",
    "version", "rows", "pid", "port", "signal", "after", "error", "where", "logger", "file_count",
})  # fmt: skip

Event = MutableMapping[str, Any]


class FieldNotAllowed(AssertionError):
    """A log call used a field that is not on the allow-list (raised in tests only)."""


def _keep_allowed(strict: bool) -> Any:
    def processor(_logger: Any, _name: str, event: Event) -> Event:
        unknown = set(event) - ALLOWED
        if unknown and strict:
            raise FieldNotAllowed(", ".join(sorted(unknown)))
        for name in unknown:
            del event[name]
        return event

    return processor


class _ForeignHandler(logging.Handler):
    """Passes other libraries' warnings on by logger and place; their words may quote a payload."""

    def emit(self, record: logging.LogRecord) -> None:
        where = f"{record.module}:{record.lineno}"
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        get_logger().warning("library_warned", logger=record.name, where=where, error=error)


def configure(*, strict: bool = False, json: bool | None = None) -> None:
    """Set logging up once per process: colours on a terminal, JSON lines elsewhere (stderr)."""
    as_json = not sys.stderr.isatty() if json is None else json
    renderer: Any = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _keep_allowed(strict),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_ForeignHandler(level=logging.WARNING)]


def get_logger() -> Any:
    """Return the process's logger (event names are fixed words in the past tense)."""
    return structlog.get_logger()


def where(error: BaseException) -> str:
    """Tell an error's place without its message, which may quote a citizen."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " < ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in reversed(frames))
