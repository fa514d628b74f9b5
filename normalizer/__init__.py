"""The front door of the normalizer: a message in, a complaint with its reasons out."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypedDict

from core import ids
from core.schema import Attachment, Complaint, Explanation, Message, Pii
from normalizer import (
    flags,
    identity,
    kategori,
    klasifikasi,
    language,
    location,
    privacy,
    routing,
    text,
)
from normalizer import urgency as urgencies
from normalizer.rules import Rules

__all__ = ["Envelope", "Rules", "normalize", "stub"]

_LATE = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known about a message besides itself: whose it is and how it came."""

    tenant: str
    channel: str
    account: str
    received_at: datetime
    history: bool = False
    simulated: bool = False


def normalize(message: Message, envelope: Envelope, rules: Rules, key: bytes) -> Complaint:
    """Understand one message: clean, mask, read, place, classify, rate, flag, suggest an OPD."""
    seen = _mask(message)
    words = text.read(seen.understood, rules.spelling)
    hits = rules.lexicon.find(words.formal)
    titled = rules.lexicon.find(text.read(seen.title, rules.spelling).formal) if seen.title else {}
    spoken = language.detect(words.plain, rules.language)
    wilayah, placed = location.locate(
        words.plain, seen.addressed, rules.gazetteer, (message.lat, message.lon)
    )
    evidence = klasifikasi.Evidence(
        words.formal, hits, seen.asks, seen.shows, message.given, message.rating
    )
    kind, classified = klasifikasi.classify(evidence, rules.greetings)
    topic, others, categorised = kategori.categorise(
        hits.get("kategori", ()), titled.get("kategori", ()), rules.kategori
    )
    urgency, rated = urgencies.rate(hits.get("urgency", ()), kind, envelope.channel, words.formal)
    flagged = flags.flag(message, hits, kind)
    case = routing.Case(kind, topic, urgency, wilayah, rules.gazetteer.home)
    elsewhere = routing.outside(case, hits.get("luar", ()), rules.routing)
    shown = identity.without_homes(seen.text) if flagged.rahasia else seen.text
    opd, suggested = routing.suggest(case, hits.get("routing", ()), rules.routing)

    understood: dict[str, object] = {
        "text_clean": text.formalise(seen.text, rules.spelling),
        "text_masked": shown,
        "title_masked": seen.title,
        "attachments": seen.attachments,
        "pii": seen.pii,
        "language": spoken.value,
        "wilayah": wilayah,
        "klasifikasi": kind,
        "kategori": topic,
        "kategori_lain": others,
        "urgency": urgency,
        "anonim": flagged.anonim,
        "rahasia": flagged.rahasia,
        "berkadar_pengawasan": flagged.berkadar_pengawasan,
        "opd_suggested": opd,
        "explain": (
            spoken, placed, classified, categorised, rated, *flagged.explain, suggested,
            *((elsewhere,) if elsewhere else ()),
        ),
        "rules_version": rules.version,
    }  # fmt: skip
    return _verbatim(message, envelope, key).model_copy(update=understood)


def stub(
    envelope: Envelope, external_id: str, version: str, reason: str, rules_version: str
) -> Complaint:
    """Stand in for a payload nobody understood, under the id its complaint will have."""
    sentence, pii = privacy.mask(text.clean(f"(pesan tidak dapat dibaca: {reason})"))
    complaint_id = ids.complaint_id(
        envelope.tenant, envelope.channel, envelope.account, external_id
    )
    return Complaint(
        tenant=envelope.tenant,
        complaint_id=complaint_id,
        channel=envelope.channel,
        account=envelope.account,
        external_id=external_id,
        version=version,
        message_ids=(external_id,),
        occurred_at=envelope.received_at,
        received_at=envelope.received_at,
        history=envelope.history,
        simulated=envelope.simulated,
        stub=True,
        text=sentence,
        text_clean=sentence,
        text_masked=sentence,
        pii=pii,
        klasifikasi="pengaduan",
        kategori=kategori.LAINNYA,
        explain=(Explanation(field="stub", value="true", rule=sentence),),
        rules_version=rules_version,
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """A message without its personal numbers; `understood` is what the later steps read."""

    title: str
    text: str
    understood: str
    addressed: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    pii: tuple[Pii, ...]
    asks: bool
    shows: bool


def _mask(message: Message) -> _Seen:
    title, in_title = privacy.mask(text.clean(message.title))
    body, in_body = privacy.mask(text.clean(message.text))
    named = [(item, *privacy.mask(item.name)) for item in message.attachments]
    counts: Counter[str] = Counter()
    for found in (in_title, in_body, *(pii for _, _, pii in named)):
        counts.update({pii.kind: pii.count for pii in found})
    understood = "\n".join(part for part in (title, text.without_salutation(body)) if part)
    return _Seen(
        title=title,
        text=body,
        understood=understood,
        addressed=text.plain_words(text.salutation(body)),
        attachments=tuple(item.model_copy(update={"name": name}) for item, name, _ in named),
        pii=privacy.tally(counts),
        asks="?" in understood,
        shows=bool(message.attachments) or message.lat is not None,
    )


def _verbatim(message: Message, envelope: Envelope, key: bytes) -> Complaint:
    """Carry over what the message and its envelope say, and name the complaint and reporter."""
    tenant, channel, account = envelope.tenant, envelope.channel, envelope.account
    occurred_at = message.occurred_at or envelope.received_at
    sender = message.sender
    return Complaint(
        tenant=tenant,
        complaint_id=ids.complaint_id(tenant, channel, account, message.external_id),
        channel=channel,
        account=account,
        external_id=message.external_id,
        version=message.version or ids.digest("message", message.model_dump_json()),
        edited_at=message.edited_at,
        message_ids=(message.external_id,),
        reporter_ref=ids.reporter_ref(key, sender.platform, sender.id) if sender.id else "",
        reporter=sender,
        direct=message.direct,
        album=message.album,
        incident_at=message.incident_at,
        occurred_at=occurred_at,
        received_at=envelope.received_at,
        history=envelope.history or envelope.received_at - occurred_at > _LATE,
        simulated=envelope.simulated,
        title=message.title,
        text=message.text,
        reply_to=message.reply_to,
        thread=message.thread,
        permalink=message.permalink,
        rating=message.rating,
        given=message.given,
        sumber_asal=message.sumber_asal,
        **_sp4n(message, channel),
    )


class _Sp4n(TypedDict, total=False):
    sp4n_tracking_id: str
    sp4n_status: Literal["sudah"]


def _sp4n(message: Message, channel: str) -> _Sp4n:
    """Mark what came out of SP4N-LAPOR!: it has a number there and needs no hand-over."""
    if channel != "sp4n":
        return {}
    number = str(message.given.get("tracking_id") or message.external_id)
    return {"sp4n_tracking_id": number, "sp4n_status": "sudah"}
