"""Reads the named statements of a .sql file: each begins with `-- name:` and a sentence."""

import re
from functools import cache
from pathlib import Path

_HEADER = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_HERE = Path(__file__).parent


@cache
def statements(file: str) -> dict[str, str]:
    """Return the statements of a file beside this one, by name."""
    parts = _HEADER.split(script(file))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@cache
def script(file: str) -> str:
    """Return the text of a .sql file beside this one."""
    return (_HERE / file).read_text(encoding="utf-8")
