"""`kanal init`: a ready configuration for any of the 514 kabupaten and kota."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from connectors import CHANNELS
from core.connector import ChannelSpec
from core.errors import ConfigError
from normalizer.files import Files
from normalizer.gazetteer import Place, read_areas

SOURCE = Path(__file__).parents[1] / "config"
_TEMPLATE = "awal"
_TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_KODE = re.compile(r"\d{2}\.\d{2}")
_PREFIX = 3
# The office's zone by the first digits of its code: WIB, unless its province lies further east.
_WITA = ("51", "52", "53", "63", "64", "65", "7")
_WIT = ("81", "82", "9")


def found(wilayah: str, tenant: str, target: Path) -> list[str]:
    """Write the configuration and return its files. Raises ConfigError and then writes nothing."""
    if not _TENANT.fullmatch(tenant):
        raise ConfigError(f"--tenant {tenant!r}: huruf kecil, angka dan tanda hubung saja")
    if not _KODE.fullmatch(wilayah):
        raise ConfigError(f"--wilayah {wilayah!r}: kode kabupaten/kota, mis. 35.05")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"{target}: bukan folder kosong; tidak ada yang diubah")
    areas = read_areas(Files(SOURCE), wilayah)
    shutil.copytree(SOURCE, target, ignore=_not_rules, dirs_exist_ok=True)
    folder = target / "tenants" / tenant
    folder.mkdir(parents=True)
    written = {
        "tenant.toml": "\n".join(_tenant(areas[0], tenant)),
        "wilayah.csv": "\n".join(_areas(areas)),
        "landmarks.csv": "nama,wilayah_kode,status",
    }
    for name, text in written.items():
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    for name in ("opd.toml", "routing.toml"):
        shutil.copyfile(SOURCE / _TEMPLATE / name, folder / name)
    return sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file())


def _not_rules(_: str, names: list[str]) -> set[str]:
    """Leave other offices behind: their words are not this one's."""
    return {name for name in names if name in ("tenants", _TEMPLATE, "pelajaran")}


def _areas(areas: list[Place]) -> Iterator[str]:
    yield "kode,nama,nama_lain"
    for place in areas[1:]:
        yield f"{place.kode},{place.nama},"


def _tenant(home: Place, tenant: str) -> Iterator[str]:
    office = f"Pemerintah {home.nama}"
    yield f"# Kantor: {home.nama} ({home.kode}). Dibuat oleh kanal init; periksa setiap baris."
    yield ""
    yield f"office = {_quoted(office)}"
    yield f"product = {_quoted(f'Pengaduan {home.nama}')}"
    yield f"wilayah_kode = {_quoted(home.kode)}"
    yield f"zone = {_quoted(zone_of(home.kode))}"
    yield f"ticket_prefix = {_quoted(_ticket_prefix(tenant))}"
    yield ""
    yield "# Kanal yang dijalankan: yang tidak memerlukan kunci. Yang lain ditambah di sini, dan"
    yield "# kuncinya hanya lewat lingkungan (.env.example)."
    for spec in keyless():
        yield f"[channels.{spec.name}]"
    yield ""
    yield "# Formulir publik baru boleh dibuka dengan dasar hukum (KepmenPANRB 680/2020); tulis"
    yield "# peraturannya lalu hapus tanda pagar. Lihat docs/decisions tentang kanal web."
    yield "# [channels.web]"
    yield "# enabled = true"
    yield '# dasar_hukum = "..."'


def zone_of(kode: str) -> str:
    """Return the zone of an area by its province."""
    if kode.startswith(_WIT):
        return "Asia/Jayapura"
    return "Asia/Makassar" if kode.startswith(_WITA) else "Asia/Jakarta"


def _ticket_prefix(tenant: str) -> str:
    """Make three capitals of a name: kab-blitar becomes BLT."""
    name = re.sub(r"[^a-z]", "", tenant.removeprefix("kab-").removeprefix("kota-"))
    consonants = name[:1] + re.sub(r"[aeiou]", "", name[1:])
    return (consonants + name[1:] + "KNL")[:_PREFIX].upper()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def keyless() -> list[ChannelSpec]:
    """Return the channels that run without any key."""
    return [spec for spec in CHANNELS.values() if not spec.required and spec.name != "web"]
