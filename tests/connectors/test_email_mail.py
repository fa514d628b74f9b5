"""Mails as they come: broken headers, HTML, quotes, machines; none may stop the channel."""

import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.email import Settings, build
from connectors.email.mail import Mail
from connectors.email.words import from_html, without_quotes
from core.clock import system_clock
from core.connector import Context
from core.errors import Unparseable
from core.schema import Message, RawMessage
from tests.needs import oracle

CHANNEL = build(Settings(), Context("kab-blitar", ZoneInfo("UTC"), Path(), b"", system_clock))


def mail(head: str, text: str = "isi") -> Mail:
    return Mail(f"{head}\n\n{text}".encode())


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("plain_emails/basic_email_lf.eml", ("Testing 123", "Plain email.", 0)),
        ("plain_emails/raw_email.eml", ("NOTE: 한국말로 하는 것", "대부분의", 0)),
        ("plain_emails/raw_email_reply.eml", ("Re: Test reply email", "Message body", 0)),
        ("plain_emails/raw_email_bad_time.eml", ("[0]: XXXXXXX XXXXX XXXXX !", "Filter2:", 0)),
        ("plain_emails/raw_email_with_partially_quoted_subject.eml",
         ('Re: Test: "漢字" mid "漢字" tail', "대부분의", 0)),
        ("attachment_emails/attachment_only_email.eml",
         ("this message JUST contains an attachment", "", 1)),
        ("attachment_emails/attachment_message_rfc822.eml",
         ("testing", "This is the first part.", 1)),
        ("attachment_emails/attachment_nonascii_filename.eml",
         ("testing", "This is the first part.", 1)),
        ("msg_05.txt", ("bar", "Yadda yadda yadda", 0)),
        ("msg_06.txt", ("forwarded message from Barry A. Warsaw", "", 1)),
        ("msg_07.txt", ("Here is your dingus fish", "Hi there,", 1)),
    ],
)  # fmt: skip
def test_collected_mails_are_read(name: str, found: tuple[str, str, int]) -> None:
    read = Mail(oracle("email", *name.split("/")).read_bytes())
    title, begin, count = found
    assert read.word("subject") == title
    assert read.text.startswith(begin)
    assert len(list(read.attachments(whole=True))) == count


@pytest.mark.parametrize(
    ("name", "filename"),
    [
        ("attachment_with_base64_encoded_name", "This is a test.pdf"),
        ("attachment_nonascii_filename", "ciële.txt"),
        ("attachment_with_quoted_filename", "Eelanalüüsi päring.jpg"),
        ("attachment_with_unquoted_name", "This is a test.txt"),
    ],
)
def test_every_spelling_of_a_file_name_is_read(name: str, filename: str) -> None:
    data = oracle("email", "attachment_emails", f"{name}.eml").read_bytes()
    assert [a.name for a in Mail(data).attachments(whole=True)] == [filename]


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("Auto-Submitted: no", {}),
        ("Auto-Submitted: auto-generated", {"otomatis": "auto-generated"}),
        ("Auto-Submitted: auto-replied; owner-email=x", {"otomatis": "auto-replied"}),
        ("X-Autoreply: yes", {"otomatis": "ya"}),
        ("X-Loop: kantor", {"otomatis": "ya"}),
        ("Precedence: bulk", {"massal": "bulk"}),
        ("Precedence: first-class", {}),
        ("List-Id: <a.b>", {"massal": "list"}),
        ("Return-Path: <>", {"pantulan": "ya"}),
        ("From: MAILER-DAEMON@mx.contoh.id", {"pantulan": "ya"}),
        ("X-Failed-Recipients: a@b.id", {"pantulan": "ya"}),
        ("Content-Type: multipart/report; boundary=x", {"pantulan": "ya"}),
        ("From: warga@contoh.id\nReturn-Path: <warga@contoh.id>", {}),
        # Only the line on top is our own server's; its sender wrote the one below.
        ("Authentication-Results: mx; spf=fail smtp.mailfrom=a@b.id\n"
         "Authentication-Results: mx; spf=pass dkim=pass", {"autentikasi": "spf=fail"}),
    ],
)  # fmt: skip
def test_machines_are_told_from_people(header: str, tags: dict[str, str]) -> None:
    assert mail(header).tags == tags


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("Warga <warga@contoh.id>", [("Warga", "warga@contoh.id")]),
        ("WARGA@Contoh.ID", [("", "warga@contoh.id")]),
        ("=?utf-8?q?Contoh=2C_Siti?= <s@x.id>", [("Contoh, Siti", "s@x.id")]),
        ("Bu Siti – Wlingi <s@x.id>", [("Bu Siti – Wlingi", "s@x.id")]),
        ("a@b.id c@d.id", [("", "a@b.id"), ("", "c@d.id")]),
        ("bukan alamat", []),
        ("<@x.id>", []),
        ("=?utf-8?b?rusak?= <s@x.id>", [("", "s@x.id")]),
    ],
)
def test_addresses_are_read_however_they_are_written(
    written: str, found: list[tuple[str, str]]
) -> None:
    read = [(one.name, one.address) for one in mail(f"From: {written}").addresses("from")]
    assert [at for _, at in read] == [at for _, at in found]
    assert read == found or "?b?" in written


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<p>Jalan <b>rusak</b> &amp; gelap</p>di&nbsp;Wlingi", "Jalan rusak & gelap\ndi Wlingi"),
        ("<head><title>x</title></head><style>a>b{}</style>isi<script>'<p>x'</script>", "isi"),
        ("<!DOCTYPE html><!-- a > b -->isi", "isi"),
        ("3 < 5 dan 5 > 3", "3 < 5 dan 5 > 3"),
        ("<style>isi", "isi"),
        ("<HEAD>x</Head>isi", "isi"),
        ("isi<!-- tak selesai", "isi"),
        ("isi<a href='x", "isi"),
        ("<ul><li>satu<li>dua</ul>", "satu\ndua"),
    ],
)  # fmt: skip
def test_words_are_found_in_html(page: str, words: str) -> None:
    assert from_html(page) == words


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Belum.\n> Laporan diterima.\n> Terima kasih.", "Belum."),
        ("Belum.\n\nOn Mon, 23 Nov 2026, Kantor <a@b.id> wrote:\nx", "Belum."),
        ("Belum.\n\nPada Sen, 23 Nov 2026 pukul 08.00 Kantor\n<a@b.id> menulis:\nx", "Belum."),
        ("Belum.\n-----Original Message-----\nx", "Belum."),
        ("Belum.\n----- Pesan Asli -----\nx", "Belum."),
        ("Belum.\nDari: Kantor <a@b.id>\nDikirim: Senin\nx", "Belum."),
        ("> hanya kutipan", "> hanya kutipan"),
        ("Pada Senin petugas menulis: sabar", "Pada Senin petugas menulis: sabar"),
    ],
)  # fmt: skip
def test_an_answer_is_kept_without_what_it_answers(text: str, kept: str) -> None:
    assert without_quotes(text) == kept
    assert mail("In-Reply-To: <a@b>", text).text == kept
    assert mail("Subject: x", text).text == text


def test_a_part_in_plain_words_is_preferred_to_html() -> None:
    both = EmailMessage()
    both.set_content("Jalan rusak")
    both.add_alternative("<p>Jalan <i>rusak</i></p>", subtype="html")
    assert Mail(both.as_bytes()).text == "Jalan rusak"
    blank = EmailMessage()
    blank.set_content(" ")
    blank.add_alternative("<p>Jalan rusak</p>", subtype="html")
    assert Mail(blank.as_bytes()).text == "Jalan rusak"


STALLING = {
    "comments": b"Content-Type: text/html\n\n" + b"<!--" * 120_000,
    "brackets": b"Content-Type: text/html\n\n" + b"<" * 500_000,
    "styles": b"Content-Type: text/html\n\n" + b"<style>" * 60_000,
    "header": b"Subject: " + b"=?utf-8?q?" * 100_000 + b"\n\nx",
    "spaces": b"From: " + b"a " * 500_000 + b"\n\nx",
    "at signs": b"From: " + b"a" * 500_000 + b"\n\nx",
    "parentheses": b"From: " + b"(" * 200_000 + b"\n\nx",
    "references": b"In-Reply-To: " + b"<" * 500_000 + b"\n\nx",
    "quotes": b"In-Reply-To: <a@b>\n\n" + b"On a wrote\n" * 50_000,
    "nesting": b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n)
                        for n in range(3_000)),
}  # fmt: skip


@pytest.mark.parametrize("name", STALLING)
def test_a_mail_made_to_stall_does_not(name: str) -> None:
    began = time.process_time()
    parsed(STALLING[name])
    assert time.process_time() - began < 5


def parsed(body: bytes, **headers: str) -> list[Message]:
    raw = RawMessage(
        tenant="kab-blitar", channel="email", external_id="x", headers=headers, body=body,
        received_at=system_clock(),
    )  # fmt: skip
    try:
        found = list(CHANNEL.parse(raw))
    except Unparseable:
        return []
    assert [Message.model_validate_json(m.to_bytes()) for m in found] == found
    return found


@pytest.mark.parametrize("body", [b"", b"\n\n", b"\r\n"])
def test_nothing_at_all_is_no_mail(body: bytes) -> None:
    assert parsed(body) == []


names = st.sampled_from(
    ["From", "Reply-To", "Date", "Subject", "Message-ID", "In-Reply-To", "References",
     "Content-Type", "Content-Disposition", "Content-Transfer-Encoding", "Auto-Submitted",
     "Authentication-Results", "Precedence", "Return-Path"]
)  # fmt: skip
pieces = st.sampled_from(
    ["<a@b>", "text/plain", "text/html", "multipart/mixed", "message/rfc822", "; boundary=b",
     "; charset=utf-7", "; charset=x", '; name="a', "=?utf-8?B?x?=", "=?x?q?=ff?=", "base64",
     "quoted-printable", "x-uuencode", "attachment", "; filename*0*=x'y'%ff", "Mon, 1 Jan 0 0:0:0",
     "(", '"', "<", ",", "@", "\u00e9", "\0", "\r\n "]
) | st.text(max_size=6)  # fmt: skip
heads = st.lists(st.tuples(names, st.lists(pieces, max_size=5)), max_size=8)
bodies = st.lists(
    st.sampled_from(["--b", "--b--", "", "Content-Type: text/html", "<p>x", "> x", "begin 644 a",
                     "Content-Type: multipart/mixed; boundary=b", "=3D=", "eA=="])
    | st.text(max_size=10), max_size=8,
)  # fmt: skip


@given(heads, bodies, st.booleans())
def test_any_mail_is_read_or_unparseable(head: Any, body: list[str], cut: bool) -> None:
    lines = [f"{name}: {''.join(value)}" for name, value in head] + ["", *body]
    whole = "\n".join(lines).encode("utf-8", "replace")
    parsed(whole, arrived="2026-11-21T01:29:00+00:00", cut="ya" if cut else "")
    parsed(whole)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_unparseable(body: bytes) -> None:
    parsed(body)


@given(st.text(st.sampled_from("<>!-/apstyle \n&;")))
def test_any_page_is_read(page: str) -> None:
    from_html(page)
