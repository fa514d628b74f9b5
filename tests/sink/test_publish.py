"""What is published: two flavours behind one pointer, and nothing confidential for analysts."""

import json
import re
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from core import ids
from core.bus import Batch, Stored
from core.clock import FrozenClock
from core.schema import Attachment, Explanation, Wilayah
from sink import Sink
from tests.sink.sink_makers import START, TENANT, act, complaint, entry, heads, health, letter, many

LATER = START + timedelta(days=30)

SECRETS = {
    "phone": re.compile(r"(?:\+?62|0)8\d{6,}"),
    "name": re.compile(r"Budi"),
    "confidential": re.compile(r"RAHASIA|suap"),
    "original words": re.compile(r"hubungi 08|gang mawar"),
    "actor": re.compile(r"siti"),
}


def write(sink: Sink, *records: Stored) -> None:
    sink.handle(Batch(list(records), {}, heads(list(records))))


def everything(file: Path) -> str:
    """Read every column of every table of a file as text."""
    con = duckdb.connect(str(file), read_only=True)
    con.execute("SET TimeZone = 'UTC'")
    tables = con.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    text = []
    for (table,) in tables:
        found = con.execute(f"SELECT COLUMNS(*)::VARCHAR FROM {table}").fetchall()
        text += [str(value) for row in found for value in row if value is not None]
    con.close()
    return "\n".join(text)


def talkative() -> Stored:
    """A complaint that carries a phone number or the citizen's words wherever it can."""
    made = complaint(
        900, thread="+6281234567890", permalink="https://wa.me/6281234567890", version="0812345678",
        reply_to="6281234567890", account="6281100002222", given={"pelapor": "Budi 0812345678"},
        attachments=(Attachment(name="Budi 0812345678.jpg"),),
        wilayah=Wilayah(kode="35.05", evidence="rumah Budi 0812345678"),
        explain=(Explanation(field="urgency", value="high", rule="kata", words=("gang mawar",)),),
    )  # fmt: skip
    return entry(made, 900, reason="nomor sama: 0812 3456 7890")


def confide(sink: Sink) -> None:
    """Write what an analyst must not see, in every table that could hold it."""
    whistle = complaint(901, klasifikasi="whistleblowing", text_masked="suap", title_masked="suap")
    opened = complaint(902, text_masked="suap di dinas", version="1")
    made_secret = complaint(902, text_masked="suap", rahasia=True, edited_at=LATER)
    write(
        sink, *many(100), talkative(), entry(whistle, 901), entry(opened, 902),
        entry(made_secret, 903, relation="edited"),
        act("note", 904, complaint_id=whistle.complaint_id, reason="suap"),
        act("note", 905, case_id=ids.case_id(complaint(1).complaint_id), value={"isi": "Budi"}),
        letter(0), health(0, sentence="nomor 081234567890", cursor="081234567890"),
    )  # fmt: skip


def test_analysts_get_nothing_confidential_and_operators_everything(
    sink: Sink, tmp_path: Path, clock: FrozenClock
) -> None:
    confide(sink)
    assert sink.maybe_publish(clock.at)
    operator = everything(tmp_path / "published" / "operator.duckdb")
    analyst = everything(tmp_path / "published" / "analyst.duckdb")
    for what, pattern in SECRETS.items():
        assert pattern.search(operator), f"the check does not see any {what}"
        assert not pattern.search(analyst), f"{what}: {pattern.search(analyst)}"


def test_analysts_see_counts_of_what_is_left_out_and_no_empty_case(
    sink: Sink, tmp_path: Path, clock: FrozenClock
) -> None:
    write(sink, *many(100))
    sink.maybe_publish(clock.at)
    con = duckdb.connect(str(tmp_path / "published" / "analyst.duckdb"), read_only=True)
    assert con.execute("SELECT dikecualikan FROM published_rahasia").fetchall() == [(10,)]
    assert con.execute("SELECT count(*) FROM reporters").fetchall() == [(0,)]
    orphans = "SELECT count(*) FROM cases ANTI JOIN complaints USING (case_id)"
    assert con.execute(orphans).fetchall() == [(0,)]
    assert con.execute("SELECT flavour, rows FROM published").fetchall() == [("analyst", 80)]
    columns = {r[0] for r in con.execute("DESCRIBE complaints").fetchall()}
    assert not columns & {"text_clean", "text_masked", "title_masked"}
    con.close()


def test_a_clock_that_is_set_back_does_not_stop_publications(
    sink: Sink, clock: FrozenClock
) -> None:
    write(sink, *many(10))
    assert sink.maybe_publish(clock.at)
    write(sink, *many(10, 10))
    assert not sink.maybe_publish(clock.at), "the last publication is not old enough"
    assert sink.maybe_publish(clock.at - timedelta(minutes=59))


def test_pseudonyms_differ_by_key_and_tell_reporters_apart(
    tmp_path: Path, clock: FrozenClock
) -> None:
    found: list[set[str]] = []
    keys: list[dict[str, bytes]] = [{TENANT: b"one"}, {TENANT: b"two"}, {}]
    for key in keys:
        folder = tmp_path / str(len(found))
        sink = Sink(folder, {}, key, clock)
        write(sink, *many(20))
        sink.maybe_publish(clock.at)
        sink.close()
        con = duckdb.connect(str(folder / "published" / "analyst.duckdb"), read_only=True)
        sql = "SELECT DISTINCT reporter_ref FROM complaints"
        found.append({r[0] for r in con.execute(sql).fetchall()})
        con.close()
    assert len(found[0]) == len(found[1]) == 16
    assert all(re.fullmatch("[0-9a-f]{16}", ref) for ref in found[0])
    assert not found[0] & found[1]
    assert found[2] == {""}


def test_publishes_when_something_changed_and_not_more_often_than_it_may(
    sink: Sink, tmp_path: Path, clock: FrozenClock
) -> None:
    assert sink.maybe_publish(clock.at), "an empty installation has something to show too"
    clock.at += timedelta(minutes=1)
    assert not sink.maybe_publish(clock.at), "nothing changed"
    write(sink, *many(5))
    assert sink.maybe_publish(clock.at)
    write(sink, *many(5, 5))
    assert not sink.maybe_publish(clock.at + timedelta(seconds=0.9))
    assert sink.maybe_publish(clock.at + timedelta(minutes=1))
    sink.close()
    again = Sink(tmp_path, {}, {TENANT: b"k"}, clock)
    assert not again.maybe_publish(clock.at), "published before the restart"
    again.close()


def test_pointer_links_and_modes(sink: Sink, tmp_path: Path, clock: FrozenClock) -> None:
    write(sink, *many(5))
    sink.maybe_publish(clock.at)
    folder = tmp_path / "published"
    pointer = json.loads((folder / "CURRENT").read_text())
    assert pointer["version"] == pointer["snapshot"] == 1
    assert pointer["tail"] is None
    assert pointer["positions"] == {"deduplicated/7": 4}
    for flavour, mode in (("operator", 0o600), ("analyst", 0o640)):
        file = folder / pointer["flavours"][flavour]
        assert (folder / f"{flavour}.duckdb").resolve() == file.resolve()
        assert file.stat().st_mode & 0o777 == mode
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not list(folder.glob("*.tmp*")) + list(folder.glob("*.wal"))


def test_old_files_live_ten_minutes_after_they_were_current(
    sink: Sink, tmp_path: Path, clock: FrozenClock
) -> None:
    def names() -> set[str]:
        return {p.name for p in (tmp_path / "published").glob("analyst-*")}

    for number, minutes in enumerate((0, 60, 9, 2)):
        clock.at += timedelta(minutes=minutes)
        write(sink, *many(5, number * 5))
        assert sink.maybe_publish(clock.at)
    assert names() == {"analyst-2.duckdb", "analyst-3.duckdb", "analyst-4.duckdb"}


def test_a_failed_publication_leaves_the_old_one_and_the_sink_working(
    sink: Sink, tmp_path: Path, clock: FrozenClock
) -> None:
    write(sink, *many(5))
    sink.maybe_publish(clock.at)
    # A folder stands where the new pointer is to be written.
    blocked = tmp_path / "published" / "CURRENT.tmp"
    blocked.mkdir()
    write(sink, *many(5, 5))
    assert not sink.maybe_publish(clock.at + timedelta(minutes=1))
    assert json.loads((tmp_path / "published" / "CURRENT").read_text())["version"] == 1
    blocked.rmdir()
    assert sink.maybe_publish(clock.at + timedelta(minutes=2)), "it is still to be published"
    assert json.loads((tmp_path / "published" / "CURRENT").read_text())["version"] == 3


@pytest.mark.parametrize("content", ["", "{", '{"version": 3}'])
def test_a_broken_pointer_is_replaced_under_a_new_number(
    sink: Sink, tmp_path: Path, clock: FrozenClock, content: str
) -> None:
    write(sink, *many(5))
    sink.maybe_publish(clock.at)
    (tmp_path / "published" / "CURRENT").write_text(content)
    write(sink, *many(5, 5))
    assert sink.maybe_publish(clock.at + timedelta(minutes=1))
    assert json.loads((tmp_path / "published" / "CURRENT").read_text())["version"] == 2
