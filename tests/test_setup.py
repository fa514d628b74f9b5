"""What .ci/venv does on a machine without Python, with one, and the second time."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Stands in for python3 and for .venv/bin/python: writes down what pip is asked, makes the venv.
STAND_IN = """#!/bin/bash
case "$*" in
  *version_info*) exit ${OLD:-0} ;;
  *ensurepip*) exit ${NO_VENV:-0} ;;
  "-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  "-m pip --version") ;;
  "-m pip install"*) echo "${*:4}" >>pip.log; exit ${PIP_FAILS:-0} ;;
  -VV) echo "Python 3.11.2" ;;
  *) echo "unexpected: $*" >&2; exit 99 ;;
esac
"""
Setup = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """Run .ci/venv in a tree of its own; what is named is laid into the environment."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "venv", tmp_path / ".ci")
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        (tmp_path / name).write_text(f"{name}==1\n")
    python = tmp_path / "python3"
    python.write_text(STAND_IN)
    python.chmod(0o755)

    def run(lock: str = "requirements.lock", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [tmp_path / ".ci" / "venv", lock],
            env=os.environ | {"PYTHON": str(python)} | more,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


def asked(folder: Path) -> list[str]:
    """Return what pip was asked, and forget it."""
    log = folder / "pip.log"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def test_installs_with_hashes_and_then_the_project(setup: Setup, tmp_path: Path) -> None:
    assert setup().returncode == 0
    lock, project = asked(tmp_path)
    assert lock.endswith("--require-hashes -r requirements.lock")
    assert project.endswith("--no-deps --no-build-isolation --editable .")


def test_the_second_start_installs_nothing(setup: Setup, tmp_path: Path) -> None:
    setup()
    asked(tmp_path)
    second = setup()
    assert (second.returncode, second.stdout + second.stderr) == (0, "")
    assert asked(tmp_path) == []


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_is_installed(setup: Setup, tmp_path: Path, changed: str) -> None:
    setup()
    asked(tmp_path)
    (tmp_path / changed).write_text("other==2\n")
    assert setup().returncode == 0
    assert len(asked(tmp_path)) == 2


def test_the_development_lock_serves_both(setup: Setup, tmp_path: Path) -> None:
    setup("requirements-dev.lock")
    asked(tmp_path)
    setup("requirements.lock")
    assert asked(tmp_path) == []


def test_the_smaller_lock_does_not_stand_for_the_larger(setup: Setup, tmp_path: Path) -> None:
    setup("requirements.lock")
    asked(tmp_path)
    setup("requirements-dev.lock")
    assert "requirements-dev.lock" in asked(tmp_path)[0]


def test_a_broken_installation_is_taken_up_again(setup: Setup, tmp_path: Path) -> None:
    failed = setup(PIP_FAILS="1")
    assert failed.returncode != 0
    assert "ulangi perintah yang sama" in failed.stderr
    asked(tmp_path)
    assert setup().returncode == 0
    assert len(asked(tmp_path)) == 2


def test_a_moved_checkout_is_installed_anew(setup: Setup, tmp_path: Path) -> None:
    setup()
    moved = tmp_path / "moved"
    shutil.copytree(tmp_path, moved, ignore=shutil.ignore_patterns("moved", "pip.log"))
    subprocess.run([moved / ".ci" / "venv", "requirements.lock"], check=True, capture_output=True)
    assert len(asked(moved)) == 2


@pytest.mark.parametrize(
    "missing",
    [{"OLD": "1"}, {"NO_VENV": "1"}, {"PYTHON": "no-such-python"}],
    ids=["python too old", "no venv module", "no python"],
)
def test_what_is_missing_is_one_line_with_the_command(
    setup: Setup, tmp_path: Path, missing: dict[str, str]
) -> None:
    done = setup(**missing)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "sudo apt-get install -y" in line
    assert "python3-venv" in line
    assert asked(tmp_path) == []
    assert not (tmp_path / ".venv").exists()
