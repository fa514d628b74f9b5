"""TikTok's comments as tools export them and as people paste them; the same ones are taken once."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from connectors.tiktok import Settings, build
from core.clock import FrozenClock
from core.connector import BadRow, Context, Importer
from core.errors import Unparseable
from core.schema import Message, RawMessage

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
STAMP = 1795220000  # 2026-11-21T00:13:20Z
ID = str((STAMP << 32) + 12_345_678)
LINK = f"https://www.tiktok.com/@pemkab.contoh/video/{((STAMP - 86_400) << 32) + 87_654_321}"
COMMENT: dict[str, Any] = {
    "comment_id": ID, "text": "jalan rusak", "create_time": str(STAMP), "username": "warga.satu",
    "video_url": LINK,
}  # fmt: skip


def tiktok(*own: str) -> Importer:
    context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", FrozenClock(NOW))
    return build(Settings(own=own), context)


def read(path: Path, *own: str) -> tuple[list[RawMessage], list[str]]:
    found = list(tiktok(*own).read(path))
    bad = [f"{row.where}: {row.reason}" for row in found if isinstance(row, BadRow)]
    return [raw for raw in found if isinstance(raw, RawMessage)], bad


def parsed(raw: RawMessage) -> Message:
    (found,) = tiktok().parse(raw)
    assert Message.model_validate_json(found.to_bytes()) == found
    return found


def write(tmp_path: Path, name: str, content: str | bytes | Any) -> Path:
    path = tmp_path / name
    if not isinstance(content, str | bytes):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "name", ["a.json", "b.json", "c.json", "d.jsonl", "e.csv", "f.xlsx", "g.txt"]
)
def test_however_it_is_brought_a_comment_with_an_id_is_the_same(tmp_path: Path, name: str) -> None:
    row = ",".join(COMMENT.values())
    contents: dict[str, Any] = {
        "a.json": [COMMENT],
        "b.json": {"comments": [COMMENT]},
        "c.json": {"code": 0, "data": {"comments": [COMMENT]}},
        "d.jsonl": json.dumps(COMMENT) + "\n\n",
        "e.csv": f"{','.join(COMMENT)}\n{row}\n",
        "f.xlsx": b"",
        "g.txt": f"{LINK}?share_comment_id={ID}\n@warga.satu: jalan rusak\n",
    }
    path = write(tmp_path, name, contents[name])
    if name == "f.xlsx":
        book = Workbook()
        for cells in (["Komentar video"], [], list(COMMENT), list(COMMENT.values())):
            book.worksheets[0].append(cells)
        book.save(path)
    ((raw,), bad) = read(path)
    assert (raw.external_id, raw.version, raw.history, bad) == (ID, "", True, [])
    found = parsed(raw)
    assert (found.text, found.sender.id) == ("jalan rusak", "warga.satu")
    assert found.occurred_at == datetime.fromtimestamp(STAMP, UTC)
    assert found.thread in LINK


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (ID, ID),
        (int(ID), ID),
        ("7", ""),
        ("7,71041E+18", ""),
        ("7.71041118913747E+18", ""),
        (float(ID), ""),
        ("7710411189137470000", ""),
        (int(7.71041118913747e18), ""),
        ("", ""),
        (None, ""),
    ],
)
def test_an_id_that_excel_spoilt_is_not_used(tmp_path: Path, name: Any, kept: str) -> None:
    ((raw,), _) = read(write(tmp_path, "a.json", [COMMENT | {"comment_id": name}]))
    assert (raw.external_id == ID) is bool(kept)
    assert len(raw.external_id) in (19, 32)
    # The rest of the row tells it apart from its neighbours.
    other = COMMENT | {"comment_id": name if not kept else "", "text": "lain"}
    ((second,), _) = read(write(tmp_path, "b.json", [other]))
    assert second.external_id != raw.external_id


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (str(STAMP), datetime.fromtimestamp(STAMP, UTC)),
        (STAMP * 1000, datetime.fromtimestamp(STAMP, UTC)),
        ("2026-11-20 10:15:00", datetime(2026, 11, 20, 3, 15, tzinfo=UTC)),
        ("20/11/2026 10.15 WITA", datetime(2026, 11, 20, 2, 15, tzinfo=UTC)),
        ("2026-11-20T03:15:00Z", datetime(2026, 11, 20, 3, 15, tzinfo=UTC)),
        # Without a time, or with one that nobody can read, the id tells it.
        ("", datetime.fromtimestamp(STAMP, UTC)),
        ("2 hari lalu", datetime.fromtimestamp(STAMP, UTC)),
    ],
)
def test_times_are_read_as_tools_write_them(tmp_path: Path, written: Any, at: datetime) -> None:
    ((raw,), _) = read(write(tmp_path, "a.json", [COMMENT | {"create_time": written}]))
    assert parsed(raw).occurred_at == at


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"text": ""}, "isi: kosong"),
        ({"text": None}, "isi: kosong"),
        ({"comment_id": "", "create_time": "2 hari lalu"}, "waktu: tidak terbaca"),
        ({"create_time": "2027-01-01"}, "waktu: di masa depan"),
        ({"username": "@Pemkab.Contoh"}, "tulisan akun kantor sendiri; dilewati"),
        ({"owner": True}, "tulisan akun kantor sendiri; dilewati"),
    ],
)
def test_a_row_that_is_not_taken_says_why(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    path = write(tmp_path, "a.json", [COMMENT | change, COMMENT])
    good, bad = read(path, "pemkab.contoh")
    assert ([raw.external_id for raw in good], bad) == ([ID], [f"a.json, butir 1: {reason}"])


def test_answers_within_a_comment_are_comments_of_their_own(tmp_path: Path) -> None:
    answer = COMMENT | {"comment_id": str(int(ID) + 1), "reply_id": ID, "text": "iya"}
    good, _ = read(write(tmp_path, "a.json", [COMMENT | {"reply_comment": [answer]}]))
    first, second = (parsed(raw) for raw in good)
    assert (first.reply_to, second.reply_to) == ("", ID)
    assert b"iya" not in good[0].body


def test_who_is_told_by_an_object_is_read(tmp_path: Path) -> None:
    user = {"unique_id": "Warga.Dua", "nickname": "Bu Dua Contoh", "uid": "7"}
    item = {"cid": ID, "text": "banjir", "aweme_id": "77", "user": user}
    ((raw,), _) = read(write(tmp_path, "a.json", [item]))
    found = parsed(raw)
    assert (found.sender.id, found.sender.name, found.thread) == (
        "warga.dua",
        "Bu Dua Contoh",
        "77",
    )
    assert json.loads(raw.body) == item


PASTED = f"""catatan petugas, diabaikan
{LINK}?lang=id
@warga.satu: jalan rusak

@warga.dua
air keruh

gelap

gelap

https://vm.tiktok.com/ZSabc123/ banjir
"""


def test_comments_are_pasted_under_the_link_of_their_video(tmp_path: Path) -> None:
    good, bad = read(write(tmp_path, "a.txt", PASTED.replace("\n", "\r\n")))
    told = [(parsed(raw).sender.id, parsed(raw).text) for raw in good]
    assert told == [
        ("warga.satu", "jalan rusak"), ("warga.dua", "air keruh"), ("", "gelap"), ("", "gelap"),
        ("", "banjir"),
    ]  # fmt: skip
    assert bad == []
    # Two that nothing tells apart are two, and stay two when the file comes again, grown.
    assert len({raw.event_id for raw in good}) == 5
    again, _ = read(write(tmp_path, "b.txt", PASTED + f"\n{LINK}?lang=id\n\nsampah\n"))
    assert {raw.event_id for raw in good} < {raw.event_id for raw in again}
    assert len({raw.event_id for raw in again}) == 6


def test_a_link_without_words_is_told(tmp_path: Path) -> None:
    good, bad = read(write(tmp_path, "a.txt", f"{LINK}\n\n{LINK}\nbanjir"))
    assert (len(good), bad) == (1, ["a.txt, baris 1: isi: kosong"])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b"{"),
        ("a.json", b"5"),
        ("a.json", b"[" * 100_000),
        ("a.json", b"\xff\xfe\xfd"),
        ("a.json", {"code": 40016, "message": "x", "data": {}}),
        ("a.csv", "nama,alamat\nx,y\n"),
        ("a.csv", b""),
        ("a.xlsx", b"PK\x03\x04rusak"),
        ("a.txt", "tanpa tautan"),
        ("a.pdf", b"%PDF"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, name: str, content: Any) -> None:
    with pytest.raises(Unparseable):
        read(write(tmp_path, name, content))


def test_a_broken_line_costs_only_itself(tmp_path: Path) -> None:
    lines = "\n".join([json.dumps(COMMENT), "{", "5", '{"x": ' + "[" * 100_000, ""])
    good, bad = read(write(tmp_path, "a.jsonl", lines))
    assert len(good) == 1
    assert bad == [f"a.jsonl, baris {n}: bukan komentar" for n in (2, 3, 4)]


names = st.sampled_from(["cid", "text", "user", "unique_id", "create_time", "aweme_id", "reply_id",
                         "video_url", "owner", "status", "comments", "reply_list"])  # fmt: skip
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
    | st.sampled_from([ID, LINK, "\ud83d", "9" * 20, "0" * 19, str(STAMP)])
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
    max_leaves=10,
)


@given(st.lists(st.dictionaries(names, values, max_size=8), max_size=3))
def test_any_json_is_taken_or_told(tmp_path_factory: Any, items: list[Any]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(items))
    good, _ = read(path)
    for raw in good:
        assert RawMessage.model_validate_json(raw.to_bytes()) == raw
        assert parsed(raw).text


pieces = st.sampled_from([*"@:. \n\r?=ab", LINK, "https://vt.tiktok.com/ZSabc1/"])


@given(st.lists(pieces).map("".join))
def test_any_pasted_text_is_taken_or_refused(tmp_path_factory: Any, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(text.encode())
    try:
        good, _ = read(path)
    except Unparseable:
        return
    assert all(parsed(raw).text for raw in good)


@given(st.binary(max_size=120))
def test_any_stored_bytes_are_read_or_unparseable(body: bytes) -> None:
    raw = RawMessage(
        tenant="kab-blitar", channel="tiktok", external_id="x", body=body, received_at=NOW
    )
    with pytest.raises(Unparseable):
        parsed(raw)
