"""The rule files: complete, and a mistake in one is named with its file and place."""

import csv
import gzip
import shutil
import tomllib
from pathlib import Path

import pytest

from core.errors import ConfigError
from normalizer import Rules

TENANT = "kab-blitar"
CODES = 28


@pytest.fixture
def own(config_dir: Path, tmp_path: Path) -> Path:
    """A copy of the configuration that a test may spoil."""
    return Path(shutil.copytree(config_dir, tmp_path / "config"))


def load(config: Path, kode: str = "35.05") -> Rules:
    return Rules.load(config, TENANT, kode)


def test_all_28_codes_have_an_opd_of_the_office(rules: Rules, config_dir: Path) -> None:
    folder = config_dir / "tenants" / TENANT
    routing = tomllib.loads((folder / "routing.toml").read_text())
    offices = tomllib.loads((folder / "opd.toml").read_text())["opd"]
    assert len(rules.kategori) == CODES
    assert set(routing["kategori"]) == set(rules.kategori)
    assert {kategori.opd for kategori in rules.kategori.values()} <= set(offices)


def test_the_version_is_short_and_follows_the_files(rules: Rules, own: Path) -> None:
    assert load(own).version == rules.version
    assert len(rules.version) == len("r1-") + 12
    with (own / "slang.csv").open("a") as slang:
        slang.write("mbuh,tidak tahu\n")
    assert load(own).version != rules.version


def test_the_gazetteer_holds_the_tenant_and_its_namesake(rules: Rules) -> None:
    desa = [place.kode for place in rules.gazetteer.desa]
    assert len([kode for kode in desa if kode.startswith("35.05.")]) == 248
    assert len([kode for kode in desa if kode.startswith("35.72.")]) == 21
    assert {kode[:5] for kode in desa} == {"35.05", "35.72"}


def test_the_gazetteer_is_the_whole_country(config_dir: Path) -> None:
    text = gzip.decompress((config_dir / "wilayah.csv.gz").read_bytes()).decode()
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 91_599
    assert len([row for row in rows if row["level"] == "kabkota"]) == 514


@pytest.mark.parametrize("kode", ["11.01", "31.74", "33.16", "35.77", "97.01"])
def test_any_regency_can_be_loaded(own: Path, kode: str) -> None:
    shutil.rmtree(own / "tenants" / TENANT)
    if kode == "97.01":
        with pytest.raises(ConfigError, match=r"97\.01"):
            load(own, kode)
    else:
        assert load(own, kode).gazetteer.home == kode


MISTAKES = [
    ("categories.toml", "kategori = ]", "line 1"),
    ("categories.toml", '[[kategori]]\nnama = "x"\n', "kode"),
    ("urgency.toml", "high = [3]", "high"),
    ("slang.csv", "kata,baku\nyg\n", "baris 2"),
    ("slang.csv", "kata\n", "baris 1"),
    ("javanese.csv", "kata,arti,penanda\ndalan,jalan,2\n", "baris 2"),
    ("kewenangan.toml", '[[luar]]\nkantor="x"\nkategori="y"\nkata=["z"]\n', "y"),
    ("kata_umum.csv", "kata\na,b\n", "baris 2"),
    ("places.toml", "nama = 3", "nama"),
    ("wilayah.csv.gz", "bukan gzip", "gzip"),
    (f"tenants/{TENANT}/routing.toml", '[kategori]\njalan = "DPUPR"\n', "jalan"),
    (f"tenants/{TENANT}/routing.toml", '[kategori]\npju = "Dinas Lampu"\n', "Dinas Lampu"),
    (f"tenants/{TENANT}/landmarks.csv", "nama,wilayah_kode,status\npasar,99.99,B\n", "baris 2"),
]


@pytest.mark.parametrize(("name", "content", "place"), MISTAKES)
def test_a_mistake_is_named(own: Path, name: str, content: str, place: str) -> None:
    (own / name).write_text(content)
    with pytest.raises(ConfigError) as refusal:
        load(own)
    assert str(own / name) in str(refusal.value)
    assert place in str(refusal.value)


def test_a_missing_file_is_named(own: Path) -> None:
    (own / "flags.toml").unlink()
    with pytest.raises(ConfigError, match=r"flags\.toml: berkas tidak ada"):
        load(own)
