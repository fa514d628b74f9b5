"""A short seeded slice of the fault suite (make faults), its controls, and its own arithmetic."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.faults import ROWS
from bench.figures import Figures, Row, Terms, line, measured, stands, verdict
from bench.load import form_of, request_of, sid_of, sign
from tests import needs
from tests.gateway.house import TOKEN, sender, sms

ROOT = Path(__file__).parents[2]
SEED = 20261125
# Rows that need seconds; 3 is test_kills.py, 18 needs minutes, 10 and 15 are for `make faults`.
SLICE = ("1", "1a", "2", "2a", "8", "9", "11a", "13", "16", "16a", "20")
BY_STRACE = ("2", "9")


@pytest.mark.slow
@pytest.mark.parametrize("number", SLICE)
def test_a_row_stands(number: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if number in BY_STRACE:
        needs.program("strace", "strace")
    row = next(r for r in ROWS if (r.number, r.mode) == (number, "embedded"))
    terms = Terms(SEED, "small", tmp_path)
    found, wall = measured(row, terms)
    with capsys.disabled():
        print("\n" + line(row, terms, found, wall), end="")
    assert stands(row, found), verdict(row, found)


@pytest.mark.parametrize(
    ("accepted", "stored", "verdict_"),
    [
        (["a", "b"], ["a", "b"], "ok"),
        (["a", "b"], ["a"], "BROKEN: lost 1"),
        (["a"], ["a", "a"], "BROKEN: doubled 1"),
        (["a"], ["a", "b"], "BROKEN: invented 1"),
    ],
)
def test_what_is_not_as_accepted_breaks_a_row(
    tmp_path: Path, accepted: list[str], stored: list[str], verdict_: str
) -> None:
    def run(_terms: Terms) -> Figures:
        found = Figures()
        found.compare(accepted, stored)
        return found

    for control in (False, True):
        row = Row("0", "contoh", "embedded", run, control)
        found, _ = measured(row, Terms(1, "small", tmp_path))
        assert stands(row, found) == ((verdict_ == "ok") != control)
    assert verdict(Row("0", "contoh", "embedded", run), found) == verdict_


def test_a_row_that_ends_in_an_error_is_broken(tmp_path: Path) -> None:
    def run(_terms: Terms) -> Figures:
        raise RuntimeError("strace is missing")

    row = Row("0", "contoh", "embedded", run)
    found, _ = measured(row, Terms(1, "small", tmp_path))
    assert verdict(row, found) == "BROKEN: RuntimeError: strace is missing"


def test_the_fast_signature_is_the_providers() -> None:
    base = "http://127.0.0.1:8080"
    form = form_of(7, sid_of(7))
    _, headers, _ = sms(base, form["Body"], form["MessageSid"], TOKEN)
    own = {
        "AccountSid": form["AccountSid"], "Body": form["Body"],
        "From": sender(form["MessageSid"]),
        "MessageSid": form["MessageSid"], "NumMedia": "0", "SmsStatus": "received", "To": "1708",
        "ToCity": "",
    }  # fmt: skip
    assert sign(base, own) == headers["x-twilio-signature"]
    assert sign(base, form).encode() in request_of(base, form)


def test_rows_are_chosen_by_their_numbers_and_bring_their_controls() -> None:
    asked = [sys.executable, "bench/faults.py", "--scale", "small", "--rows"]
    done = subprocess.run([*asked, "16a"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.splitlines()
    assert re.search(r"^ 16a control: no event id .*seed=1708 .*FAILS AS IT MUST$", first)
    assert last == "1 rows, 0 broken, seed=1708 scale=small"
    none = subprocess.run([*asked, "99"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert none.returncode == 1
