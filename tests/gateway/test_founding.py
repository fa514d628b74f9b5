"""`kanal init` for any regency: what it writes can be loaded at once, and it spoils nothing."""

import csv
import json
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.settings import load
from gateway import wiring
from gateway.explaining import Asked, steps
from gateway.founding import found, zone_of
from gateway.lines import normalize_lines


@pytest.mark.parametrize(
    ("kode", "name", "zone", "prefix"),
    [
        ("35.05", "kab-blitar", "Asia/Jakarta", "BLT"),
        ("33.74", "kota-semarang", "Asia/Jakarta", "SMR"),
        ("64.72", "kota-samarinda", "Asia/Makassar", "SMR"),
        ("91.03", "jayapura", "Asia/Jayapura", "JYP"),
    ],
)
def test_a_founded_office_works(
    tmp_path: Path, kode: str, name: str, zone: str, prefix: str
) -> None:
    files = found(kode, name, tmp_path / "config")
    settings = load(tmp_path / "config", tmp_path)
    office = settings.tenants[name]
    assert f"tenants/{name}/opd.toml" in files
    assert (office.wilayah_kode, office.zone, office.ticket_prefix) == (kode, zone, prefix)
    running = {key[1] for key, c in wiring.channels(settings).items() if c.running}
    assert running == {"call112", "desk", "radio", "sp4n", "tiktok"}
    (line,) = normalize_lines(
        settings, [json.dumps({"channel": "desk", "text": "lampu jalan mati"})]
    )
    assert (json.loads(line)["kategori"], json.loads(line)["opd_suggested"]) == ("pju", "Dishub")


def test_the_areas_are_listed(tmp_path: Path) -> None:
    found("35.72", "kota-blitar", tmp_path)
    text = (tmp_path / "tenants/kota-blitar/wilayah.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 3 + 21
    assert not (tmp_path / "tenants" / "kab-blitar").exists()


@pytest.mark.parametrize(
    ("kode", "name", "sentence"),
    [
        ("35.99", "kota-x", r"35\.99"),
        ("35", "kota-x", "kode kabupaten/kota"),
        ("35.05", "Kab Blitar", "huruf kecil"),
    ],
)
def test_a_mistake_writes_nothing(tmp_path: Path, kode: str, name: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        found(kode, name, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("punya orang")
    with pytest.raises(ConfigError, match="bukan folder kosong"):
        found("35.05", "kab-blitar", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["gateway.toml"]


@pytest.mark.parametrize(
    ("kode", "zone"),
    [("63.71", "Asia/Makassar"), ("61.71", "Asia/Jakarta"), ("81.71", "Asia/Jayapura")],
)
def test_zones(kode: str, zone: str) -> None:
    assert zone_of(kode) == zone


def test_explain_tells_every_step(tmp_path: Path) -> None:
    found("35.05", "kab-blitar", tmp_path / "config")
    settings = load(tmp_path / "config", tmp_path)
    told = "\n".join(steps(settings, Asked("dalan bolong di desa Tlogo, hub 0812-0000-1234")))
    for part in ("TELP 1", "kategori = jalan_rusak", "desa tlogo", "opd_suggested = DPUPR", "r1-"):
        assert part in told
    assert "0812" not in told
