"""What some suites need beside Python; a missing one is said at the end, and fails in CI."""

import shutil
from pathlib import Path

import pytest

_ORACLES = Path(__file__).parents[2] / "shared" / "oracles"


def program(name: str, package: str) -> str:
    """Return the program's path, or skip the test with the command that brings it."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} tidak ada: sudo apt-get install -y {package}")
    return found


def oracle(*parts: str) -> Path:
    """Return a collected file of a provider's, or skip the test: a clone alone has none."""
    path = _ORACLES.joinpath(*parts)
    if not path.exists():
        pytest.skip("contoh penyedia tidak ada: letakkan ../shared/oracles di samping folder ini")
    return path
