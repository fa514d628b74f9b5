"""What a browser posts is read as it was written, and nothing else is read as a form."""

import contextlib

import httpx
from hypothesis import given
from hypothesis import strategies as st

from gateway.posted import BadPost, read

KIND = "multipart/form-data; boundary=b"
NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)
FIELDS = st.dictionaries(NAMES, st.text(st.characters(codec="utf-8")), max_size=5)
FILES = st.dictionaries(NAMES, st.binary(max_size=500), min_size=1, max_size=3)


@given(FIELDS, FILES)
def test_fields_and_files_come_out_as_they_went_in(
    fields: dict[str, str], files: dict[str, bytes]
) -> None:
    named = {name: ("foto.jpg", content) for name, content in files.items()}
    sent = httpx.Request("POST", "http://x", data=fields, files=named)
    found = read(sent.headers["content-type"], sent.read())
    assert (found.fields, found.files) == (fields, files)


@given(FIELDS)
def test_an_encoded_form_comes_out_as_it_went_in(fields: dict[str, str]) -> None:
    sent = httpx.Request("POST", "http://x", data=fields)
    assert read("application/x-www-form-urlencoded", sent.read()).fields == fields


@given(st.sampled_from([KIND, f"{KIND};;", "multipart/form-data", ""]), st.binary(max_size=300))
def test_whatever_comes_is_a_form_or_a_bad_one(kind: str, body: bytes) -> None:
    for sent in (body, b"--b\r\n" + body, b"--b\r\n" + body + b"\r\n--b--\r\n"):
        with contextlib.suppress(BadPost):
            read(kind, sent)
