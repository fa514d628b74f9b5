"""`kanal sql`: the forms of an answer, and what comes from a pipe."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.bus import Batch
from core.clock import FrozenClock
from sink import Sink
from tests.sink.sink_makers import START, TENANT, complaint, entry, heads

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    made = Sink(
        folder, {TENANT: ZoneInfo("Asia/Jakarta")}, {TENANT: b"analysts"}, FrozenClock(START)
    )
    text = "judul\x1b[2J\r\nbaris kedua\x07"
    records = [entry(complaint(n, text_masked=text), n) for n in range(2)]
    made.handle(Batch(records, {}, heads(records)))
    made.maybe_publish(START.replace(year=2027))
    made.close()
    return folder


def asked(data: Path, *words: str, given: str = "") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "gateway", "sql", *words, "--data", str(data)]
    return subprocess.run(command, check=False, input=given.encode(), capture_output=True, cwd=ROOT)


def test_two_columns_of_one_name_both_stand(data: Path) -> None:
    query = "select 1 as id, 2 as id, 'tiga' as nama"
    assert json.loads(asked(data, query, "--format", "json").stdout) == {
        "id": 1, "id_1": 2, "nama": "tiga",
    }  # fmt: skip
    rows = list(csv.reader(io.StringIO(asked(data, query, "--format", "csv").stdout.decode())))
    assert rows[1] == ["1", "2", "tiga"]
    shown = asked(data, query).stdout.decode()
    assert all(part in shown for part in ("1", "2", "tiga", "1 baris"))


def test_a_citizen_cannot_steer_the_terminal(data: Path) -> None:
    told = asked(data, "select text from complaints")
    assert told.returncode == 0, told.stderr
    shown = told.stdout
    assert b"judul" in shown
    assert b"baris kedua" in shown
    assert not {0x1B, 0x07, 0x0D} & set(shown)


def test_a_pipe_brings_statements_and_gets_answers_only(data: Path) -> None:
    told = asked(data, "--format", "csv", given="select 1 as a;\nselect\n2 as b")
    assert (told.returncode, told.stdout) == (0, b'"a"\n1\n"b"\n2\n')
    assert told.stderr == b""


def test_a_wrong_statement_in_a_pipe_ends_it(data: Path) -> None:
    told = asked(data, "--format", "csv", given="select salah;\nselect 1 as a;\n")
    assert told.returncode == 1
    assert told.stdout == b""
    assert told.stderr.startswith(b"kanal: ")
