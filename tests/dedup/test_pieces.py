"""What one person writes in pieces is one complaint, and finds its case when enough is told."""

from typing import Any

import pytest

from core.schema import Complaint, RegisterEntry
from dedup import Sequencer
from tests.dedup.makers import KANIGORO, MINGGIRSARI, TENANT, act, enter, policy, told

TREE = "Pohon tumbang menutup jalan raya dekat pasar Minggirsari"


def together(head: Complaint, piece: Complaint) -> Complaint:
    """Understand two pieces as the normalizer would, as far as a table needs it."""
    return piece.model_copy(
        update={
            "text": f"{head.text}\n{piece.text}",
            "text_clean": f"{head.text_clean}\n{piece.text_clean}",
            "klasifikasi": "pengaduan"
            if "pengaduan" in (head.klasifikasi, piece.klasifikasi)
            else "bukan_aduan",
            "kategori": head.kategori if piece.klasifikasi == "bukan_aduan" else piece.kategori,
            "wilayah": piece.wilayah if piece.wilayah.kelurahan_desa else head.wilayah,
        }
    )


def sequencer() -> Sequencer:
    return Sequencer(policy(), {TENANT: "BLT"}, together)


def written(number: int, text: str, **given: Any) -> Complaint:
    fields = {"direct": True, "reporter_ref": "siti", "message_ids": (f"m{number}",)} | given
    return told(number, text, **fields)


def relations(*records: Complaint) -> list[str]:
    return [str(e.relation) for e in enter(sequencer(), *records)]


FIRST = written(1, "Lapor pak ada pohon tumbang", place=KANIGORO, kategori="pohon")


@pytest.mark.parametrize(
    ("other", "relation"),
    [
        ({}, "continued"),
        ({"minutes": 11}, "continued"),
        ({"minutes": 12}, "opened"),
        # Distance is that of sending, whichever came in first.
        ({"minutes": -8}, "continued"),
        ({"reporter_ref": "budi"}, "opened"),
        ({"reporter_ref": ""}, "opened"),
        ({"direct": False}, "opened"),
        ({"channel": "whatsapp"}, "opened"),
        ({"simulated": True}, "opened"),
        ({"direct": False, "album": "a1"}, "opened"),
    ],
)
def test_who_writes_on(other: dict[str, Any], relation: str) -> None:
    given = {"minutes": 2, "place": KANIGORO, "kategori": "sampah"} | other
    assert relations(FIRST, written(2, "Sampah belum diangkut", **given))[1] == relation


def chained(count: int, text: str) -> list[RegisterEntry]:
    """Let one person write so many messages, a minute apart."""
    written_on = [
        written(n, text, minutes=n, kategori="pohon", place=KANIGORO) for n in range(count)
    ]
    return [entry for entry in enter(sequencer(), *written_on) if entry.complaint]


def test_who_never_stops_writing_opens_another_complaint() -> None:
    most = policy().pieces_messages
    entries = chained(2 * most + 1, "pohon tumbang")
    assert [e.relation for e in entries].count("continued") == 2 * (most - 1)
    lengths = [len(e.complaint.message_ids) for e in entries if e.complaint]
    assert max(lengths) == most
    # The room is per complaint: the next one takes what comes after it.
    assert lengths[-1] == 1


def test_long_messages_are_not_heaped_up_without_end() -> None:
    most = policy().pieces_characters
    text = "pohon tumbang " * (most // 40)
    entries = chained(9, text)
    sizes = [len(e.complaint.text) for e in entries if e.complaint]
    assert max(sizes) <= most
    assert sum(e.relation != "continued" for e in entries) > 1


def test_an_album_is_one_complaint_on_any_channel() -> None:
    one, two = (written(n, "", album="a1", direct=False, reporter_ref=f"r{n}") for n in (1, 2))
    assert relations(one, two) == ["opened", "continued"]


def test_thanks_open_nothing_and_keep_the_ticket() -> None:
    thanks = written(2, "suwun pak", klasifikasi="bukan_aduan")
    opened, continued = enter(sequencer(), FIRST, thanks)
    assert continued.relation == "continued"
    assert continued.case_id == opened.case_id
    first, whole = opened.complaint, continued.complaint
    assert first is not None
    assert whole is not None
    assert (whole.complaint_id, whole.ticket_no) == (first.complaint_id, first.ticket_no)
    assert whole.message_ids == ("m1", "m2")
    assert whole.raw_id == thanks.raw_id


def test_a_greeting_becomes_a_complaint_with_a_ticket() -> None:
    greeting = written(1, "Selamat siang", klasifikasi="bukan_aduan")
    _, whole = enter(sequencer(), greeting, written(2, TREE, kategori="pohon"))
    assert whole.complaint is not None
    assert whole.complaint.ticket_no.startswith("BLT-000001")


def test_the_second_message_names_the_place_and_finds_the_case() -> None:
    tree = told(9, TREE, kategori="pohon", minutes=0)
    place = written(2, TREE, kategori="pohon", place=MINGGIRSARI)
    joins = told(8, TREE, kategori="pohon", minutes=20)
    entries = enter(sequencer(), tree, FIRST, place, joins)
    assert [e.relation for e in entries] == ["opened", "opened", "continued", "joined"]
    assert entries[2].case_id == entries[3].case_id == entries[0].case_id
    assert "Minggirsari" in entries[2].reason


def test_a_piece_sent_again_changes_nothing_and_acts_on_the_case_hold_it() -> None:
    made = sequencer()
    piece = written(2, TREE, kategori="pohon")
    enter(made, FIRST, piece)
    assert enter(made, piece, start=10) == []
    case = enter(made, act(1, "verify", complaint_id=piece.complaint_id), start=20)[0].case_id
    again = written(3, "sudah dua jam", kategori="pohon")
    assert enter(made, again, start=30)[0].case_id == case


def test_a_fold_of_what_was_written_goes_on_alike() -> None:
    records = [FIRST, written(2, TREE, kategori="pohon"), told(8, TREE, kategori="pohon")]
    more = [written(3, "suwun", klasifikasi="bukan_aduan"), records[1], told(7, TREE)]
    undisturbed = [e.to_bytes() for e in enter(sequencer(), *records, *more)]
    for cut in range(len(records) + 1):
        restarted = sequencer()
        before = enter(sequencer(), *records[:cut])
        for entry in before:
            restarted.fold(RegisterEntry.model_validate_json(entry.to_bytes()))
        after = enter(restarted, *records[cut:], *more, start=cut)
        assert [e.to_bytes() for e in (*before, *after)] == undisturbed


def test_a_piece_cannot_be_split_off_and_a_correction_of_it_is_its_complaints() -> None:
    made = sequencer()
    piece = written(2, TREE, kategori="pohon")
    enter(made, FIRST, piece)
    split = act(1, "split", complaint_id=piece.complaint_id)
    hidden = act(2, "correct", complaint_id=piece.complaint_id, value={"rahasia": True})
    refused, corrected = enter(made, split, hidden, start=10)
    assert refused.outcome == "refused"
    assert "bagian dari satu laporan" in refused.sentence
    assert corrected.outcome == "applied"
    same = told(8, TREE, kategori="pohon")
    assert enter(made, same, start=20)[0].relation == "opened"
