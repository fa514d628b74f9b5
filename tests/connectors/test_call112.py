"""The 112 drop folder: what is taken, when, and where every file and row of it ends."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import RetryLater
from core.schema import RawMessage
from tests.connectors.call112_inbox import NOW, channel, dated, drop, fetch, left, parsed, taken


@pytest.mark.parametrize(
    ("name", "age", "is_taken"),
    [
        ("a.json", 1.0, True),
        ("a.json", 0.5, False),
        ("a.json", -3600, True),
        (".a.json", 60, False),
        ("a.json.tmp", 60, False),
        ("a.JSON.PART", 60, False),
        ("a.JSON", 60, True),
    ],
)
def test_only_a_finished_file_is_taken(
    tmp_path: Path, name: str, age: float, is_taken: bool
) -> None:
    drop(tmp_path, name, '{"isi": "x"}', age)
    assert bool(taken(channel(tmp_path))) is is_taken


def test_files_come_oldest_first(tmp_path: Path) -> None:
    for name, age in (("a.txt", 10), ("c.txt", 30), ("b.txt", 30)):
        drop(tmp_path, name, name, age)
    assert [page.cursor for page in fetch(channel(tmp_path))] == ["b.txt", "c.txt", "a.txt"]


def test_a_link_is_never_followed(tmp_path: Path) -> None:
    secret = drop(tmp_path / "elsewhere", "secret.json", '{"isi": "rahasia kantor"}')
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "tautan.json").symlink_to(secret)
    dated(inbox / "tautan.json", 60)
    (page,) = fetch(channel(inbox))
    assert list(page.messages) == []
    assert list(page.rejected) == ["tautan.json: tautan simbolis tidak dibaca"]
    assert left(inbox) == ["failed/tautan.json", "failed/tautan.json.alasan.txt"]
    assert secret.exists()


@pytest.mark.parametrize("age", [60, 0])
def test_a_linked_exercise_folder_is_never_looked_into(tmp_path: Path, age: float) -> None:
    elsewhere = drop(tmp_path / "elsewhere", "a.json", '{"isi": "rahasia kantor"}')
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "simulasi").symlink_to(elsewhere.parent)
    dated(inbox / "simulasi", age)
    if age:
        assert taken(channel(inbox)) == []
        assert "failed/simulasi" in left(inbox)
    else:
        with pytest.raises(RetryLater):
            fetch(channel(inbox))
    assert elsewhere.exists()


def test_a_folder_and_a_pipe_go_to_failed(tmp_path: Path) -> None:
    (tmp_path / "x.json").mkdir()
    os.mkfifo(tmp_path / "pipa.txt")
    for name in ("x.json", "pipa.txt"):
        dated(tmp_path / name, 60)
    reasons = [sentence for page in fetch(channel(tmp_path)) for sentence in page.rejected]
    assert sorted(reasons) == ["pipa.txt: bukan berkas biasa", "x.json: bukan berkas biasa"]
    assert (tmp_path / "failed" / "x.json").is_dir()


DEEP = b"[" * 100_000
NESTED = b'{"isi": "x", "y": ' + b"[" * 900 + b"]" * 900 + b"}"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", b""),
        ("a.json", b" \n"),
        ("a.json", b"{"),
        ("a.json", b"\x00\x01\x02"),
        ("a.json", DEEP),
        ("a.json", b'{"isi": NaN}'),
        ("a.json", b'{"isi": "x", "lat": 1e999}'),
        ("a.json", b'{"isi": "x", "id": ' + b"9" * 5000 + b"}"),
        ("a.json", b'{"calls": 5}'),
        ("a.json", b"5"),
        ("a.json", b'["x", null, []]'),
        ("a.json", b'{"isi": ["potongan"]}'),
        ("a.json", b'{"isi": "x", "id": "' + b"y" * 201 + b'"}'),
        ("a.json", b'{"isi": "x", "waktu": "2026-12-21 08:00"}'),
        ("a.json", b"\xff\xfea"),
        ("a.csv", b"\xef\xbb\xbf"),
        ("a.csv", b"isi,Isi\nx,y\n"),
        ("a.csv", b'isi\n"tak berpasangan\n'),
        ("a.csv", b"isi\n" + b"x" * 200_000),
        ("a.csv", b"lokasi\nWlingi\n"),
        ("a.txt", b"Waktu: 2026-11-21 08:00\n"),
        ("a.txt", b"teks\x00biner"),
        ("a.txt", b"Waktu: kemarin\n\nisi"),
        ("a.xlsx", b"PK"),
        ("a", b"x"),
        ("besar.txt", b"x" * 1001_000),
    ],
)
def test_an_unreadable_file_goes_to_failed_as_it_came(
    tmp_path: Path, name: str, data: bytes
) -> None:
    drop(tmp_path, name, data)
    (page,) = fetch(channel(tmp_path, max_bytes=1_000_000))
    assert (list(page.messages), page.cursor) == ([], name)
    assert left(tmp_path) == [f"failed/{name}", f"failed/{name}.alasan.txt"]
    assert (tmp_path / "failed" / name).read_bytes() == data
    reasons = (tmp_path / "failed" / f"{name}.alasan.txt").read_text().splitlines()
    assert reasons == list(page.rejected)
    assert all(reason.startswith(name) for reason in reasons)


def test_nesting_is_read_or_refused_but_never_a_bug(tmp_path: Path) -> None:
    drop(tmp_path, "a.json", NESTED)
    (page,) = fetch(channel(tmp_path))
    assert len(page.messages) + len(page.rejected) == 1


def test_the_bad_rows_can_be_corrected_and_dropped_again(tmp_path: Path) -> None:
    text = 'Isi;Waktu\r\n"Air; keruh";2026-11-21 07:00\r\nPohon condong;entah\r\n'
    drop(tmp_path, "a.csv", text)
    (page,) = fetch(channel(tmp_path))
    assert list(page.rejected) == ["a.csv, baris 3, waktu: tidak terbaca"]
    failed = (tmp_path / "failed" / "a.csv").read_text("utf-8-sig")
    assert failed.splitlines() == ["Isi;Waktu", "Pohon condong;entah"]
    drop(tmp_path, "a.csv", "\ufeff" + failed.replace("entah", "2026-11-21 07:05"))
    (raw,) = taken(channel(tmp_path))
    assert parsed(raw).text == "Pohon condong"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    for isi in ("satu", "dua", "tiga"):
        drop(tmp_path, "a.txt", isi)
        drop(tmp_path, "b.json", isi)
        fetch(channel(tmp_path))
    stamp = "20261121T083000-"
    kept = [f"processed/{stamp}{n}a.txt" for n in ("", "2-", "3-")]
    failed = [f"failed/{n}b.json" for n in ("", stamp, f"{stamp}2-")]
    assert left(tmp_path) == sorted(kept + failed + [f"{name}.alasan.txt" for name in failed])


def test_a_name_as_long_as_names_can_be(tmp_path: Path) -> None:
    drop(tmp_path, "é" * 125 + ".json", "{")
    fetch(channel(tmp_path))
    assert len(left(tmp_path)) == 2
    assert left(tmp_path)[0].startswith("failed/")


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"catatan\xff\n.txt")
    path.write_text("isi")
    dated(path, 60)
    (raw,) = taken(channel(tmp_path))
    assert raw.headers["file"] == "catatan??.txt"
    assert RawMessage.model_validate_json(raw.to_bytes()) == raw


def test_a_file_that_grew_while_it_was_read_is_read_again(tmp_path: Path) -> None:
    drop(tmp_path, "a.csv", "id,isi\n1,satu\n")
    pull = channel(tmp_path)
    (page,) = fetch(pull, finish=False)
    work = tmp_path / ".work" / "a.csv"
    work.write_text("id,isi\n1,satu\n2,dua\n")
    page.done()
    dated(work, 30)
    again = taken(pull)
    assert [raw.external_id for raw in again] == ["1", "2"]
    assert again[0].event_id == page.messages[0].event_id
    assert left(tmp_path) == ["processed/20261121T083000-a.csv"]


def test_a_namesake_waits_until_the_first_is_done(tmp_path: Path) -> None:
    drop(tmp_path, "a.txt", "satu")
    fetch(channel(tmp_path), finish=False)
    drop(tmp_path, "a.txt", "dua")
    assert [raw.body for raw in taken(channel(tmp_path))] == [b"satu", b"dua"]


def test_the_same_bytes_under_another_name_are_the_same_calls(tmp_path: Path) -> None:
    ids = []
    for name in ("a.json", "salinan.json"):
        drop(tmp_path, name, '[{"isi": "satu"}, {"isi": "satu"}]')
        ids.append([raw.event_id for raw in taken(channel(tmp_path))])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


def test_a_corrected_export_is_a_version_of_the_same_call(tmp_path: Path) -> None:
    found = []
    for isi in ('"id": "7", "isi": "x"', '"isi": "x", "id": 7', '"id": "7", "isi": "y"'):
        drop(tmp_path, "a.json", "{" + isi + "}")
        found += taken(channel(tmp_path))
    assert {raw.external_id for raw in found} == {"7"}
    assert len({raw.version for raw in found}) == 3  # 7 and "7" are written differently
    assert found[0].version != found[2].version


def test_another_order_of_columns_is_no_new_version(tmp_path: Path) -> None:
    found = []
    for text in ("id,isi\n7,x\n", "isi,id\nx,7\n"):
        drop(tmp_path, "a.csv", text)
        found += taken(channel(tmp_path))
    assert found[0].event_id == found[1].event_id


def test_a_large_file_comes_in_pages_and_moves_on_once(tmp_path: Path) -> None:
    drop(tmp_path, "a.json", json.dumps([{"isi": str(n)} for n in range(1001)]))
    pages = fetch(channel(tmp_path))
    assert [len(page.messages) for page in pages] == [500, 500, 1]
    assert [page.cursor for page in pages] == [None, None, "a.json"]


def test_an_exercise_never_stands_in_a_real_calls_way(tmp_path: Path) -> None:
    for name in ("a.json", "simulasi/a.json"):
        drop(tmp_path, name, '{"id": "7", "isi": "x"}')
    real, exercise = taken(channel(tmp_path))
    assert (real.simulated, exercise.simulated) == (False, True)
    assert real.event_id != exercise.event_id


def test_an_empty_list_is_an_export_of_a_quiet_day(tmp_path: Path) -> None:
    drop(tmp_path, "a.json", "[]")
    drop(tmp_path, "b.csv", "isi;waktu\n")
    assert taken(channel(tmp_path)) == []
    assert all(name.startswith("processed/") for name in left(tmp_path))


def test_an_inbox_that_cannot_be_used_is_tried_later(tmp_path: Path) -> None:
    (tmp_path / "inbox").write_text("")
    with pytest.raises(RetryLater):
        fetch(channel(tmp_path / "inbox"))


def test_a_later_day_is_a_slip_of_the_pen(tmp_path: Path) -> None:
    for name, ahead in (("a.json", timedelta(hours=23)), ("b.json", timedelta(hours=25))):
        drop(tmp_path, name, json.dumps({"isi": "x", "waktu": (NOW + ahead).isoformat()}))
    assert [raw.headers["file"] for raw in taken(channel(tmp_path))] == ["a.json"]
