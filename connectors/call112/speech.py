"""Turns what speech programs write (VTT, SRT, TSV, segments) into who said what."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.reading import Json, rows, table, word

VTT, SRT, TSV = "text/vtt", "application/x-subrip", "text/tab-separated-values"
CALLER, OFFICER = "Penelepon", "Petugas"
_ROLES = {
    CALLER: ("penelepon", "pelapor", "warga", "caller", "customer", "citizen", "client"),
    OFFICER: ("petugas", "operator", "agen", "agent", "call taker", "calltaker", "dispatcher",
              "112"),
}  # fmt: skip
_ROLE_OF = {name: role for role, names in _ROLES.items() for name in names}
_LABEL = re.compile(
    r"\s*(?:[\[(]?\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?[\])]?\s*)?[\[(]?"
    rf"(?P<who>{'|'.join(_ROLE_OF)}|speaker|pembicara)(?P<number>[ _-]*\d{{1,3}})?"
    r"[\])]?\s*[:>]\s*(?P<said>.*)",
    re.IGNORECASE | re.DOTALL,
)
_CUE = re.compile(r"(?:\d+:)?\d\d:\d\d[.,]\d{3}\s*-->.*")
_VOICE = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]+)>")
_TAG = re.compile(r"</?[a-z][^>]{0,100}>|<\d[\d:.]*>", re.IGNORECASE)
_BLOCKS = ("WEBVTT", "NOTE", "STYLE", "REGION")
# Fewer words of the caller than this ("iya", "betul pak") do not tell what the call is about.
_ENOUGH = 5
# Where a transcript may stand in the JSON of the programs that write one.
_WORDS = ("text", "transcript", "message", "body", "transkrip")
_WHO = ("speaker", "party", "channel", "role", "pembicara")

Line = tuple[str, str]
"""(who as the program calls them, what was said); an empty name is nobody known."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A conversation: `text` is what is understood, `whole` everything if that is more."""

    text: str
    whole: str = ""


def spoken(lines: Iterable[Line]) -> Spoken:
    """Join a conversation; what the officer asks is not what the citizen reports.

    "Ada korban?" would make a question of a fire. So the caller's own words are the text, as far
    as it is known which they are and they are enough.
    """
    turns = _turns(lines)
    whole = "\n".join(f"{who}: {said}" if who else said for who, said in turns)
    caller = "\n".join(said for who, said in turns if who == CALLER)
    if any(who == OFFICER for who, _ in turns) and len(caller.split()) >= _ENOUGH:
        return Spoken(caller, whole)
    return Spoken(whole)


def labelled(text: str) -> list[Line]:
    """Read a transcript whose lines say who speaks; empty if fewer than two of them do."""
    lines: list[Line] = []
    named = 0
    for line in text.splitlines():
        if found := _LABEL.fullmatch(line):
            named += 1
            lines.append(_labelled(found))
        elif line.strip():
            lines.append((lines[-1][0] if lines else "", line))
    return lines if named > 1 else []


def is_labelled(line: str) -> bool:
    """Say whether a line says who speaks."""
    return _LABEL.fullmatch(line) is not None


def subtitles(text: str) -> list[Line]:
    """Read WebVTT or SRT: the words under their times, whatever stands around them."""
    lines: list[Line] = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        rest = block.strip().split("\n")
        cue = next((n for n, line in enumerate(rest) if _CUE.match(line.strip())), None)
        if cue is None or rest[0].split(" ")[0] in _BLOCKS[1:]:
            continue
        lines += _cue(" ".join(rest[cue + 1 :]))
    return lines


def table_of_times(text: str) -> list[Line]:
    """Read Whisper's TSV (start, end, text in milliseconds); empty if it is another table."""
    head, *rest = text.splitlines() or [""]
    names = [name.strip().lower() for name in head.split("\t")]
    if not {"start", "end", "text"} <= set(names):
        return []
    cells = (dict(zip(names, line.split("\t", len(names) - 1), strict=False)) for line in rest)
    return [(cell.get("speaker", ""), cell.get("text", "")) for cell in cells]


def segments(value: object) -> list[Line]:
    """Read the transcript of a speech program's JSON, whichever it is (Whisper, Deepgram, ...)."""
    if isinstance(value, str):
        return labelled(value) or [("", value)]
    if isinstance(value, list):
        return [line for item in rows(value) for line in _segment(item)]
    found = table(value)
    for name in ("segments", "utterances", "transcript", "messages"):
        if isinstance(found.get(name), list) and (lines := segments(found[name])):
            return lines
    if results := table(found.get("results")):
        return segments(results.get("utterances")) or _channels(results)
    return next((segments(found[n]) for n in _WORDS if word(found.get(n)).strip()), [])


def _turns(lines: Iterable[Line]) -> Sequence[Line]:
    """Let consecutive words of one speaker be one turn, and name the speakers as the office does.

    A person's name has no place beside every sentence; that somebody else speaks has.
    """
    told = [(who.strip(), " ".join(said.split())) for who, said in lines]
    names = list(dict.fromkeys(who for who, said in told if who and said))
    others = [name for name in names if name.lower() not in _ROLE_OF]
    called = {name: _ROLE_OF.get(name.lower(), "") for name in names}
    called |= {name: f"Pembicara {n}" for n, name in enumerate(others, 1)}
    if len(others) == 1 and set(called.values()) == {OFFICER, "Pembicara 1"}:
        called[others[0]] = CALLER
    turns: list[Line] = []
    for name, said in told:
        who = called.get(name, "")
        if said and turns and turns[-1][0] == who:
            turns[-1] = (who, f"{turns[-1][1]} {said}")
        elif said:
            turns.append((who, said))
    return turns


def _cue(text: str) -> Iterator[Line]:
    voice = _VOICE.search(text)
    plain = _TAG.sub("", _VOICE.sub("", text))
    found = _LABEL.fullmatch(plain)
    if voice:
        yield voice[1], plain
    else:
        yield _labelled(found) if found else ("", plain)


def _segment(item: Json) -> Iterator[Line]:
    text = next((word(item[n]) for n in _WORDS if word(item.get(n)).strip()), "")
    who = next((item[n] for n in _WHO if item.get(n) is not None), "")
    found = _LABEL.fullmatch(text)
    yield _labelled(found) if found else (_named(who), text)


def _channels(results: Json) -> list[Line]:
    """Read Deepgram's answer: each channel is one end of the line."""
    found: list[Line] = []
    channels = rows(results.get("channels"))
    for number, channel in enumerate(channels):
        best = next(iter(rows(channel.get("alternatives"))), {})
        told = table(best.get("paragraphs")).get("transcript") or best.get("transcript")
        who = f"speaker {number}" if len(channels) > 1 else ""
        found += [(own or who, said) for own, said in segments(word(told))]
    return found


def _labelled(found: re.Match[str]) -> Line:
    """Take a label apart; "Operator 2" is an officer, "Speaker 2" somebody."""
    role = found["who"].lower() in _ROLE_OF
    return found["who"] if role else f"speaker{found['number'] or ''}", found["said"]


def _named(value: object) -> str:
    known = isinstance(value, str | int) and not isinstance(value, bool)
    return f"speaker {value}" if known and not isinstance(value, str) else word(value)
