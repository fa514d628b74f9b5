"""The arrows of the house: import-linter holds them; each contract is broken here on purpose."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINTER = Path(sys.executable).with_name("lint-imports")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
PACKAGES: list[str] = SETTINGS["root_packages"]

# (file, what it imports) -> the contract that must break, and no other
VIOLATIONS = [
    ("core/wrong.py", "import sink", "house"),
    ("core/wrong.py", "from gateway import wiring", "house"),
    ("normalizer/wrong.py", "from dedup import policy", "house"),
    ("sink/wrong.py", "def late() -> None:\n    import connectors", "house"),
    ("dedup/wrong.py", "import gateway", "house"),
    ("dashboard/wrong.py", "from sink import store", "reader"),
    ("dashboard/wrong.py", "import normalizer", "reader"),
    ("connectors/sms/wrong.py", "from connectors import radio", "channels"),
    ("connectors/radio/wrong.py", "from connectors.sms.connector import Sms", "channels"),
    ("gateway/wrong.py", "import aiokafka", "kafka"),
    ("sink/wrong.py", "import sqlite3", "sqlite"),
    ("core/wrong.py", "import apsw", "sqlite"),
    ("gateway/wrong.py", "import duckdb", "duckdb"),
    ("gateway/wrong.py", "import streamlit", "streamlit"),
    ("gateway/wrong.py", "from dashboard import app", "streamlit"),
]

# What one file pattern alone may name; finer than a contract can say.
FENCES = {
    "aiokafka": "core/bus/kafka*.py",
    "apsw": "core/bus/embedded*.py",
    "duckdb": "sink/*.py",
    "streamlit": "dashboard/*",
    "os.environ": "core/settings.py",
    "os.getenv": "core/settings.py",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages alone, to be spoilt."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    return folder


def broken(folder: Path) -> set[str]:
    """Return the ids of the contracts that a tree breaks."""
    done = subprocess.run(
        [LINTER, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )
    said = set(re.findall(r"^(.+?) BROKEN", done.stdout, re.MULTILINE))
    found = {c["id"] for c in SETTINGS["contracts"] if c["name"] in said}
    assert bool(found) == bool(done.returncode), done.stdout + done.stderr
    return found


def test_every_arrow_is_kept(copy: Path) -> None:
    assert broken(copy) == set()


@pytest.mark.parametrize(("file", "line", "contract"), VIOLATIONS)
def test_a_deliberate_violation_fails(copy: Path, file: str, line: str, contract: str) -> None:
    wrong = copy / file
    wrong.write_text(line + "\n")
    try:
        assert broken(copy) == {contract}
    finally:
        wrong.unlink()


def test_every_contract_is_broken_by_some_violation() -> None:
    assert {c for *_, c in VIOLATIONS} == {c["id"] for c in SETTINGS["contracts"]}


@pytest.mark.parametrize(("name", "pattern"), FENCES.items())
def test_only_its_room_names(name: str, pattern: str) -> None:
    files = [f.relative_to(ROOT) for p in PACKAGES for f in sorted((ROOT / p).rglob("*.py"))]
    users = {str(f) for f in files if name in names(ROOT / f)}
    assert {f for f in users if not fnmatch(f, pattern)} == set()


def names(path: Path) -> set[str]:
    """Return what a file imports, and every `module.name` it writes."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import():
                found |= {alias.name.partition(".")[0] for alias in node.names}
            case ast.ImportFrom(module=str(module), level=0):
                found.add(module.partition(".")[0])
                found |= {f"{module}.{alias.name}" for alias in node.names}
            case ast.Attribute(value=ast.Name(id=module), attr=attr):
                found.add(f"{module}.{attr}")
    return found
