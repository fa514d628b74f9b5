"""Places: cues, names that are words, names that several areas share, pins."""

from collections.abc import Callable

import pytest

from core.schema import Complaint

Understand = Callable[..., Complaint]

TLOGO, KANIGORO, KEL_KANIGORO = "35.05.10.2006", "35.05.10", "35.05.10.1008"

CASES = [
    ("jalan rusak di desa Tlogo kec Kanigoro", TLOGO),
    ("Ds.Tlogo,Kec.Kanigoro", TLOGO),
    ("lampu mati di Kanigoro", KANIGORO),
    ("lampu mati di kelurahan Kanigoro", KEL_KANIGORO),
    ("kel. kanigoro kec. kanigoro", KEL_KANIGORO),
    ("OLAK ALEN banjir", "35.05.21.2008"),
    ("desa sumber agung kec gandusari", "35.05.15.2001"),
    # common words need a cue
    ("salam, sumber air di pojok jalan serang nyamuk", ""),
    ("pohon jati tumbang, duren dan semen jatuh", ""),
    ("desa Salam kecamatan Wonodadi", "35.05.01.2002"),
    ("Desa Semen banjir", "35.05.15.2012"),
    ("kecamatan Wates", "35.05.20"),
    # persons are no places
    ("pak Tlogo marah", ""),
    # one name, several areas
    ("desa Sukorejo gelap", "35.05"),
    ("desa Sukorejo kecamatan Udanawu gelap", "35.05.02.2009"),
    ("Kauman Srengat banjir", "35.05.03.1010"),
    ("pohon tumbang di Semen, Gandusari", "35.05.15.2012"),
    ("kelurahan Kauman Kota Blitar", "35.72.01.1004"),
    # the two offices of one name
    ("jalan di Kota Blitar berlubang", "35.72"),
    ("jalan di Kabupaten Blitar berlubang", "35.05"),
    ("jalan Blitar berlubang", "35.05"),
    ("sampah di Sananwetan", "35.72.03"),
    # elsewhere
    ("jalan di Kabupaten Kediri rusak", "35.06"),
    ("truk dari Kabupaten Kediri lewat desa Tlogo", TLOGO),
    ("kecamatan Tembalang banjir", ""),  # a desa here, a kecamatan only elsewhere
    # landmarks and other names
    ("macet di depan RSUD Ngudi Waluyo", "35.05.17"),
    ("parkir candi penataran mahal", "35.05.09.2007"),
    ("lampu mati di lodoyo", "35.05.12"),
    ("tidak ada tempat di sini", ""),
    # as citizens spell
    ("lampu mati ds sumber agung kec gandusari", "35.05.15.2001"),
    ("kel. Kanigooro gelap", KEL_KANIGORO),
    ("kecamatan Soetojajan banjir", "35.05.12"),
    ("desa Plumpungredjo jalan rusak", "35.05.04.2008"),
    ("desa tersebut sedang gelap", ""),
    # streets, rivers and directions are called after places
    ("Jl. Tlogo No 5 gelap", ""),
    ("bis jurusan Srengat ngebut", ""),
    ("sungai Kaulon meluap", ""),
    # the office written to, when the text names nothing
    ("Yth. Kecamatan Garum, jalan rusak", "35.05.11"),
    ("Yth. Kecamatan Garum, jalan desa Tlogo rusak", TLOGO),
    # a neighbour's kecamatan
    ("kecamatan Ngunut banjir", "35.04.11"),
]


@pytest.mark.parametrize(("text", "kode"), CASES)
def test_places(understand: Understand, text: str, kode: str) -> None:
    assert understand(text).wilayah.kode == kode


def test_names_of_all_levels(understand: Understand) -> None:
    found = understand("desa Tlogo kec Kanigoro").wilayah
    assert (found.kabupaten_kota, found.kecamatan, found.kelurahan_desa) == (
        "Kabupaten Blitar", "Kanigoro", "Tlogo",
    )  # fmt: skip
    assert found.lat == pytest.approx(-8.1, abs=0.2)
    assert found.evidence == "desa tlogo; kec kanigoro"


def test_shared_name_keeps_its_rivals(understand: Understand) -> None:
    found = understand("desa Sukorejo gelap").wilayah
    assert {rival.kode for rival in found.rivals} >= {"35.05.02.2009", "35.05.20.2006"}
    assert found.confidence < 0.5


def test_contradiction_stays_at_the_kecamatan(understand: Understand) -> None:
    found = understand("desa Tlogo kecamatan Kademangan").wilayah
    assert (found.kode, [rival.kode for rival in found.rivals]) == ("35.05.04", [TLOGO])


def test_a_pin_finds_the_nearest_desa(understand: Understand) -> None:
    near = understand("", lat=-8.1279, lon=112.2182).wilayah
    assert (near.kode, near.evidence, near.lat) == (KEL_KANIGORO, "pin", -8.1279)


def test_a_named_desa_near_the_pin_wins(understand: Understand) -> None:
    assert understand("desa Satreyan", lat=-8.1279, lon=112.2182).wilayah.kelurahan_desa == (
        "Satreyan"
    )


def test_a_far_pin_keeps_its_position_only(understand: Understand) -> None:
    far = understand("", lat=-6.2, lon=106.8).wilayah
    assert (far.kode, far.lat, far.lon) == ("", -6.2, 106.8)
