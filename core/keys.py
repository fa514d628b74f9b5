"""The installation's own keys: random, made once, kept in DATA/keys with mode 0600."""

import contextlib
import os
import secrets
from pathlib import Path

from core.errors import ConfigError

_BYTES = 32


def installation_key(data: Path) -> bytes:
    """Return the key that names reporters; never rotated, or nobody is recognised again."""
    return _load_or_make(data / "keys" / "installation.key")


def internal_key(data: Path) -> bytes:
    """Return the key with which our own dashboard signs what it sends to the intake."""
    return _load_or_make(data / "keys" / "internal.key")


def analyst_key(data: Path, tenant: str) -> bytes:
    """Return an office's key for analysts' pseudonyms; deleting the file rotates it."""
    return _load_or_make(data / "keys" / f"analyst-{tenant}.key")


def once(path: Path, content: bytes) -> bytes:
    """Return what a file holds; where there is none yet, make it, whole or not at all.

    Of two processes at once, both get the first one's. Raises ConfigError.
    """
    try:
        if not path.exists():
            _make(path, content)
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: tidak dapat dibaca atau dibuat ({error.strerror})") from error


def _load_or_make(path: Path) -> bytes:
    key = once(path, secrets.token_bytes(_BYTES))
    if len(key) < _BYTES:
        raise ConfigError(f"{path}: kunci rusak; pulihkan dari cadangan, jangan dibuat ulang")
    return key


def _make(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(new, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(new, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        new.unlink(missing_ok=True)
