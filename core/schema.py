"""The records that travel between the rooms: frozen, and blind to fields they do not know."""

from typing import Literal

from pydantic import Field

from core import ids, topics
from core.record import Given, Moment, Record, Text

Relation = Literal["opened", "joined", "suggested", "continued", "edited", "redelivered"]
Urgency = Literal["low", "normal", "high", "emergency"]
Klasifikasi = Literal[
    "pengaduan", "aspirasi", "permintaan_informasi", "whistleblowing", "bukan_aduan"
]
DecisionKind = Literal[
    "verify", "correct", "disposisi", "return", "status", "tindak_lanjut", "merge", "split",
    "not_same", "bukan_wewenang", "arsip", "sp4n", "note", "assign", "undo", "attachment",
]  # fmt: skip


class RawMessage(Record):
    """One provider event, verbatim. `body` holds the bytes as they came."""

    tenant: str
    channel: str
    account: str = ""
    external_id: str
    version: str = ""
    delivery_id: str = ""
    headers: dict[str, Text] = Field(default_factory=dict)
    body: bytes
    received_at: Moment
    history: bool = False
    simulated: bool = False

    @property
    def event_id(self) -> str:
        """The id under which the bus keeps this event once."""
        return ids.raw_event_id(
            self.tenant, self.channel, self.account, self.external_id, self.version
        )

    @property
    def partition(self) -> int:
        """The partition of `raw` this event belongs to."""
        return topics.RAW.partition(self.tenant, self.channel, self.external_id)


class Sender(Record):
    """Who sent a message, as the provider names them; everything may be unknown."""

    platform: str = ""
    id: Text = ""
    name: Text = ""
    contact: Text = ""
    reply_address: Text = ""


class Attachment(Record):
    """A file a message refers to; `url` or `provider_id` says where the provider keeps it."""

    name: Text = ""
    mime: str = ""
    url: Text = ""
    provider_id: str = ""
    size: int | None = None
    sha256: str = ""


class Message(Record):
    """What one citizen sent, free of its channel: the result of a connector's `parse`."""

    external_id: Text
    version: str = ""
    edited_at: Moment | None = None
    sender: Sender = Sender()
    occurred_at: Moment | None = None
    incident_at: Moment | None = None
    title: Text = ""
    text: Text = ""
    attachments: tuple[Attachment, ...] = ()
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    reply_to: str = ""
    thread: str = ""
    permalink: str = ""
    rating: float | None = None
    album: str = ""
    direct: bool = False
    anonim: bool = False
    rahasia: bool = False
    sumber_asal: Text = ""
    given: Given = Field(default_factory=dict)


class Rival(Record):
    """Another area a place name could mean."""

    kode: str
    nama: str


class Wilayah(Record):
    """Where a complaint is about: the dotted Kemendagri code of the deepest level supported."""

    kode: str = ""
    kabupaten_kota: str = ""
    kecamatan: str = ""
    kelurahan_desa: str = ""
    lat: float | None = None
    lon: float | None = None
    confidence: float = 0.0
    evidence: Text = ""
    rivals: tuple[Rival, ...] = ()


class Explanation(Record):
    """Why a derived field has its value: the rule and the words that decided."""

    field: str
    value: str
    rule: str
    words: tuple[Text, ...] = ()


class Pii(Record):
    """Personal data found in a text: its kind and where the mask stands, never the data itself."""

    kind: str
    count: int = 1


class Complaint(Record):
    """What Kanal understood of one message (or of its pieces, once dedup has joined them)."""

    tenant: str
    complaint_id: str
    ticket_no: str = ""
    channel: str
    account: str = ""
    external_id: Text
    version: str = ""
    # The raw message it was read in, and whether it is the first one there: the books count raws.
    raw_id: str = ""
    raw_first: bool = True
    edited_at: Moment | None = None
    message_ids: tuple[Text, ...] = ()
    reporter_ref: str = ""
    # The reporter's own name and contact; the sink keeps them apart, in `reporters`.
    reporter: Sender = Sender()
    direct: bool = False
    album: str = ""
    anonim: bool = False
    rahasia: bool = False
    incident_at: Moment | None = None
    occurred_at: Moment
    received_at: Moment
    history: bool = False
    simulated: bool = False
    # A payload nobody understood: visible under its future id until it is resubmitted.
    stub: bool = False
    title: Text = ""
    text: Text = ""
    text_clean: Text = ""
    text_masked: Text = ""
    title_masked: Text = ""
    language: str = "unknown"
    klasifikasi: Klasifikasi = "pengaduan"
    berkadar_pengawasan: bool | None = None
    kategori: str = "lainnya"
    kategori_lain: tuple[str, ...] = ()
    urgency: Urgency = "normal"
    wilayah: Wilayah = Wilayah()
    opd_suggested: str = ""
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ""
    thread: str = ""
    permalink: str = ""
    rating: float | None = None
    given: Given = Field(default_factory=dict)
    sumber_asal: Text = ""
    sp4n_status: Literal["belum", "tidak_perlu", "sudah"] = "belum"
    sp4n_tracking_id: str = ""
    pii: tuple[Pii, ...] = ()
    explain: tuple[Explanation, ...] = ()
    rules_version: str = ""

    @property
    def event_id(self) -> str:
        """The id under which the bus keeps this understanding once; new rules make a new one."""
        named = (self.raw_id, self.complaint_id, self.version, self.rules_version)
        return ids.digest("normalized", *named)


class Decision(Record):
    """An act of a person, or a fact about an attachment; `decision_id` is made by the sender."""

    tenant: str
    decision_id: str
    kind: DecisionKind
    case_id: str = ""
    complaint_id: str = ""
    seen: int | None = None
    value: Given = Field(default_factory=dict)
    reason: Text = ""
    actor: str
    role: str = ""
    decided_at: Moment

    @property
    def event_id(self) -> str:
        """The id under which the bus keeps this act once."""
        return ids.digest("decision", self.tenant, self.decision_id)


class Origin(Record):
    """A place on the bus."""

    topic: str
    partition: int
    offset: int


class RegisterEntry(Record):
    """A line of a tenant's register: a complaint with its case, or a decision and its outcome."""

    tenant: str
    kind: Literal["complaint", "decision", "claim"]
    source: Origin
    owner: str = ""
    entered_at: Moment
    complaint: Complaint | None = None
    # A message that belongs to the complaint (`continued`): its own id, version and time.
    piece_id: str = ""
    piece_version: str = ""
    piece_at: Moment | None = None
    # Understood again by other rules: the same message, which the books have counted.
    reread: bool = False
    case_id: str = ""
    suggested_case_id: str = ""
    relation: Relation | None = None
    score: float = 0.0
    reason: Text = ""
    decision: Decision | None = None
    outcome: Literal["applied", "refused"] | None = None
    sentence: Text = ""
    # How the surviving case of an applied merge stands.
    status: str = ""
    opd: str = ""

    @property
    def event_id(self) -> str:
        """Named by its source, so the same input can never be entered twice."""
        s = self.source
        return ids.digest("register", s.topic, str(s.partition), str(s.offset))


class DeadLetter(Record):
    """A record that could not be handled, with its original bytes."""

    tenant: str
    channel: str = ""
    stage: str
    reason: Text
    source: Origin
    event_id_of: str
    complaint_id: str = ""
    original: bytes
    parked_at: Moment

    @property
    def event_id(self) -> str:
        """Named by stage and origin: parking the same record twice keeps one."""
        return ids.digest("dead_letter", self.stage, self.source.topic, self.event_id_of)
