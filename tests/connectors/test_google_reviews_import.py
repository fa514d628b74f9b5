"""What an office exports itself: Google Takeout and tables."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.google_reviews import Settings, build
from connectors.google_reviews.connector import GoogleReviews
from core.clock import FrozenClock
from core.connector import BadRow, Context
from core.errors import Unparseable
from core.schema import RawMessage

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
UPDATED = "2026-11-20T03:15:30.123456Z"


def channel() -> GoogleReviews:
    context = Context("kab-blitar", ZoneInfo("Asia/Jakarta"), Path(), b"", FrozenClock(NOW))
    made = build(Settings(), context)
    assert isinstance(made, GoogleReviews)
    return made


def review(number: int, account: int = 1009) -> dict[str, Any]:
    return {
        "name": f"accounts/{account}/locations/2001/reviews/Ab{number}",
        "reviewer": {"displayName": "Sri Contohwati"}, "starRating": "TWO",
        "comment": f"antre lama {number}", "createTime": UPDATED, "updateTime": UPDATED,
    }  # fmt: skip


def written(tmp_path: Path, name: str, data: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def read(path: Path) -> tuple[list[RawMessage], list[BadRow]]:
    found = list(channel().read(path))
    return (
        [raw for raw in found if isinstance(raw, RawMessage)],
        [row for row in found if isinstance(row, BadRow)],
    )


def test_takeout_gives_the_same_ids_and_versions_as_the_api(tmp_path: Path) -> None:
    data = json.dumps({"reviews": [review(1), review(2)]}).encode("utf-8-sig")
    good, bad = read(written(tmp_path, "reviews-a.json", data))
    assert [raw.external_id for raw in good] == [
        "locations/2001/reviews/Ab1", "locations/2001/reviews/Ab2",
    ]  # fmt: skip
    assert {raw.version for raw in good} == {UPDATED}
    assert all(raw.history for raw in good)
    assert bad == []
    (message,) = channel().parse(good[0])
    assert (message.text, message.rating, message.thread) == ("antre lama 1", 2, "locations/2001")


def test_a_whole_takeout_archive_is_read_and_one_review_of_two_accounts_is_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "takeout.zip"
    base = "Takeout/Google Business Profile"
    with zipfile.ZipFile(path, "w") as archive:
        for account in (1009, 77):
            page = json.dumps({"reviews": [review(1, account)]})
            archive.writestr(f"{base}/account-{account}/location-2001/reviews.json", page)
        archive.writestr(f"{base}/account-1009/location-2001/data.json", "{}")
    good, bad = read(path)
    assert len(good) == 2
    assert len({raw.event_id for raw in good}) == 1
    assert bad == []


def test_bad_reviews_are_told_and_the_good_ones_taken(tmp_path: Path) -> None:
    data = json.dumps({"reviews": [review(1), "x", {"name": "n"}]}).encode()
    good, bad = read(written(tmp_path, "reviews.json", data))
    assert len(good) == 1
    assert [row.where for row in bad] == ["reviews.json", "reviews.json, butir 2"]


TABLE = """Tanggal;Nama;Bintang;Ulasan;Lokasi;ID
20/11/2026 10.15;Budi Contoh;4/5;Parkir sempit;202;A1
20/11/2026 10.16;Sri Contohwati;★★;Antre;RSUD Contoh;
20/11/2026 10.17;Sri Contohwati;6;Antre;RSUD Contoh;
kemarin;Sri Contohwati;5;Antre;RSUD Contoh;
20/11/2026 10.18;Sri Contohwati;;;RSUD Contoh;
"""


def test_a_table_gives_its_good_rows_and_names_the_bad_ones(tmp_path: Path) -> None:
    good, bad = read(written(tmp_path, "ulasan.csv", TABLE.encode("cp1252", "xmlcharrefreplace")))
    assert [row.where for row in bad] == [f"ulasan.csv, baris {n}" for n in (3, 4, 5, 6)]
    good, bad = read(written(tmp_path, "ulasan.csv", TABLE.encode()))
    assert [(row.where, row.reason) for row in bad] == [
        ("ulasan.csv, baris 4", "bintang: bukan 1 sampai 5"),
        ("ulasan.csv, baris 5", "tanggal: tidak terbaca"),
        ("ulasan.csv, baris 6", "ulasan dan bintang: keduanya kosong"),
    ]
    messages = [message for raw in good for message in channel().parse(raw)]
    assert [(m.rating, m.text, m.thread) for m in messages] == [
        (4.0, "Parkir sempit", "locations/202"), (2.0, "Antre", "RSUD Contoh"),
    ]  # fmt: skip
    assert messages[0].external_id == "locations/202/reviews/A1"
    assert messages[0].occurred_at == datetime(2026, 11, 20, 3, 15, tzinfo=UTC)
    # The same file again is the same events; a corrected row with an id is a new version.
    again, _ = read(written(tmp_path, "lain.csv", TABLE.replace("sempit", "luas").encode()))
    assert again[0].external_id == good[0].external_id
    assert again[0].event_id != good[0].event_id
    assert again[1].event_id == good[1].event_id


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", b"{"),
        ("a.json", b"{}"),
        ("a.json", b'{"type": "FeatureCollection"}'),
        ("a.zip", b"PK"),
        ("a.zip", b"PK\x05\x06" + bytes(18)),
        ("a.csv", b""),
        ("a.xlsx", b"x"),
    ],
)
def test_what_is_no_export_is_unparseable(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(Unparseable):
        read(written(tmp_path, name, data))
