"""The structure of two real exports (texts and numbers masked): every column and value is read."""

import csv
import json
from pathlib import Path

from tests.connectors.sp4n_export import one, read, reports, sp4n
from tests.needs import oracle

ONE = next(iter(reports(1)))


def test_the_masked_rows_of_a_real_export_are_read(tmp_path: Path) -> None:
    masked = oracle("sp4n-lapor", "laporan-ringkas.structure-masked.csv")
    good, bad = read(masked)
    assert bad == []
    with masked.open(newline="") as file:
        rows = list(csv.reader(file))[11:]
    assert len(good) == len(rows) == 12
    messages = [message for raw in good for message in sp4n().parse(raw)]
    assert [f"{m.occurred_at:%-d %b %Y %H:%M:%S}" for m in messages if m.occurred_at] == [
        f"{row[1]} {row[2]}" for row in rows
    ]
    assert [m.rahasia for m in messages] == ["Rahasia" in row[9] for row in rows]
    assert [m.anonim for m in messages] == ["Anonim" in row[9] for row in rows]
    assert {m.given["status"] for m in messages} == {row[13] for row in rows}


def test_every_column_and_value_that_was_counted_is_understood(tmp_path: Path) -> None:
    profile = json.loads(oracle("sp4n-lapor", "laporan-ringkas.profile.json").read_text())
    files = [part for part in profile.values() if "columns" in part]
    assert len(files) == 2
    for number, part in enumerate(files):
        row = dict.fromkeys(part["columns"], "x") | dict(ONE)
        path = tmp_path / f"{number}.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([part["columns"], [row[n] for n in part["columns"]]])
        ((raw,), bad) = read(path)
        assert (bad, len(json.loads(raw.body))) == ([], len([n for n in part["columns"] if row[n]]))
        for tipe in part["Tipe Laporan (Anonim/Rahasia)"]:
            word = "" if tipe == "None" else tipe
            _, message = one(path, {**ONE, "Tipe Laporan (Anonim/Rahasia)": word})
            assert message.anonim == ("Anonim" in word)
            assert message.rahasia == ("Rahasia" in word)
