"""What tests/conftest.py makes of a suite whose program is missing, seen in a pytest of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SUITE = """
import pytest
from core.log import get_logger

def test_runs(): pass

def test_needs_chromium(): pytest.skip("chromium tidak ada: sudo apt-get install -y chromium")

@pytest.mark.skipif(True, reason="Kafka belum diambil: make kafka")
def test_needs_kafka(): pass

def test_has_no_vectors(): pytest.skip("tidak ada: letakkan ../shared/oracles di samping folder")

def test_is_not_for_this_machine(): pytest.skip("only on a big-endian machine")
"""
WHOLE = """
import pytest
pytest.skip("dovecot tidak ada: sudo apt-get install -y dovecot-imapd", allow_module_level=True)
"""
LOUD = """
from core.log import get_logger

def test_logs_what_a_citizen_wrote(): get_logger().info("message_accepted", text="rahasia")
"""


def run(folder: Path, ci: str, **files: str) -> tuple[int, str]:
    """Run pytest over some files beside a copy of our conftest; return its code and words."""
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "."]
    done = subprocess.run(
        [*command, "-c", os.devnull],
        cwd=folder, env=os.environ | {"CI": ci}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_is_said_in_one_line_each_with_the_command(tmp_path: Path) -> None:
    code, said = run(tmp_path, "", test_a=SUITE, test_b=WHOLE)
    assert code == 0
    assert [line for line in said.splitlines() if line.startswith("Tidak dijalankan")] == [
        "Tidak dijalankan: test_a.py (1). Kafka belum diambil: make kafka",
        "Tidak dijalankan: test_a.py (1). chromium tidak ada: sudo apt-get install -y chromium",
        "Tidak dijalankan: test_b.py (1). dovecot tidak ada: sudo apt-get install -y dovecot-imapd",
        "Tidak dijalankan: test_a.py (1). tidak ada: letakkan ../shared/oracles di samping folder",
    ]


@pytest.mark.parametrize("suite", [SUITE, WHOLE])
def test_fails_in_ci(tmp_path: Path, suite: str) -> None:
    code, said = run(tmp_path, "true", test_a=suite)
    assert code != 0
    assert "apt-get install" in said


def test_a_skip_for_another_reason_stays_a_skip_in_ci(tmp_path: Path) -> None:
    plain = "import pytest\ndef test_a(): pytest.skip('no oracles')\ndef test_b(): pass\n"
    assert run(tmp_path, "true", test_a=plain)[0] == 0


def test_a_log_field_off_the_list_fails(tmp_path: Path) -> None:
    code, said = run(tmp_path, "", test_a=LOUD)
    assert code == 1
    assert "FieldNotAllowed" in said
