"""The pure function behind `kanal dedup`: complaints as JSON Lines in, the same with cases out."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from pydantic import ValidationError

from core import ids
from core.errors import ConfigError
from core.schema import Complaint, Origin, RegisterEntry
from dedup.place import Placement, place
from dedup.policy import Policy
from dedup.register import Register

# What a line may leave out although a complaint has no default for it.
_DEFAULTS = {"tenant": "", "channel": ""}
_KEYS = ("case_id", "suggested_case_id", "relation", "score", "reason")


def assign_lines(lines: Iterable[str], policy: Policy) -> Iterator[str]:
    """Yield one line per line, in order; raise ConfigError naming line and field of a bad one."""
    registers: dict[str, Register] = {}
    for number, line in enumerate(lines, start=1):
        given = _object(line, number)
        complaint = _complaint(given, number)
        register = registers.setdefault(complaint.tenant, Register(policy))
        placement = enter(register, complaint, Origin(topic="stdin", partition=0, offset=number))
        given.update((key, getattr(placement, key)) for key in _KEYS)
        yield _write(given)


def enter(register: Register, complaint: Complaint, source: Origin) -> Placement:
    """Place one complaint and enter it, as the sequencer does between decoding and encoding."""
    near = register.read(complaint)
    placement = place(register, complaint, near)
    if placement.relation != "redelivered":
        entry = RegisterEntry(
            tenant=complaint.tenant,
            kind="complaint",
            source=source,
            entered_at=complaint.received_at,
            case_id=placement.case_id,
            relation=placement.relation,
        )
        register.enter(entry, complaint, near)
    return placement


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        given = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"baris {number}: bukan JSON") from error
    if not isinstance(given, dict):
        raise ConfigError(f"baris {number}: bukan objek JSON")
    return given


def _complaint(given: dict[str, Any], number: int) -> Complaint:
    """Read a line as a complaint; what only names it may be missing."""
    fields = _DEFAULTS | {key: value for key, value in given.items() if value is not None}
    for missing, stand_in in (("received_at", "occurred_at"), ("external_id", "complaint_id")):
        if stand_in in fields:
            fields.setdefault(missing, fields[stand_in])
    named = [fields.get(key, "") for key in ("tenant", "channel", "account", "external_id")]
    if named[-1] and all(isinstance(part, str) for part in named):
        fields.setdefault("complaint_id", ids.complaint_id(*named))
    try:
        return Complaint.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        what = "tidak ada" if first["type"] == "missing" else "tidak sah"
        raise ConfigError(f"baris {number}: {where}: {what}") from error


def _write(given: dict[str, Any]) -> str:
    written = json.dumps(given, ensure_ascii=False, separators=(",", ":"))
    try:
        written.encode()
    except UnicodeEncodeError:
        # Half a character, which JSON can spell and no encoder can write, goes out as it came in.
        return json.dumps(given, separators=(",", ":"))
    return written


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are not JSON
