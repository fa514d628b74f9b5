"""Ticket numbers: short enough for the radio, with a check digit that catches a slip."""

import re

# Damm's published quasigroup of order 10: totally anti-symmetric with a zero diagonal, so every
# single wrong digit and every swap of neighbours shows, and leading zeros change nothing.
_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
_TICKET = re.compile(r"(?P<prefix>[A-Z][A-Z0-9]{0,7})-(?P<number>[0-9]{6,9})-(?P<check>[0-9])")
_PREFIX = re.compile(r"[A-Z][A-Z0-9]{0,7}")


def check_digit(digits: str) -> str:
    """Return the digit that makes a number whole."""
    interim = 0
    for digit in digits:
        interim = int(_DAMM[interim][int(digit)])
    return str(interim)


def is_prefix(text: str) -> bool:
    """Tell whether a text can stand before a ticket's number."""
    return _PREFIX.fullmatch(text) is not None


def write(prefix: str, number: int) -> str:
    """Write a ticket number: `BLT-000123-0`."""
    digits = f"{number:06d}"
    return f"{prefix}-{digits}-{check_digit(digits)}"


def read(ticket_no: str) -> tuple[str, int] | None:
    """Return prefix and number of a ticket, or None if its check digit says that it is not one."""
    found = _TICKET.fullmatch(ticket_no)
    if found is None or check_digit(found["number"]) != found["check"]:
        return None
    return found["prefix"], int(found["number"])
