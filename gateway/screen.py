"""Prints tables: as wide as the terminal, and whole where there is none."""

import sys

from rich.console import Console
from rich.table import Table

_WHOLE = 10_000


def show(*tables: Table) -> None:
    """Print tables one below the other."""
    console = Console()
    if not sys.stdout.isatty():
        console.width = _WHOLE
    for table in tables:
        console.print(table)


def printable(name: object) -> str:
    """Write what others have chosen so that it cannot move the cursor or break a line."""
    return "".join(c if c.isprintable() else "?" for c in str(name))
