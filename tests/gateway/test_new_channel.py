"""`kanal new-channel` in a copy of the source, and docs/add-a-channel.md followed to the letter."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import ConfigError
from gateway import scaffold

ROOT = Path(__file__).parents[2]
DOC = ROOT / "docs" / "add-a-channel.md"
CONTRACT = "tests/contract/test_channels.py"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a channel touches; the command works on the source it stands in."""
    made = tmp_path / "kanal"
    for name in ("core", "connectors", "gateway", "tests/contract"):
        shutil.copytree(ROOT / name, made / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "tests/conftest.py", "tests/golden.py"):
        shutil.copyfile(ROOT / name, made / name)
    return made


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """No more of it than the command looks at."""
    made = tmp_path / "kanal"
    (made / "tests" / "contract").mkdir(parents=True)
    (made / "connectors" / "sms").mkdir(parents=True)
    shutil.copyfile(ROOT / "connectors/__init__.py", made / "connectors/__init__.py")
    return made


def python(checkout: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args], cwd=checkout, capture_output=True, text=True, check=False
    )


def contract(checkout: Path, channel: str) -> "subprocess.CompletedProcess[str]":
    return python(checkout, "-m", "pytest", "-p", "no:cacheprovider", CONTRACT, "-k", channel)


def test_a_new_folder_fails_until_it_is_filled_in(checkout: Path) -> None:
    made = python(checkout, "-m", "gateway", "new-channel", "kios")
    assert made.returncode == 0, made.stderr
    written = [line for line in made.stdout.splitlines() if line.startswith("connectors/kios/")]
    assert sorted(written) == sorted(
        str(p.relative_to(checkout)) for p in (checkout / "connectors/kios").rglob("*.*")
    )
    assert "Langkah berikutnya" in made.stdout
    done = contract(checkout, "kios")
    assert done.returncode == 1
    assert "test_nothing_of_the_scaffold_is_left_to_fill_in[kios]" in done.stdout
    assert " errors" not in done.stdout.splitlines()[-1]


def test_the_page_followed_word_by_word_makes_a_channel(checkout: Path) -> None:
    scaffold.new_channel("kios", "push", checkout)
    blocks = re.findall(r"^```\w+ (connectors/\S+)\n(.*?)^```$", DOC.read_text(), re.M | re.S)
    assert len(blocks) == 8
    for file, text in blocks:
        (checkout / file).write_text(text)
    golden = python(checkout, "tests/golden.py")
    assert golden.returncode == 0, golden.stderr
    assert {Path(line).parts[1] for line in golden.stdout.splitlines()} == {"kios"}
    done = contract(checkout, "kios")
    assert done.returncode == 0, done.stdout
    linted = python(checkout, "-m", "ruff", "check", "--no-cache", "connectors")
    assert linted.returncode == 0, linted.stdout


def test_every_template_is_sound_python_and_marked(bare: Path) -> None:
    for mode in scaffold.MODES:
        for name in scaffold.new_channel(f"loket_{mode}", mode, bare):
            text = (bare / name).read_text()
            assert scaffold.MARK in text, name
            assert "$" not in text, name
    shutil.copyfile(ROOT / "pyproject.toml", bare / "pyproject.toml")
    for command in ("check", "format --check"):
        done = python(bare, "-m", "ruff", *command.split(), "--no-cache", "connectors")
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "mode", "words"),
    [
        ("Kios", "push", "huruf kecil"), ("kios-desa", "push", "huruf kecil"),
        ("../kios", "push", "huruf kecil"), ("1708", "push", "huruf kecil"),
        ("_kios", "push", "huruf kecil"), ("kios_", "push", "huruf kecil"),
        ("", "push", "huruf kecil"), ("k" * 31, "push", "paling panjang 30"),
        ("kíos", "push", "huruf kecil"), ("kios\n", "push", "huruf kecil"),
        ("class", "push", "Python"), ("sms", "push", "sudah ada"), ("kios", "poll", "--mode"),
    ],
)  # fmt: skip
def test_bad_input_writes_nothing(bare: Path, name: str, mode: str, words: str) -> None:
    before = {p: p.stat().st_mtime_ns for p in bare.rglob("*")}
    with pytest.raises(ConfigError, match=words) as refused:
        scaffold.new_channel(name, mode, bare)
    assert refused.value.exit_code == 2
    assert {p: p.stat().st_mtime_ns for p in bare.rglob("*")} == before


def test_where_there_is_no_source_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="git clone"):
        scaffold.new_channel("kios", "push", tmp_path)


def test_a_registry_it_does_not_know_is_left_alone(bare: Path) -> None:
    registry = bare / "connectors" / "__init__.py"
    registry.write_text("CHANNELS = {}\n")
    with pytest.raises(ConfigError, match="tidak dikenali"):
        scaffold.new_channel("kios", "push", bare)
    assert not (bare / "connectors" / "kios").exists()
    assert registry.read_text() == "CHANNELS = {}\n"
