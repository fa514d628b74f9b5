"""Finds out before a server does whether its port is free, and says so in a sentence."""

import socket

from core.errors import ConfigError

ASK_OVER_HTTP = b"h"
"""What a stage that turns into another program tells its supervisor instead of being ready."""


def try_port(what: str, host: str, port: int, option: str) -> None:
    """Raise ConfigError if nobody could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"{what} tidak dapat memakai {host} porta {port} ({error.strerror}); "
                f"pilih yang lain dengan {option}"
            ) from error
