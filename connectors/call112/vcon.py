"""Reads a vCon (IETF's container of a conversation) as the fields of one call."""

import base64
import json
from collections.abc import Iterator

from connectors.call112 import speech
from core.reading import Json, rows, table, word

_CALLERS = ("caller", "customer", "penelepon", "pelapor", "citizen")
_OFFICERS = ("agent", "operator", "petugas", "dispatcher", "call taker", "calltaker")


class Sealed(ValueError):
    """A vCon that only its owner can open."""


def is_vcon(fields: Json) -> bool:
    """Say whether an object is a vCon, signed and encrypted ones too."""
    sealed = "ciphertext" in fields or ("payload" in fields and "signatures" in fields)
    return sealed or ("vcon" in fields and ("dialog" in fields or "parties" in fields))


def fields_of(vcon: Json) -> Json:
    """Return what one call's row would say. Raises Sealed."""
    if "ciphertext" in vcon:
        raise Sealed("vcon: terenkripsi; ekspor tanpa sandi")
    signed = "signatures" in vcon
    if signed:
        # Whose key it is nobody here knows: the folder's or the request's owner is the proof.
        vcon = table(_parsed(_decoded(word(vcon.get("payload")))))
    dialog, parties = rows(vcon.get("dialog")), rows(vcon.get("parties"))
    caller = _caller(parties, dialog)
    said = speech.spoken([*_transcripts(vcon), *_written(dialog, parties)])
    starts = [start for one in dialog if (start := word(one.get("start")))]
    told = {
        "id": vcon.get("uuid"),
        "waktu": min(starts, default=word(vcon.get("created_at"))),
        "nomor": word(caller.get("tel")).removeprefix("tel:"),
        "nama": caller.get("name"),
        "judul": vcon.get("subject"),
        "transkrip": said.text,
        "percakapan": said.whole,
        "outcome": next((d for one in dialog if (d := word(one.get("disposition")))), ""),
        "durasi": next((one["duration"] for one in dialog if one.get("duration")), None),
        "tanda_tangan": "tidak diperiksa" if signed else "",
    }
    return told | {name: value for name, value in _tags(vcon).items() if value}


def _caller(parties: list[Json], dialog: list[Json]) -> Json:
    """Find who called: by role, else by who began, else the first that is no officer."""
    for party in parties:
        if word(party.get("role")).lower() in _CALLERS:
            return party
    begun = next((one.get("originator") for one in dialog if "originator" in one), 0)
    others = [p for p in parties if word(p.get("role")).lower() not in _OFFICERS]
    first = _at(parties, begun)
    return first if first in others else next(iter(others), {})


def _transcripts(vcon: Json) -> Iterator[speech.Line]:
    for one in rows(vcon.get("analysis")):
        if word(one.get("type")).lower() == "transcript":
            yield from speech.segments(_body(one))


def _written(dialog: list[Json], parties: list[Json]) -> Iterator[speech.Line]:
    """Yield what was typed instead of spoken."""
    for one in dialog:
        if word(one.get("type")).lower() == "text":
            body = _body(one)
            who = one.get("originator", one.get("parties"))
            party = _at(parties, who[0] if isinstance(who, list) and who else who)
            role = word(party.get("role")).lower()
            name = speech.OFFICER if role in _OFFICERS else speech.CALLER if party else ""
            yield name, body if isinstance(body, str) else ""


def _tags(vcon: Json) -> dict[str, str]:
    """Read `name:value` notes, as vCon servers attach them."""
    found: dict[str, str] = {}
    for one in rows(vcon.get("attachments")):
        kind = word(one.get("type")) or word(one.get("purpose"))
        listed = _body(one) if kind.lower() == "tags" else None
        for tag in listed if isinstance(listed, list) else ():
            name, _, value = word(tag).partition(":")
            found[name.strip().lower()] = value.strip()
    return {name: found[name] for name in ("outcome", "kategori", "lokasi") if name in found}


def _body(part: Json) -> object:
    body, encoding = part.get("body"), word(part.get("encoding")).lower()
    if isinstance(body, str) and encoding == "base64url":
        body = _decoded(body)
    mime = word(part.get("mediatype")) or word(part.get("mimetype"))
    looks = isinstance(body, str) and body.lstrip()[:1] in ("{", "[")
    if isinstance(body, str) and (encoding == "json" or "json" in mime or looks):
        return _parsed(body) or body
    return body


def _decoded(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
    except ValueError:
        return ""


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _at(parties: list[Json], index: object) -> Json:
    if not isinstance(index, int) or isinstance(index, bool):
        return {}
    return parties[index] if 0 <= index < len(parties) else {}
