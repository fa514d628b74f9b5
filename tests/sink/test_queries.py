"""The dashboard's figures over a small published office."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core import ids
from core.bus import Batch, Stored
from core.clock import FrozenClock
from core.schema import Explanation, Wilayah
from sink import Sink, load_reference, queries
from sink.reader import Reader
from tests.sink.sink_makers import START, TENANT, act, complaint, entry, heads, health, letter

HOME = ids.case_id(complaint(1).complaint_id)
WHY = Explanation(field="kategori", value="infrastruktur", rule="kata", words=("jalan",))


@pytest.fixture
def reader(sink: Sink, tmp_path: Path, clock: FrozenClock) -> Reader:
    publish(
        sink, clock,
        entry(complaint(1, channel="sms", message_ids=("a", "b"), explain=(WHY,)), 0),
        entry(complaint(2, channel="x"), 1, case_id=HOME, relation="joined", reason="mirip"),
        entry(complaint(3, channel="x", klasifikasi="bukan_aduan"), 2),
        entry(complaint(4, channel="x", simulated=True), 3),
        entry(complaint(5, channel="sms", stub=True, text="", text_masked=""), 4),
        entry(complaint(6, channel="sms", history=True, occurred_at=START - timedelta(days=9)), 5),
        act("verify", 6, case_id=HOME), health(0), letter(0),
    )  # fmt: skip
    return Reader(tmp_path, "operator")


def publish(sink: Sink, clock: FrozenClock, *records: Stored) -> None:
    sink.handle(Batch(list(records), {}, heads(list(records))))
    clock.at += timedelta(minutes=1)
    assert sink.maybe_publish(clock.at)


def test_three_counts(reader: Reader) -> None:
    counts = queries.three_counts(reader, TENANT)
    assert counts == {"pesan": 7, "laporan": 3, "kasus": 2}
    tried = queries.three_counts(reader, TENANT, simulated=True)
    assert tried == {"pesan": 7, "laporan": 4, "kasus": 3}
    assert queries.three_counts(reader, "other") == {"pesan": 0, "laporan": 0, "kasus": 0}


def test_per_channel_adds_up_to_the_three_counts(reader: Reader) -> None:
    found = [(r["channel"], r["pesan"], r["laporan"]) for r in queries.per_channel(reader, TENANT)]
    assert found == [("sms", 4, 2), ("x", 3, 1)]


def test_per_hour_is_local_and_leaves_out_what_is_older(reader: Reader) -> None:
    now = datetime(2026, 8, 17, 10, 30)
    found = queries.per_hour(reader, TENANT, now)
    assert {r["jam"] for r in found} == {datetime(2026, 8, 17, 10)}
    assert sum(r["pesan"] for r in found) == 6
    assert queries.per_hour(reader, TENANT, now + timedelta(hours=24)) == []


def test_a_frozen_list_stands_while_new_ones_are_counted(
    reader: Reader, sink: Sink, clock: FrozenClock
) -> None:
    head = queries.freshness(reader, TENANT)["head"]
    before = queries.newest_complaints(reader, TENANT, head)
    assert [r["ticket_no"] for r in before][:2] == ["BLT-000006", "BLT-000005"]
    later = START + timedelta(hours=1)
    edited = complaint(2, channel="x", title_masked="disunting", edited_at=later)
    publish(sink, clock, entry(complaint(7), 7), entry(edited, 8, case_id=HOME, relation="edited"))
    after = queries.newest_complaints(reader, TENANT, head)
    assert [r["complaint_id"] for r in after] == [r["complaint_id"] for r in before]
    assert "disunting" in [r["title_shown"] for r in after]
    assert queries.count_new(reader, TENANT, head) == 1
    assert queries.count_new(reader, TENANT, head, channel="radio") == 0
    only = queries.newest_complaints(reader, TENANT, head, channel="sms", limit=2)
    assert [r["ticket_no"] for r in only] == ["BLT-000006", "BLT-000005"]


def test_detail_case_and_acts(reader: Reader) -> None:
    one = complaint(1, channel="sms").complaint_id
    detail = queries.complaint(reader, TENANT, one)
    assert detail is not None
    assert detail["explain"][0]["words"] == ["jalan"]
    assert queries.complaint(reader, "other", one) is None
    assert len(queries.versions(reader, TENANT, one)) == 1
    case = queries.case(reader, TENANT, detail["case_id"])
    assert case is not None
    assert queries.case(reader, TENANT, "none") is None
    assert (case["members"], case["status"]) == (1 + (case["case_id"] == HOME), case["status"])
    assert [r["reason"] for r in queries.case_members(reader, TENANT, HOME)][-1] == "mirip"
    assert [r["kind"] for r in queries.case_decisions(reader, TENANT, HOME)] == ["verify"]
    outcome = queries.decision_outcome(reader, TENANT, "d6")
    assert outcome is not None
    assert outcome["outcome"] == "applied"
    assert queries.decision_outcome(reader, TENANT, "on its way") is None


def test_health_parked_and_freshness(reader: Reader, clock: FrozenClock) -> None:
    assert [r["state"] for r in queries.channel_health(reader, TENANT)] == ["terhubung"]
    assert [r["n"] for r in queries.parked_counts(reader, TENANT)] == [1]
    fresh = queries.freshness(reader, TENANT)
    assert (fresh["version"], fresh["made_at"]) == (1, clock.at)
    assert fresh["newest_received_at"] == complaint(6).received_at


def test_reference_tables_are_published_once_they_change(
    sink: Sink, tmp_path: Path, clock: FrozenClock
) -> None:
    rows = ([(TENANT, "35.05.10", "Kanigoro", "kecamatan", "", "35.05", -8.1, None)],
            [(TENANT, "pupr", "Dinas PUPR")], [("jalan", "Jalan")])  # fmt: skip
    assert load_reference(sink.store, *rows)
    assert not load_reference(sink.store, *rows)
    sink.maybe_publish(clock.at)
    found = Reader(tmp_path, "analyst").query("SELECT nama, lat, lon FROM wilayah").to_pylist()
    assert found == [{"nama": "Kanigoro", "lat": -8.1, "lon": None}]
    names = queries.names(Reader(tmp_path, "operator"), TENANT)
    assert names == {"kategori": {"jalan": "Jalan"}, "opd": {"pupr": "Dinas PUPR"}}


def test_what_is_shown_is_masked_and_nothing_of_a_confidential_complaint(
    reader: Reader, sink: Sink, clock: FrozenClock
) -> None:
    secret = complaint(
        8, rahasia=True, explain=(WHY,), title="Judul", title_masked="Judul", given={"lokasi": "x"},
        wilayah=Wilayah(kecamatan="Kanigoro", evidence="kanigoro"),
    )  # fmt: skip
    publish(sink, clock, entry(secret, 7), entry(complaint(9), 8))
    head = queries.freshness(reader, TENANT)["head"]
    listed = {
        r["complaint_id"]: r["title_shown"] for r in queries.newest_complaints(reader, TENANT, head)
    }
    assert listed[secret.complaint_id] is None
    assert listed[complaint(9).complaint_id] == complaint(9).text_masked
    hidden = queries.complaint(reader, TENANT, secret.complaint_id)
    assert hidden is not None
    assert [e["rule"] for e in hidden["explain"]] == ["kata"]
    (version,) = queries.versions(reader, TENANT, secret.complaint_id)
    (member,) = queries.case_members(reader, TENANT, hidden["case_id"])
    said = f"{hidden}{version}{member}".lower()
    assert not [word for word in ("judul", "jalan", "nomor 8") if word in said]
    assert (hidden["wilayah_evidence"], hidden["given"]) == (None, None)
    shown = f"{queries.complaint(reader, TENANT, complaint(9).complaint_id)}"
    assert "[telepon]" in shown
    assert "081234" not in shown


def test_the_original_and_the_reporter_are_asked_for_apart(
    reader: Reader, sink: Sink, clock: FrozenClock
) -> None:
    publish(sink, clock, entry(complaint(8), 7), entry(complaint(9, reporter_ref=""), 8))
    one, nameless = complaint(8), complaint(9).complaint_id
    written = queries.original(reader, TENANT, one.complaint_id)
    assert written == {"title": "", "text": one.text}
    who = queries.reporter(reader, TENANT, one.complaint_id)
    assert who is not None
    assert (who["name"], who["contact"]) == (one.reporter.name, one.reporter.contact)
    assert queries.reporter(reader, TENANT, nameless) is None
    assert queries.original(reader, "other", one.complaint_id) is None


def test_a_trial_installation_has_only_exercises(
    sink: Sink, tmp_path: Path, clock: FrozenClock
) -> None:
    publish(sink, clock, entry(complaint(1, simulated=True), 0))
    trial = Reader(tmp_path, "operator")
    assert queries.only_simulated(trial, TENANT)
    assert not queries.only_simulated(trial, "nothing yet")
    publish(sink, clock, entry(complaint(2), 1))
    assert not queries.only_simulated(trial, TENANT)
