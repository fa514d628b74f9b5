"""`kanal replay`: what today's rules would make of the past, and on request makes it so."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core import keys, topics
from core.bus import Bus, Outgoing, Stored, walk
from core.clock import system_clock
from core.errors import Unparseable
from core.schema import Complaint, RawMessage
from core.settings import Settings
from gateway import wiring
from gateway.understanding import Understanding

_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Span:
    """Which messages are understood again: when they came, and over which channel."""

    since: datetime
    until: datetime | None = None
    channel: str = ""

    def holds(self, raw: RawMessage) -> bool:
        """Tell whether a raw message is meant."""
        late = self.until is not None and raw.received_at >= self.until
        return raw.received_at >= self.since and not late and self.channel in ("", raw.channel)


@dataclass(slots=True)
class Difference:
    """How many complaints were read, how many come out otherwise, and in which field."""

    read: int = 0
    unreadable: int = 0
    unknown: int = 0
    changed: int = 0
    published: int = 0
    fields: dict[str, Counter[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    samples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, old: "Seen", new: Complaint) -> bool:
        """Compare what stood with what comes out now; True if anything is different."""
        now = seen_of(new)
        different = [name for name in FIELDS if getattr(old, name) != getattr(now, name)]
        for name in different:
            was, becomes = getattr(old, name), getattr(now, name)
            self.fields[name][was, becomes] += 1
            if len(self.samples[name]) < _SAMPLES:
                told = f"{new.complaint_id} ({new.channel}): {was or '-'} -> {becomes or '-'}"
                self.samples[name].append(told)
        self.changed += bool(different)
        return bool(different)

    def lines(self) -> Iterator[str]:
        """Say it all, without a word of any citizen."""
        yield f"dibaca={self.read} berubah={self.changed} tidak_terbaca={self.unreadable}"
        if self.unknown:
            yield f"belum pernah dipahami, atau hasil lamanya sudah dipangkas: {self.unknown}"
        for name, pairs in self.fields.items():
            yield f"{name}: {sum(pairs.values())} berubah"
            for (was, becomes), count in pairs.most_common(_SAMPLES):
                yield f"  {was or '-'} -> {becomes or '-'}: {count}"
            yield from (f"    contoh {sample}" for sample in self.samples[name])


FIELDS = (
    "klasifikasi", "kategori", "urgency", "wilayah", "opd_suggested", "anonim", "rahasia", "pii",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What of an understanding an operator would notice."""

    klasifikasi: str
    kategori: str
    urgency: str
    wilayah: str
    opd_suggested: str
    anonim: str
    rahasia: str
    pii: str


def seen_of(complaint: Complaint) -> Seen:
    """Keep what an operator would notice."""
    return Seen(
        complaint.klasifikasi,
        complaint.kategori,
        complaint.urgency,
        complaint.wilayah.kode,
        complaint.opd_suggested,
        "ya" if complaint.anonim else "tidak",
        "ya" if complaint.rahasia else "tidak",
        ", ".join(f"{pii.kind} {pii.count}" for pii in complaint.pii),
    )


async def replay(settings: Settings, bus: Bus, span: Span, *, apply: bool = False) -> Difference:
    """Understand the past again; with `apply` publish what comes out otherwise.

    What operators corrected stands: the sequencer takes the new understanding as the same version
    read by other rules, and lays the corrections over it.
    """
    before = await _before(bus)
    understanding = Understanding(
        {key: channel.connector for key, channel in wiring.channels(settings).items()},
        wiring.rules(settings),
        keys.installation_key(settings.data_dir),
        system_clock,
    )
    found = Difference()
    async for record in walk(bus, topics.RAW.name):
        changed = _again(record, span, understanding, before, found)
        if apply and changed:
            await bus.publish(changed)
            found.published += len(changed)
    return found


def _again(
    record: Stored,
    span: Span,
    understanding: Understanding,
    before: Mapping[tuple[str, str], Seen],
    found: Difference,
) -> list[Outgoing]:
    """Return what comes out of one raw message otherwise than before."""
    try:
        if not span.holds(RawMessage.model_validate_json(record.value)):
            return []
        outputs = understanding.handle(record)
    except (Unparseable, ValueError):
        found.unreadable += 1
        return []
    changed = []
    for output in outputs:
        complaint = Complaint.model_validate_json(output.value)
        old = before.get((complaint.complaint_id, complaint.version))
        found.read += 1
        if old is None:
            found.unknown += 1
        if old is None or found.note(old, complaint):
            changed.append(output)
    return changed


async def _before(bus: Bus) -> dict[tuple[str, str], Seen]:
    """Return how each version of each complaint was understood last."""
    before = {}
    async for record in walk(bus, topics.NORMALIZED.name):
        try:
            complaint = Complaint.model_validate_json(record.value)
        except ValueError:
            continue
        if not complaint.stub:
            before[complaint.complaint_id, complaint.version] = seen_of(complaint)
    return before
