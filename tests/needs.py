"""Programs that some suites need: a missing one is said at the end, and fails with CI=true."""

import shutil

import pytest


def program(name: str, package: str) -> str:
    """Return the program's path, or skip the test with the command that brings it."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} tidak ada: sudo apt-get install -y {package}")
    return found
