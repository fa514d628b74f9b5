"""The four errors, named by what the runner does next; anything else is a bug."""

from typing import ClassVar


class GatewayError(Exception):
    """Something a runner knows how to handle."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])


class ConfigError(GatewayError):
    """Stop this channel or stage and tell the operator in a sentence; the others go on."""

    exit_code: ClassVar[int] = 2


class RejectedRequest(GatewayError):
    """Answer 4xx; nothing is stored; the refusal is counted by its reason."""

    def __init__(self, reason: str, status: int = 403) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class RetryLater(GatewayError):
    """Back off for `after` seconds, then offer the same record again."""

    def __init__(self, message: str | None = None, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class Unparseable(GatewayError):
    """Park the record with its reason and go on with its neighbours."""


class CannotStore(GatewayError):
    """The log cannot take a record now (disk full, not writable): answer 503, never 200."""


class Fenced(GatewayError):
    """Another process has moved this group's position: drop the work in hand and stop."""
