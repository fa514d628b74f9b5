"""`kanal explain`: what each step made of one text, by which rule and which words."""

from collections.abc import Iterator
from dataclasses import dataclass

from core import keys
from core.clock import Clock, system_clock
from core.ids import content_id
from core.schema import Complaint, Message
from core.settings import Settings
from gateway import wiring
from gateway.options import office
from normalizer import Envelope, normalize


@dataclass(frozen=True, slots=True)
class Asked:
    """The text somebody wants explained, and as if by which channel it came."""

    text: str
    title: str = ""
    channel: str = "desk"
    tenant: str = ""


def steps(settings: Settings, asked: Asked, clock: Clock = system_clock) -> Iterator[str]:
    """Yield a line for the cleaned text, the masked text and every decision with its reason."""
    tenant = office(settings, asked.tenant)
    rules = wiring.rules(settings)[tenant]
    message = Message(
        external_id=content_id(asked.text.encode("utf-8", "replace")),
        title=asked.title,
        text=asked.text,
    )
    envelope = Envelope(tenant, asked.channel, "", clock())
    key = keys.installation_key(settings.data_dir)
    yield from told(normalize(message, envelope, rules, key))


def told(complaint: Complaint) -> Iterator[str]:
    """Write a complaint's reasons as lines."""
    yield f"dibaca mesin: {complaint.text_clean}"
    yield f"disamarkan:   {complaint.text_masked}"
    masks = ", ".join(f"{pii.kind} {pii.count}" for pii in complaint.pii)
    yield f"data pribadi: {masks or 'tidak ada'}"
    for why in complaint.explain:
        words = f"; kata: {', '.join(why.words)}" if why.words else ""
        yield f"{why.field} = {why.value or '-'}  ({why.rule}{words})"
    place = complaint.wilayah
    names = [place.kelurahan_desa, place.kecamatan, place.kabupaten_kota]
    if place.kode:
        yield f"tempat: {', '.join(n for n in names if n)} (keyakinan {place.confidence:.2f})"
    for rival in place.rivals:
        yield f"  mungkin juga: {rival.kode} {rival.nama}"
    if complaint.kategori_lain:
        yield f"kategori lain: {', '.join(complaint.kategori_lain)}"
    yield f"versi aturan: {complaint.rules_version}"
