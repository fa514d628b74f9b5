"""The e-mail channel against a real Dovecot: what is taken, when, once, and without a trace."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest

from core import ids
from core.connector import Page, Probe
from core.errors import ConfigError
from tests.connectors.dovecot import Dovecot, dovecot
from tests.connectors.email_turns import NOW, channel, mail, read, taken, turn
from tests.needs import oracle

_USERS = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.fixture
def user() -> str:
    """A mailbox of its own for each test."""
    return f"kantor{next(_USERS)}"


def test_new_mail_is_taken_once_and_oldest_first(server: Dovecot, user: str) -> None:
    server.put(user, mail(1), mail(2))
    pull = channel(server.plain, user)
    first = turn(pull)
    assert [raw.external_id for raw in taken(first)] == ["1@contoh.id", "2@contoh.id"]
    assert all(raw.history for raw in taken(first))
    # Dovecot answers `3:*` with the last mail although nothing is newer.
    assert turn(pull, first[-1].cursor) == []
    server.put(user, mail(3))
    (raw,) = taken(turn(pull, first[-1].cursor))
    assert (raw.external_id, raw.history) == ("3@contoh.id", False)
    assert read(raw).title == "Laporan 3"


def test_an_empty_mailbox_still_moves_the_cursor(server: Dovecot, user: str) -> None:
    server.put(user)
    pull = channel(server.plain, user)
    (page,) = turn(pull)
    assert list(page.messages) == []
    assert turn(pull, page.cursor) == []
    server.put(user, mail(1))
    (raw,) = taken(turn(pull, page.cursor))
    assert not raw.history


def test_reading_leaves_no_trace(server: Dovecot, user: str) -> None:
    server.put(user, mail(1))
    turn(channel(server.plain, user))
    with server.session(user) as imap:
        imap.select(readonly=True)
        _, flags = imap.fetch("1", "(FLAGS)")
    assert flags == [b"1 (FLAGS (\\Recent))"]


def test_what_a_person_has_read_is_taken_too(server: Dovecot, user: str) -> None:
    server.put(user, mail(1))
    with server.session(user) as imap:
        imap.select()
        imap.store("1", "+FLAGS", "\\Seen")
    assert len(taken(turn(channel(server.plain, user)))) == 1


def test_a_mailbox_made_anew_is_read_again_and_doubles_nothing(server: Dovecot, user: str) -> None:
    settings = {"folders": ("Aduan Warga",)}
    pull = channel(server.plain, user, **settings)
    mails = [mail(1), mail(2, Message_ID="")]
    with server.session(user) as imap:
        imap.create('"Aduan Warga"')
    server.put(user, *mails, folder='"Aduan Warga"')
    before = turn(pull)
    with server.session(user) as imap:
        imap.delete('"Aduan Warga"')
        imap.create('"Aduan Warga"')
    server.put(user, mail(3), *mails, folder='"Aduan Warga"')
    after = turn(pull, before[-1].cursor)
    assert mark(after)["validity"] != mark(before)["validity"]
    new = {raw.event_id for raw in taken(after)} - {raw.event_id for raw in taken(before)}
    assert len(taken(after)) == 3
    assert [raw.external_id for raw in taken(after) if raw.event_id in new] == ["3@contoh.id"]
    assert not any(raw.history for raw in taken(after))


def mark(pages: list[Page]) -> dict[str, Any]:
    (found,) = json.loads(pages[-1].cursor or "").values()
    return cast(dict[str, Any], found)


def test_a_server_that_counts_backwards_is_read_again(server: Dovecot, user: str) -> None:
    server.put(user, mail(1), mail(2))
    pull = channel(server.plain, user)
    known = mark(turn(pull))
    ahead = json.dumps({"INBOX": known | {"uid": known["uid"] + 7}})
    assert len(taken(turn(pull, ahead))) == 2


@pytest.mark.parametrize("cursor", ["", "bukan JSON", "[]", '{"INBOX": 5}', '{"INBOX": {}}'])
def test_a_cursor_from_elsewhere_begins_anew(server: Dovecot, user: str, cursor: str) -> None:
    server.put(user, mail(1))
    assert len(taken(turn(channel(server.plain, user), cursor))) == 1


def test_what_was_deleted_unread_holds_up_nobody(server: Dovecot, user: str) -> None:
    server.put(user, mail(1), mail(2), mail(3))
    with server.session(user) as imap:
        imap.select()
        imap.store("2:3", "+FLAGS", "\\Deleted")
        imap.expunge()
    pull = channel(server.plain, user)
    pages = turn(pull)
    assert [raw.external_id for raw in taken(pages)] == ["1@contoh.id"]
    assert mark(pages)["uid"] == 3
    assert turn(pull, pages[-1].cursor) == []


def test_a_death_between_pages_loses_and_doubles_nothing(server: Dovecot, user: str) -> None:
    server.put(user, *(mail(number) for number in range(120)))
    pull = channel(server.plain, user)
    first = turn(pull, most=1)
    assert len(taken(first)) == 50
    rest = turn(pull, first[-1].cursor)
    raws = taken(first) + taken(rest)
    assert [raw.external_id for raw in raws] == [f"{n}@contoh.id" for n in range(120)]
    # Still the first reading, although it took two lives.
    assert all(raw.history for raw in raws)


def test_of_the_past_only_the_younger_mails_are_taken(server: Dovecot, user: str) -> None:
    server.put(user, mail(1), at=NOW - timedelta(days=40))
    server.put(user, mail(2), at=NOW - timedelta(days=20))
    pull = channel(server.plain, user, history_days=30)
    pages = turn(pull)
    assert [raw.external_id for raw in taken(pages)] == ["2@contoh.id"]
    # But what came while Kanal was away is never too old.
    server.put(user, mail(3), at=NOW - timedelta(days=40))
    assert [r.external_id for r in taken(turn(pull, pages[-1].cursor))] == ["3@contoh.id"]


def test_the_same_mail_in_two_folders_is_one(server: Dovecot, user: str) -> None:
    with server.session(user) as imap:
        imap.create("Arsip")
    for folder in ("INBOX", "Arsip"):
        server.put(user, mail(1), mail(2, Message_ID=""), folder=folder)
    raws = taken(turn(channel(server.plain, user, folders=("INBOX", "Arsip"))))
    assert len(raws) == 4
    assert len({raw.event_id for raw in raws}) == 2


def test_a_message_id_used_twice_loses_no_words(server: Dovecot, user: str) -> None:
    server.put(user, mail(1), mail(1, "Air PDAM keruh"), mail(1, Received="by lain"))
    raws = taken(turn(channel(server.plain, user)))
    assert {raw.external_id for raw in raws} == {"1@contoh.id"}
    # Another body is another version; another way through the net is not.
    assert [raw.version == raws[0].version for raw in raws] == [True, False, True]


@pytest.mark.parametrize(
    ("headers", "kept", "sender"),
    [
        ({"From": "Kantor <admin@kab.go.id>"}, 0, ""),
        ({"From": "ADMIN@KAB.GO.ID"}, 0, ""),
        ({"From": "admin@kab.go.id", "Reply_To": "admin@kab.go.id"}, 0, ""),
        ({"From": "Situs <admin@kab.go.id>", "Reply_To": "Bu Siti <siti@contoh.id>"}, 1, "Bu Siti"),
        ({"From": "Bu Siti <siti@contoh.id>", "Reply_To": "lain@contoh.id"}, 1, "Bu Siti"),
    ],
)
def test_the_offices_own_mail_is_no_complaint(
    server: Dovecot, user: str, headers: dict[str, str], kept: int, sender: str
) -> None:
    server.put(user, mail(1, **headers))
    (page,) = turn(channel(server.plain, user, own=("admin@kab.go.id",)))
    assert (len(page.messages), page.ignored) == (kept, 1 - kept)
    for raw in page.messages:
        found = read(raw).sender
        assert (found.name, found.id) == (sender, "siti@contoh.id")


def test_a_large_mail_keeps_its_words(server: Dovecot, user: str) -> None:
    body = (
        "--x\r\nContent-Type: text/plain\r\n\r\nFoto jalan rusak terlampir\r\n"
        '--x\r\nContent-Type: image/jpeg; name="foto.jpg"\r\n\r\n' + "A" * 50_000 + "\r\n--x--"
    )
    server.put(user, mail(1, body, Content_Type="multipart/mixed; boundary=x"))
    (raw,) = taken(turn(channel(server.plain, user, max_bytes=10_000)))
    assert len(raw.body) == 10_000
    found = read(raw)
    assert (found.text, found.given) == ("Foto jalan rusak terlampir", {"terpotong": "ya"})
    assert [(a.name, a.sha256, a.size) for a in found.attachments] == [("foto.jpg", "", None)]
    (whole,) = taken(turn(channel(server.plain, user)))
    assert read(whole).attachments[0].size == 50_000


@pytest.mark.parametrize(
    ("date", "offset"),
    [
        ("", 0),
        ("kemarin", 0),
        ("Mon, 30 Jun 3609 15:33:50 +0600", 0),
        ((NOW + timedelta(days=2)).strftime("%d %b %Y %H:%M:%S +0000"), 0),
        ((NOW - timedelta(hours=5)).strftime("%d %b %Y %H:%M:%S +0000"), -5),
    ],
)
def test_a_date_nobody_can_believe_gives_way_to_the_arrival(
    server: Dovecot, user: str, date: str, offset: int
) -> None:
    server.put(user, mail(1, Date=date), at=NOW)
    (raw,) = taken(turn(channel(server.plain, user)))
    assert read(raw).occurred_at == NOW + timedelta(hours=offset)


def collected() -> list[Path]:
    folder = oracle("email")
    return sorted(path for path in folder.rglob("*") if path.suffix in (".eml", ".txt"))


def test_every_collected_mail_comes_through_a_real_server(server: Dovecot, user: str) -> None:
    mails = [path.read_bytes() for path in collected()]
    server.put(user, *mails, at=NOW)
    raws = taken(turn(channel(server.plain, user)))
    assert len(raws) == len(mails) > 40
    for sent, raw in zip(mails, raws, strict=True):
        assert raw.body == sent.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        found = read(raw)
        assert found.occurred_at is not None
        assert found.text or found.attachments or found.title
        if b"\nmessage-id:" not in sent.lower():
            assert raw.external_id == ids.content_id(raw.body)


def test_kanal_check_looks_into_the_folders(server: Dovecot, user: str) -> None:
    server.put(user, mail(1), mail(2))
    pull = channel(server.plain, user)
    assert "INBOX (2 surat)" in asyncio.run(cast(Probe, pull).probe())


def test_a_wrong_password_is_said(server: Dovecot, user: str) -> None:
    with pytest.raises(ConfigError, match="kata sandi"):
        turn(channel(server.plain, user, password="salah"))


def test_the_line_is_encrypted_and_the_server_proven(server: Dovecot, user: str) -> None:
    server.put(user, mail(1))
    known = {"host": "localhost", "ca_file": str(server.certificate)}
    for port, security in ((server.tls, "ssl"), (server.plain, "starttls")):
        line = {"security": security} | known
        assert len(taken(turn(channel(port, user, **line)))) == 1
        for wrong in ({"ca_file": ""}, {"host": "127.0.0.1"}, {"ca_file": "/tidak/ada.pem"}):
            with pytest.raises(ConfigError, match="sertifikat"):
                turn(channel(port, user, **(line | wrong)))
