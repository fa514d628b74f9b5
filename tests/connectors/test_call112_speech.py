"""Who says what in a 112 call: vCon, Whisper, subtitles, labelled lines; and what came of it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Unparseable
from core.schema import Message
from tests.connectors.call112_inbox import ZONE, channel, drop, parsed, row, taken

FIRE = "Ada kebakaran rumah di Desa Tlogo"
WHOLE = f"Petugas: Ada korban?\nPenelepon: {FIRE}"


def read(name: str, text: str, folder: Path) -> Message:
    drop(folder, name, text)
    (raw,) = taken(channel(folder))
    return parsed(raw)


def vcon(**parts: Any) -> dict[str, Any]:
    dialog = [{"type": "recording", "start": "2026-11-21T01:15:00Z", "parties": [0, 1]}]
    return {"vcon": "0.0.2", "uuid": "u-1", "parties": [], "dialog": dialog} | parts


def transcript(body: object, **more: str) -> dict[str, Any]:
    return vcon(analysis=[{"type": "transcript", "dialog": 0, "body": body} | more])


# -- who speaks -------------------------------------------------------------------------------

LABELS = [
    ("Petugas", "Penelepon"), ("OPERATOR", "Pelapor"), ("[Agent]", "[Caller]"),
    ("00:01 Operator 2", "00:07 Penelepon"), ("[00:00:01] Petugas", "[00:00:07] Warga"),
    ("Operator", "SPEAKER_01"), ("(Petugas)", "(Speaker 3)"),
]  # fmt: skip


@pytest.mark.parametrize(("officer", "caller"), LABELS)
def test_what_the_officer_asks_is_not_what_the_citizen_reports(officer: str, caller: str) -> None:
    text = f"{officer}: Ada korban?\n{caller}: Ada kebakaran rumah\n  di Desa Tlogo"
    for raw in (row(text.encode(), "text/plain"), row({"transcript": text})):
        message = parsed(raw)
        assert (message.text, message.given["percakapan"]) == (FIRE, WHOLE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Two words do not tell what a call is about.
        ("Petugas: Kebakaran di Desa Tlogo?\nPenelepon: Iya betul",
         "Petugas: Kebakaran di Desa Tlogo?\nPenelepon: Iya betul"),
        # Nobody knows which of them is the officer.
        (f"SPEAKER_00: Ada korban?\nSPEAKER_01: {FIRE}",
         f"Pembicara 1: Ada korban?\nPembicara 2: {FIRE}"),
        # One label is a heading or a word like any other.
        (f"Petugas: {FIRE}", f"Petugas: {FIRE}"),
        ("Pukul 08.00: pohon tumbang", "Pukul 08.00: pohon tumbang"),
    ],
)  # fmt: skip
def test_where_it_is_not_known_everything_is_kept(text: str, expected: str) -> None:
    assert parsed(row(text.encode(), "text/plain")).text == expected


def test_headings_before_a_conversation_are_headings() -> None:
    text = f"Waktu: 21/11/2026 08.15\nPelapor: Sri\nTranskrip: Petugas: Ada apa?\nPenelepon: {FIRE}"
    message = parsed(row(text.encode(), "text/plain"))
    assert (message.sender.name, message.text) == ("Sri", FIRE)
    assert parsed(row(f"Penelepon: {FIRE}\nPetugas: Baik".encode(), "text/plain")).text == FIRE


def test_a_name_in_a_transcript_is_only_another_speaker(tmp_path: Path) -> None:
    text = "WEBVTT\n\n00:00.000 --> 00:01.000\n<v Sri Contohwati>Halo\n\n"
    text += "00:01.000 --> 00:02.000\n<v Budi>Ada apa\n"
    message = read("a.vtt", text, tmp_path)
    assert message.text == "Pembicara 1: Halo\nPembicara 2: Ada apa"


# -- formats ----------------------------------------------------------------------------------

DEEPGRAM = {"results": {"channels": [
    {"alternatives": [{"transcript": "x", "paragraphs": {"transcript": f"Speaker 0: {FIRE}"}}]},
]}}  # fmt: skip
TWO_ENDS = {"results": {"channels": [
    {"alternatives": [{"transcript": "Ada korban?"}]}, {"alternatives": [{"transcript": FIRE}]},
]}}  # fmt: skip
TURNS = [{"speaker": "agent", "text": "Ada korban?"}, {"speaker": "caller", "text": FIRE}]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (FIRE, FIRE),
        ({"transcript": FIRE}, FIRE),
        ({"text": FIRE, "segments": [{"text": " Ada kebakaran rumah"}, {"text": " di Desa Tlogo"}]},
         FIRE),
        (DEEPGRAM, f"Speaker 0: {FIRE}"),
        (TWO_ENDS, f"Pembicara 1: Ada korban?\nPembicara 2: {FIRE}"),
        ({"results": {"utterances": [{"speaker": 0, "transcript": FIRE}]}}, f"Pembicara 1: {FIRE}"),
        (TURNS, FIRE),
        ({"utterances": TURNS}, FIRE),
        ({"messages": TURNS}, FIRE),
    ],
)  # fmt: skip
def test_a_vcons_transcript_is_read_whoever_wrote_it(body: object, text: str) -> None:
    assert parsed(row(transcript(body))).text == text
    if not isinstance(body, str):
        written = json.dumps(body)
        assert parsed(row(transcript(written, encoding="json"))).text == text
        packed = base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")
        assert parsed(row(transcript(packed, encoding="base64url"))).text == text


@pytest.mark.parametrize(
    ("parties", "originator", "tel"),
    [
        ([{"tel": "112", "role": "agent"}, {"tel": "tel:+62812"}], None, "+62812"),
        ([{"tel": "112"}, {"tel": "+62812", "role": "caller"}], None, "+62812"),
        ([{"tel": "112"}, {"tel": "+62812"}], 1, "+62812"),
        ([{"tel": "112", "role": "operator"}, {"tel": "+62812"}], 0, "+62812"),
        ([{"tel": "112", "role": "agent"}], 0, ""),
        ([], 7, ""),
    ],
)
def test_the_caller_of_a_vcon_is_no_officer(
    parties: list[dict[str, str]], originator: int | None, tel: str
) -> None:
    call = transcript(FIRE) | {"parties": parties}
    if originator is not None:
        call["dialog"][0]["originator"] = originator
    message = parsed(row(call))
    assert message.sender.contact == (tel if len(tel) > 5 else "")


def test_a_sealed_vcon_is_told_and_a_signed_one_is_read() -> None:
    with pytest.raises(Unparseable, match="vcon: terenkripsi"):
        parsed(row({"ciphertext": "x", "recipients": []}))
    inner = base64.urlsafe_b64encode(json.dumps(transcript(FIRE)).encode()).decode()
    message = parsed(row({"payload": inner, "signatures": []}))
    assert (message.text, message.given["tanda_tangan"]) == (FIRE, "tidak diperiksa")
    for payload in ("!", "e30", None):
        with pytest.raises(Unparseable, match="transkrip: kosong"):
            parsed(row({"payload": payload, "signatures": []}))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.vtt", f"WEBVTT\n\nSTYLE\n::cue {{}}\n\n00:00.000 --> 00:02.000\n{FIRE}\n"),
        ("a.vtt", f"\ufeffWEBVTT\r\n\r\nx\r\n01:00:00.000 --> 01:00:02.000 line:0\r\n<b>{FIRE}"),
        ("a.srt", f"1\n00:00:00,000 --> 00:00:02,000\n{FIRE}\n"),
        ("a.tsv", f"start\tend\ttext\n0\t2000\t{FIRE}\n"),
        ("a.tsv", f"start\tend\tspeaker\ttext\n0\t2000\t\t{FIRE}\n"),
        ("a.tsv", f"isi\twaktu\n{FIRE}\t2026-11-21 08:15\n"),
        ("a.txt", f"{FIRE}\n"),
        ("a.vcon", json.dumps(transcript(FIRE))),
        ("a.json", json.dumps({"text": FIRE, "language": "id", "segments": []})),
    ],
)  # fmt: skip
def test_every_writer_of_whisper_is_read(tmp_path: Path, name: str, text: str) -> None:
    assert read(name, text, tmp_path).text == FIRE


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("20261121-081500_0812.txt", "2026-11-21 08:15"),
        ("panggilan 2026-11-20 23.59.07.txt", "2026-11-20 23:59"),
        ("112_202611210815.txt", "2026-11-21 08:15"),
        ("20261321-081500.txt", None),
        ("081200000000-1.txt", None),
        ("rekaman.txt", None),
    ],
)
def test_a_recording_may_bear_its_time_in_its_name(
    tmp_path: Path, name: str, at: str | None
) -> None:
    found = read(name, FIRE, tmp_path).occurred_at
    assert (f"{found.astimezone(ZONE):%Y-%m-%d %H:%M}" if found else None) == at


def test_the_name_of_a_file_of_many_calls_tells_no_time(tmp_path: Path) -> None:
    assert read("20261121-081500.csv", f"isi\n{FIRE}\n", tmp_path).occurred_at is None


# -- what came of it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        ("Terjawab", "terjawab"), ("ANSWERED", "terjawab"), ("prank", "iseng"), ("Iseng", "iseng"),
        ("Ghost", "kosong"), ("no-answer", "kosong"), ("hung_up", "kosong"),
        ("Information", "informasi"), ("info", "informasi"), ("lainnya", None),
    ],
)  # fmt: skip
def test_the_outcome_is_kept_and_named_one_way(outcome: str, kind: str | None) -> None:
    given = parsed(row({"isi": FIRE, "hasil": outcome})).given
    assert (given["outcome"], given.get("panggilan")) == (outcome, kind)


@pytest.mark.parametrize("outcome", ["ghost", "prank"])
def test_a_call_of_nothing_is_kept_and_counts_for_nothing(outcome: str) -> None:
    message = parsed(row({"id": "1", "outcome": outcome}))
    # The normalizer knows such words for no complaint.
    assert "iseng" in message.text
    with pytest.raises(Unparseable, match="transkrip: kosong"):
        parsed(row({"id": "1", "outcome": "answered"}))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["text", "speaker", "transcript", "body", "encoding", "type", "segments",
                         "results", "channels", "alternatives", "parties", "originator", "role"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
PARTS = ["parties", "dialog", "analysis", "attachments", "uuid", "subject", "segments", "payload",
         "signatures", "created_at"]  # fmt: skip


@given(st.dictionaries(st.sampled_from(PARTS), anything), st.booleans())
def test_any_conversation_is_read_or_unparseable(parts: dict[str, Any], as_vcon: bool) -> None:
    body = (vcon() if as_vcon else {}) | parts
    try:
        message = parsed(row(json.dumps(body).encode()))
    except Unparseable:
        return
    assert Message.model_validate_json(message.to_bytes()) == message


@given(st.text(st.sampled_from("Petugas:Penelepon \n<v >-0123[]WEBVTT\t,.")))
def test_any_text_is_read_or_unparseable(text: str) -> None:
    for kind in ("text/plain", "text/vtt", "application/x-subrip", "text/tab-separated-values"):
        try:
            assert parsed(row(text.encode(), kind)).text
        except Unparseable:
            continue
