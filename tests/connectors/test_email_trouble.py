"""The e-mail channel against a server that answers badly: what makes it stop, wait or go on."""

import pytest

from core.errors import ConfigError, RetryLater
from tests.connectors.email_turns import channel, taken, turn
from tests.connectors.imap_fake import CUT, SILENT, imap


def test_a_password_never_goes_through_the_net_in_clear() -> None:
    with pytest.raises(ConfigError, match="starttls"):
        channel(143, host="mail.contoh.go.id")


@pytest.mark.parametrize(
    ("answers", "error", "words"),
    [
        ({"": CUT}, RetryLater, "memutus"),
        ({"": "* BYE penuh"}, RetryLater, "memutus"),
        ({"": SILENT}, RetryLater, "terjangkau"),
        ({"LOGIN": "{tag} NO [UNAVAILABLE] nanti"}, RetryLater, "UNAVAILABLE"),
        ({"LOGIN": "{tag} NO [LIMIT] terlalu banyak"}, RetryLater, "LIMIT"),
        ({"LOGIN": "{tag} NO salah"}, ConfigError, "kata sandi"),
        ({"LOGIN": CUT}, RetryLater, "memutus"),
        ({"EXAMINE": "{tag} NO [INUSE] sibuk"}, RetryLater, "INUSE"),
        ({"EXAMINE": "{tag} NO [NONEXISTENT] tidak ada"}, ConfigError, "INBOX"),
        ({"EXAMINE": "* 1 EXISTS\r\n{tag} OK x"}, RetryLater, "UIDVALIDITY"),
        ({"SEARCH": "{tag} NO galat"}, RetryLater, "menolak"),
        ({"SEARCH": "{tag} BAD galat"}, RetryLater, "memutus"),
        ({"SEARCH": CUT}, RetryLater, "memutus"),
        ({"FETCH": CUT}, RetryLater, "memutus"),
        ({"FETCH": SILENT}, RetryLater, "terjangkau"),
        ({"FETCH": "* 1 FETCH (UID 1 BODY[]<0> {900}\r\nFrom: a@b.id"}, RetryLater, "terjangkau"),
    ],
)
def test_trouble_says_what_to_do_next(
    answers: dict[str, str], error: type[Exception], words: str
) -> None:
    with imap(answers) as port, pytest.raises(error, match=words):
        turn(channel(port, timeout=2.0, password="sandi"))


def test_a_server_that_is_away_is_tried_later() -> None:
    with imap({}) as port:
        pass
    with pytest.raises(RetryLater, match="terjangkau"):
        turn(channel(port))


def test_starttls_that_is_not_offered_is_said() -> None:
    with imap({}) as port, pytest.raises(ConfigError, match="STARTTLS"):
        turn(channel(port, security="starttls"))


def test_a_password_the_protocol_cannot_carry_is_refused() -> None:
    # Without AUTH=PLAIN only ASCII can be sent.
    with imap({}) as port, pytest.raises(ConfigError, match="kata sandi"):
        turn(channel(port, password="sandi é"))


@pytest.mark.parametrize(
    ("fetched", "arrived"),
    [
        # What is told of a mail may stand before its bytes or behind them.
        ("* 1 FETCH (UID {n} INTERNALDATE \"25-Nov-2026 01:02:03 +0700\" BODY[]<0> {17}\r\n"
         "Subject: a\r\n\r\nisi RFC822.SIZE 17)\r\n", "2026-11-24T18:02:03+00:00"),
        ("* 1 FETCH (BODY[]<0> {17}\r\nSubject: a\r\n\r\nisi UID {n} "
         "INTERNALDATE \" 5-Nov-2026 01:02:03 +0000\")\r\n", "2026-11-05T01:02:03+00:00"),
        ("* 1 FETCH (UID {n} INTERNALDATE \"99-Foo-2026 01:02:03 +0000\" BODY[]<0> {17}\r\n"
         "Subject: a\r\n\r\nisi)\r\n", ""),
        # A mail that nobody asked for comes in between.
        ("* 9 FETCH (UID 9 BODY[]<0> {3}\r\nxyz)\r\n* 1 FETCH (UID {n} BODY[]<0> {17}\r\n"
         "Subject: a\r\n\r\nisi)\r\n", ""),
    ],
)  # fmt: skip
def test_an_answer_in_another_order_is_read(fetched: str, arrived: str) -> None:
    answers = {
        "EXAMINE": "* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 6] x\r\n{tag} OK x",
        "SEARCH": "* SEARCH 5 9\r\n{tag} OK x",
        "FETCH": fetched.replace("{n}", "5") + "{tag} OK x",
    }
    with imap(answers) as port:
        (raw,) = taken(turn(channel(port, password="sandi")))
    assert (raw.body, raw.headers.get("arrived", "")) == (b"Subject: a\r\n\r\nisi", arrived)


def test_a_mail_that_went_while_we_read_is_passed_over() -> None:
    with imap({"FETCH": "{tag} OK x"}) as port:
        (page,) = turn(channel(port, password="sandi"))
    assert (list(page.messages), page.ignored) == ([], 0)
