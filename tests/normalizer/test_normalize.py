"""The front door: ids, times, robustness, the same answer every time, and the stub."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids
from core.schema import Complaint, Message, Sender
from normalizer import Envelope, Rules, normalize, stub

Understand = Callable[..., Complaint]
KEY = b"kunci percobaan"
RECEIVED = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
ENVELOPE = Envelope("kab-blitar", "sms", "1708", RECEIVED)
CONTACT = Sender(platform="tel", id="0812-0000-1234", name="Warga Contoh")


def test_ids_and_envelope(rules: Rules) -> None:
    message = Message(external_id="SM1", version="2", text="jalan rusak", sender=CONTACT)
    complaint = normalize(message, ENVELOPE, rules, KEY)
    assert complaint.complaint_id == ids.complaint_id("kab-blitar", "sms", "1708", "SM1")
    assert complaint.reporter_ref == ids.reporter_ref(KEY, "tel", "6281200001234")
    assert complaint.reporter == CONTACT
    assert (complaint.version, complaint.message_ids) == ("2", ("SM1",))
    assert complaint.occurred_at == complaint.received_at == RECEIVED
    assert complaint.rules_version == rules.version


def test_a_sender_without_id_has_no_reference(rules: Rules) -> None:
    assert normalize(Message(external_id="1"), ENVELOPE, rules, KEY).reporter_ref == ""


def test_the_version_follows_the_content(understand: Understand) -> None:
    assert understand("a").version == understand("a").version != understand("b").version


@pytest.mark.parametrize(("hours", "history"), [(0, False), (48, False), (49, True)])
def test_late_messages_are_history(understand: Understand, hours: int, history: bool) -> None:
    assert understand("x", occurred_at=RECEIVED - timedelta(hours=hours)).history is history


def test_an_import_is_history(rules: Rules) -> None:
    envelope = replace(ENVELOPE, history=True, simulated=True)
    complaint = normalize(Message(external_id="1", text="x"), envelope, rules, KEY)
    assert (complaint.history, complaint.simulated) == (True, True)


def test_the_text_is_kept_as_sent(understand: Understand) -> None:
    sent = "  Jalan\x00 rusak  \r\n\r\n\r\n hub 0812-0000-1234 "
    complaint = understand(sent, title="NIK 3505101202900001")
    assert complaint.text == sent
    assert complaint.text_masked == "Jalan rusak \n\n hub [TELP]"
    assert complaint.title_masked == "NIK [NIK]"
    assert [(pii.kind, pii.count) for pii in complaint.pii] == [("NIK", 1), ("TELP", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\x00", "😀", "👨‍👩‍👧", "ha" * 50_000, "1" * 100_000, "1 " * 50_000,
        "jalan rusak " * 8_000,
        "a@" * 50_000, "((((" * 25_000, "desa " * 20_000, "12-03-2024 " * 9_000, "\n" * 100_000,
        "AG 1 " * 20_000, "Rp 1.000 " * 11_000, "[[[[NIK]" * 10_000, "\ud800 terpotong",
    ],
)  # fmt: skip
def test_any_text_gives_a_valid_complaint(understand: Understand, text: str) -> None:
    complaint = understand(text)
    assert Complaint.model_validate_json(complaint.to_bytes()) == complaint


@given(st.text(), st.text())
def test_any_message_gives_a_valid_complaint(rules: Rules, title: str, text: str) -> None:
    message = Message(external_id="x", title=title, text=text)
    complaint = normalize(message, ENVELOPE, rules, KEY)
    assert complaint.text == message.text
    assert Complaint.model_validate_json(complaint.to_bytes()) == complaint


VOCABULARY = (
    "jalan rusak desa kec tlogo kanigoro sukorejo blitar kota lampu mati banjir kades korupsi"
    " ora dalan bolong 3505101202900001 081200001234 tolong pak kabupaten kediri"
)
WORDS = st.sampled_from(VOCABULARY.split())


@given(st.lists(WORDS, max_size=25).map(" ".join))
def test_the_same_message_gives_the_same_complaint(rules: Rules, text: str) -> None:
    message = Message(external_id="x", text=text)
    again = normalize(message, ENVELOPE, rules, KEY)
    assert normalize(message, ENVELOPE, rules, KEY).to_bytes() == again.to_bytes()
    assert rules.gazetteer.by_kode.get(again.wilayah.kode) or again.wilayah.kode == ""


def test_fresh_rules_decide_alike(rules: Rules, config_dir: Path) -> None:
    fresh = Rules.load(config_dir, "kab-blitar", "35.05")
    message = Message(external_id="x", text="dalane bolong ndek Tlogo, ngarep SD")
    assert fresh.version == rules.version
    assert normalize(message, ENVELOPE, fresh, KEY) == normalize(message, ENVELOPE, rules, KEY)


def test_a_stub_is_visible() -> None:
    made = stub(ENVELOPE, "SM9", "1", "kolom Body tidak ada", "r1-abc")
    assert made.stub
    assert made.complaint_id == ids.complaint_id("kab-blitar", "sms", "1708", "SM9")
    assert made.text_masked == "(pesan tidak dapat dibaca: kolom Body tidak ada)"
    assert (made.klasifikasi, made.kategori) == ("pengaduan", "lainnya")
