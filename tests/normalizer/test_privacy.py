"""Personal numbers never survive; house numbers, prices and dates do."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.masking import hidden, leaks
from normalizer.privacy import mask
from normalizer.text import clean

NIK = "3505101202900001"

MASKED = [
    ("NIK saya 3505101202900001 tolong", "NIK saya [NIK] tolong"),
    ("NIK 3505 1012 0290 0001", "NIK [NIK]"),
    ("3505.10.520290.0001", "[NIK]"),
    ("3 5 0 5 1 0 1 2 0 2 9 0 0 0 0 1", "[NIK]"),
    ("No. KK 3505101202900001", "No. KK [KK]"),
    ("kartu keluarga: 3505109912900001", "kartu keluarga: [KK]"),
    ("rekening 9999999999999999", "rekening [REKENING]"),
    ("nik 3505109999900001 salah tanggal", "nik [NIK] salah tanggal"),
    ("hp 081200001234", "hp [TELP]"),
    ("hub 0812-0000-1234 ya", "hub [TELP] ya"),
    ("+62 812 0000 1234", "[TELP]"),
    ("6281200001234", "[TELP]"),
    ("0812.0000.1234/0812.0000.9999", "[TELP]/[TELP]"),
    ("telp (0342) 801234.", "telp [TELP]."),
    ("kantor 0342-801234", "kantor [TELP]"),
    ("WA 81200001234", "WA [TELP]"),
    ("https://wa.me/6281200001234", "https://wa.me/[TELP]"),
    ("０８１２００００１２３４", "[TELP]"),
    ("0812\u200b0000\u200b1234", "[TELP]"),
    ("surat ke warga.contoh+a@contoh.example.id saja", "surat ke [EMAIL] saja"),
    ("motor AG 1234 KL parkir", "motor [PLAT] parkir"),
    ("AG1234KL", "[PLAT]"),
    ("truk ag 1234 kl ngebut", "truk [PLAT] ngebut"),
    ("truk nopol B 12 C", "truk nopol [PLAT]"),
    (f"{NIK} dan {NIK}", "[NIK] dan [NIK]"),
    (f"foto_{NIK}.jpg", "foto_[NIK].jpg"),
    ("nama saya Budi Contoh dari Tlogo", "nama saya [NAMA] dari Tlogo"),
    ("nama saya budi contoh lapor jalan", "nama saya [NAMA] lapor jalan"),
    ("Nama: Sri Contoh, jalan rusak", "Nama: [NAMA], jalan rusak"),
    ("a.n. Joko Contoh belum cair", "a.n. [NAMA] belum cair"),
    ("atas nama Siti Contoh", "atas nama [NAMA]"),
    ("rek BRI 1234-01-000000-50-0", "rek BRI [REKENING]"),
    ("kartu 5500 0000 0000 0004", "kartu [KARTU]"),
    ("kosong delapan satu dua nol nol nol nol satu dua tiga empat", "[TELP]"),
    ("nol delapan 12 0000 satu dua tiga empat", "[TELP]"),
]

KEPT = [
    "RT 03 RW 05",
    "rt.03/rw.05 dusun krajan",
    "RT 3 lampu mati",
    "Jl. Merdeka No 12 A",
    "Blok B 123 A",
    "harga Rp 150.000 jadi Rp 1.500.000.000",
    "Rp. 25.000/kg",
    "Rp 1.500.000.000 - 2.000.000.000",
    "tanggal 08-03-2024 14.30",
    "08/03/2024 - 10/03/2024",
    "jam 08.00-12.00 WIB",
    "tahun 2023 2024 2025",
    "hubungi 112 atau 1708",
    "https://contoh.example/status/1234567890123456789",
    "3 RT dan 4 RW",
    "berat 500 kg, panjang 120 cm",
    "5 hari 3 malam",
    "nama saya tidak ada di daftar, jangan sebut nama saya",
    "satu dua tiga rumah kosong, dua tiga pohon",
    "anggaran 2024 Rp 12.500.000 untuk 3 RT",
    "atas nama warga desa",
]


@pytest.mark.parametrize(("given_text", "expected"), MASKED)
def test_masks(given_text: str, expected: str) -> None:
    assert mask(clean(given_text))[0] == expected


@pytest.mark.parametrize("text", KEPT)
def test_keeps(text: str) -> None:
    assert mask(text) == (text, ())


def test_counts_kinds() -> None:
    _, pii = mask(f"{NIK}, 081200001234 dan 081200005678")
    assert [(found.kind, found.count) for found in pii] == [("NIK", 1), ("TELP", 2)]


separators = st.text(alphabet=" .-/()", max_size=3)
words = st.text(alphabet=string.ascii_letters + "ngéñ \n,:;!?", max_size=30)


def spread(draw: st.DrawFn, digits: str) -> str:
    gaps = [draw(separators) for _ in digits[1:]]
    return digits[0] + "".join(gap + digit for gap, digit in zip(gaps, digits[1:], strict=True))


@st.composite
def niks(draw: st.DrawFn) -> str:
    day = draw(st.integers(1, 31)) + draw(st.sampled_from([0, 40]))
    area = draw(st.integers(110101, 979999))
    month, year = draw(st.integers(1, 12)), draw(st.integers(0, 99))
    return spread(draw, f"{area}{day:02}{month:02}{year:02}{draw(st.integers(1, 9999)):04}")


@st.composite
def phones(draw: st.DrawFn) -> str:
    start = draw(st.sampled_from(["08", "628", "+628"]))
    second = draw(st.integers(1, 9))
    rest = draw(st.text(alphabet=string.digits, min_size=7, max_size=10))
    return spread(draw, f"{start}{second}{rest}")


def digits_of(text: str) -> str:
    return re.sub(r"\D", "", text)


@given(words, niks(), words)
def test_no_nik_survives(before: str, nik: str, after: str) -> None:
    masked, pii = mask(clean(f"{before} {nik} {after}"))
    assert digits_of(masked) == ""
    assert {found.kind for found in pii} <= {"NIK", "KK"}


@given(words, phones(), words)
def test_no_phone_survives(before: str, phone: str, after: str) -> None:
    masked, pii = mask(clean(f"{before} {phone} {after}"))
    assert digits_of(masked) == ""
    assert [found.kind for found in pii] == ["TELP"]


@given(niks(), words.filter(lambda text: text.strip(" \n")), phones())
def test_both_in_one_text(nik: str, between: str, phone: str) -> None:
    masked, _ = mask(clean(f"NIK {nik} {between}: {phone}"))
    assert digits_of(masked) == ""


@given(st.integers(0, 99), st.integers(0, 99), st.integers(1, 300))
def test_rt_rw_and_house_numbers_stay(rt: int, rw: int, house: int) -> None:
    text = f"Lampu mati di RT {rt:02} RW {rw:02} No {house} A, RT.{rt}/RW.{rw}"
    assert mask(text) == (text, ())


@given(st.integers(1, 10**12))
def test_prices_stay(amount: int) -> None:
    text = f"diminta bayar Rp {amount:,} per orang".replace(",", ".")
    assert mask(text) == (text, ())


@given(st.dates())
def test_dates_stay(date: object) -> None:
    text = f"sejak {date:%d-%m-%Y} sampai sekarang"
    assert mask(text) == (text, ())


@given(st.text())
def test_masking_twice_changes_nothing(text: str) -> None:
    once, _ = mask(clean(text))
    assert mask(once)[0] == once


def test_no_number_of_a_person_leaks_in_generated_texts() -> None:
    assert leaks(3000, seed=11).examples == []


def test_plain_numbers_are_not_hidden() -> None:
    assert hidden(3000, seed=11).examples == []
