"""Nothing a citizen writes is ever markup, and a channel keeps its colour."""

import re
from html import unescape
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from dashboard import style

_OWN_TAGS = re.compile(r'</?(?:div|span|i)(?: class="[a-z ]+"| style="[^"<>]*")*>')
KNOWN = ["sms", "whatsapp", "telegram", "twitter", "google_reviews", "youtube", "facebook",
         "instagram", "tiktok", "call112", "radio", "desk", "email", "web", "sp4n"]  # fmt: skip


@given(st.text())
def test_what_is_written_stands_letter_by_letter(text: str) -> None:
    for drawn in (style.said(text), style.line(text), style.badge(text), style.swatch("x", text)):
        bare = _OWN_TAGS.sub("", drawn)
        assert "<" not in bare
        assert ">" not in bare
        assert unescape(bare) == text


def test_every_channel_has_its_own_colour_whatever_is_filtered_away() -> None:
    assert len({style.channel_colour(name) for name in KNOWN}) == len(KNOWN)
    assert style.colours(["radio"]) == [style.colours(KNOWN)[KNOWN.index("radio")]]


def test_a_channel_nobody_has_heard_of_has_a_lasting_colour() -> None:
    assert style.channel_colour("faks") == style.channel_colour("faks")
    assert re.fullmatch(r"#[0-9A-F]{6}", style.channel_colour("faks"))


def test_the_logo_is_well_formed_whatever_the_product_is_called() -> None:
    drawn = ElementTree.fromstring(style.logo('ADUAN <KITA> & "KAMI"'))
    assert "ADUAN <KITA>" in "".join(drawn.itertext())
