"""What is read in a text: telling words, places and their numbers, and whose matter it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup import fingerprint
from dedup.fingerprint import Fingerprint
from dedup.stems import stem
from dedup.words import read_words
from tests.dedup.makers import policy, told

POLICY = policy()


def read(text: str, **given_: Any) -> Fingerprint:
    return fingerprint.read(told(1, text, **({"text_clean": text} | given_)), 0, POLICY)


@pytest.mark.parametrize(
    ("text", "streets", "spots", "numbers"),
    [
        ("PJU padam jalan Melati no 3 rt 02 rw 05", {"melati"}, set(),
         {("no", 3), ("rt", 2), ("rw", 5)}),
        ("lubang di Jl. Candi Sukuh 3 Kel. Bambankerep", {"candi sukuh"}, set(),
         {("candi sukuh", 3)}),
        ("gang 5 banjir", set(), set(), {("gang", 5)}),
        ("jalan raya Kuningan depan SPBU", {"kuningan"}, {"spbu"}, set()),
        ("pohon dekat balai desa dan pasar Tlogo", set(), {"balai", "pasar tlogo"}, set()),
        # A road without a name, and numbers that count something.
        ("jalan rusak parah sudah 3 hari", set(), set(), set()),
        ("menutup jalan utama sejak jam 8", set(), set(), set()),
        ("jalan desa berlubang 20 titik", set(), set(), set()),
        ("", set(), set(), set()),
    ],
)  # fmt: skip
def test_places(
    text: str, streets: set[str], spots: set[str], numbers: set[tuple[str, int]]
) -> None:
    words = read_words(text, POLICY)
    assert [set(words.streets), set(words.spots), set(words.numbers)] == [streets, spots, numbers]


@pytest.mark.parametrize(
    ("text", "telling"),
    [
        ("Mohon segera ditindaklanjuti, terima kasih", set()),
        ("Lapor pak, lampu mati 5 hari di rt 2", {"lampu", "mati", "rt", "2"}),
        ("lihat https://contoh.test/a?b=1 [TELP] [NIK] pohon", {"lihat", "pohon"}),
    ],
)
def test_telling_words(text: str, telling: set[str]) -> None:
    assert read_words(text, POLICY).telling == telling


@pytest.mark.parametrize(
    ("text", "fields", "personal"),
    [
        ("jalan berlubang", {}, False),
        ("lampu mati di depan rumah saya", {}, True),
        ("lampu mati di depan rumah sayang", {}, False),
        ("cek NIK [NIK]", {}, True),
        ("kapan jembatan dibangun", {"klasifikasi": "permintaan_informasi"}, True),
    ],
)
def test_whose_matter_it_is(text: str, fields: dict[str, Any], personal: bool) -> None:
    assert read(text, **fields).personal is personal


@pytest.mark.parametrize(
    ("text", "cards"),
    [
        ("NIK 3505101202900001", 1),
        ("NIK 3505.1012.0290.0001 dan 3505101202900002", 2),
        ("kartu BPJS 0001234567890", 1),
        # Phone numbers name no card, and too many digits none at all.
        ("hubungi 0812-0000-1234 atau +6281200001234", 0),
        ("35051012029000011234", 0),
    ],
)
def test_cards_leave_a_hash_only(text: str, cards: int) -> None:
    found = read(text).cards
    assert len(found) == cards
    assert all(len(card) == 8 for card in found)


@pytest.mark.parametrize(
    ("wilayah", "kecamatan", "desa"),
    [
        ({"kode": "35.05.10.2001"}, "35.05.10", "35.05.10.2001"),
        ({"kode": "35.05.10.2001", "confidence": 0.4}, "35.05.10", ""),
        ({"kode": "35.05.10"}, "35.05.10", ""),
        ({"kode": "35.05"}, "", ""),
        ({"kode": ""}, "", ""),
    ],
)
def test_the_area(wilayah: dict[str, Any], kecamatan: str, desa: str) -> None:
    found = read("jalan rusak", place=wilayah)
    assert (found.kecamatan, found.desa) == (kecamatan, desa)


def test_the_salutation_is_not_what_it_is_about() -> None:
    plain = read("Jembatan putus di Minggirsari")
    greeted = read("Yth. Dinas Pekerjaan Umum Kabupaten Blitar, Jembatan putus di Minggirsari")
    assert greeted.words.telling == plain.words.telling


@given(st.text(max_size=400))
def test_any_text_can_be_read(text: str) -> None:
    found = read_words(text, POLICY)
    assert found.names <= found.telling <= set(map(stem, found.ordered))
