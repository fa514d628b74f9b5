"""`kanal new-channel`: the folder of a channel to be filled in, and its place in the registry."""

import keyword
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template

from core.errors import ConfigError

ROOT = Path(__file__).parents[1]
MODES = ("push", "pull", "import")
# What is to be filled in; the contract suite accepts no channel in which it still stands.
MARK = "LENGKAPI"
_TEMPLATES = Path(__file__).parent / "templates" / "channel"
_PROTOCOLS = {"push": "Push", "pull": "Pull", "import": "Importer"}
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 30
_IMPORTS = re.compile(r"(?<=^from connectors import \(\n)(?:    \w+,\n)+", re.MULTILINE)
_ENTRIES = re.compile(r"(?:^        \w+\.SPEC,\n)+", re.MULTILINE)


def new_channel(name: str, mode: str, root: Path = ROOT) -> list[str]:
    """Write the folder and its entry. Raises ConfigError, and then nothing has been written."""
    folder, registry = root / "connectors" / name, root / "connectors" / "__init__.py"
    _check(name, mode, folder)
    if not (root / "tests" / "contract").is_dir() or not registry.is_file():
        raise ConfigError(
            f"{root}: bukan salinan kode sumber; ambil dengan git clone lalu ulangi di sana"
        )
    entered = _entered(registry.read_text(encoding="utf-8"), name)
    texts = dict(_files(name, mode))
    try:
        (folder / "samples").mkdir(parents=True)
        for file, text in texts.items():
            (folder / file).write_text(text, encoding="utf-8")
        registry.write_text(entered, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{folder}: tidak dapat ditulis ({error.strerror})") from error
    return [f"connectors/{name}/{file}" for file in texts]


def _check(name: str, mode: str, folder: Path) -> None:
    if mode not in MODES:
        raise ConfigError(f"--mode {mode!r}: salah satu dari {', '.join(MODES)}")
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise ConfigError(
            f"nama kanal {name!r}: huruf kecil dan angka, kata dipisah satu garis bawah, "
            f"diawali huruf, paling panjang {_LONGEST}; mis. pesan_warga"
        )
    if keyword.iskeyword(name) or name == "samples":
        raise ConfigError(f"nama kanal {name!r} sudah berarti lain di Python; pilih nama lain")
    if folder.exists() or folder.with_suffix(".py").exists():
        raise ConfigError(f"kanal {name!r} sudah ada di {folder}; tidak ada yang diubah")


def _entered(registry: str, name: str) -> str:
    """Add one import and one entry to the registry."""
    imports, entries = _IMPORTS.search(registry), _ENTRIES.search(registry)
    if not imports or not entries or f"    {name},\n" in imports[0]:
        raise ConfigError(
            f"connectors/__init__.py: daftar kanal tidak dikenali atau sudah memuat {name!r}; "
            "tidak ada yang diubah"
        )
    names = sorted([*imports[0].splitlines(), f"    {name},"])
    registry = registry.replace(entries[0], f"{entries[0]}        {name}.SPEC,\n")
    return registry.replace(imports[0], "\n".join(names) + "\n")


def _files(name: str, mode: str) -> Iterator[tuple[str, str]]:
    class_name = "".join(word.capitalize() for word in name.split("_"))
    words = {"name": name, "mode": mode, "class_name": class_name, "protocol": _PROTOCOLS[mode]}
    yield "__init__.py", _filled("init.import" if mode == "import" else "init.keyed", words)
    yield "connector.py", _filled(f"connector.{mode}", words)
    yield "README.md", _filled("README.md", words)
    yield "samples/malformed.json", _filled("sample.malformed", words)
    yield "samples/text.json", _filled(f"sample.text.{mode}", words)


def _filled(template: str, words: Mapping[str, str]) -> str:
    return Template((_TEMPLATES / f"{template}.tmpl").read_text("utf-8")).substitute(words)


def next_steps(name: str) -> str:
    """Say what is to be done now, in sentences."""
    return f"""\
Kanal {name} sudah terdaftar di connectors/__init__.py, dan tesnya gagal sampai ia selesai.
Langkah berikutnya (contoh lengkapnya di docs/add-a-channel.md):
1. Kumpulkan kiriman asli penyedia dan ganti setiap nama, nomor, dan kata warga di dalamnya.
2. Isi setiap tempat bertanda {MARK} di connectors/{name}/: grep -rn {MARK} connectors/{name}
3. Simpan paling sedikit lima contoh di connectors/{name}/samples/, jalankan make golden, dan baca
   apakah yang tertulis di *.expected.json memang yang Anda harapkan.
4. Jalankan make test ARGS="tests/contract/test_channels.py -k {name}" sampai hijau.
5. Tulis satu baris **{name}** di CHANGELOG.md, jalankan make reference, lalu make check test."""
