"""What operators corrected: it holds for a complaint's row, now and for every later version.

`complaints` has what holds, `complaint_versions` and `kategori_mesin` what the machine said.
"""

from collections.abc import Mapping
from typing import Any, get_args

from core.schema import Klasifikasi, Urgency
from sink.rows import Row, conclude

Corrections = dict[str, dict[str, Any]]
"""complaint_id -> {column: value}, the last word on each column."""

_WORDS: dict[str, tuple[str, ...]] = {
    "kategori": (), "klasifikasi": get_args(Klasifikasi), "urgency": get_args(Urgency),
}  # fmt: skip
_FLAGS = ("anonim", "rahasia", "berkadar_pengawasan")


def read(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that a `correct` decision names; what is no value for one is left out."""
    found: dict[str, Any] = {k: value[k] for k in _FLAGS if isinstance(value.get(k), bool)}
    for name, allowed in _WORDS.items():
        word = value.get(name)
        if isinstance(word, str) and word and (not allowed or word in allowed):
            found[name] = word
    return found


def hold(row: Row, corrected: Mapping[str, Any]) -> Row:
    """Return a row as it stands with what was corrected of it; `row` is as the machine said."""
    after: Row = {**row, **corrected}
    conclude(after)
    return after
