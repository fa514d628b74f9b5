"""Real reports, labelled in pairs: what is one problem is found, and what differs is not joined.

The rows lie beside the repository and stay there. They bear no sender and no date.
"""

import csv
import json
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

from core.schema import Message
from dedup import assign_lines
from normalizer import Envelope, Rules, normalize
from tests.dedup.makers import CONFIG, policy
from tests.needs import oracle

AT = datetime(2017, 12, 1, 3, 0, tzinfo=UTC)
SEMARANG = "33.74"


def rules(folder: Path) -> Rules:
    """Read the shipped rules for another office, which has no landmarks of its own."""
    (folder / "tenants" / "kota").mkdir(parents=True)
    for file in [*CONFIG.glob("*.*"), *CONFIG.glob("tenants/kab-blitar/*.toml")]:
        target = folder / file.relative_to(CONFIG)
        target = Path(str(target).replace("kab-blitar", "kota"))
        target.write_bytes(file.read_bytes())
    return Rules.load(folder, "kota", SEMARANG)


def rows(name: str) -> list[dict[str, str]]:
    path = oracle("..", "data", "lapor2017_mit", name)
    # The limit is the whole process's: later tests are to meet the usual one.
    usual = csv.field_size_limit(sys.maxsize)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    finally:
        csv.field_size_limit(usual)


def test_pairs_are_found_and_nothing_that_differs_is_joined(tmp_path: Path) -> None:
    reports = {row["nid"]: row for row in rows("lapor2017.csv")}
    known, rule = rules(tmp_path), policy()

    def line(nid: str) -> str:
        row = reports[nid]
        message = Message(external_id=nid, title=row["judul"], text=row["isi"], occurred_at=AT)
        envelope = Envelope("kota", "sp4n", "", AT)
        return normalize(message, envelope, known, b"kunci").model_dump_json()

    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    in_semarang: Counter[str] = Counter()
    for pair in rows("dev_pairs.csv"):
        second = list(assign_lines([line(pair["nid_a"]), line(pair["nid_b"])], rule))[1]
        relation = json.loads(second)["relation"]
        outcomes[pair["label"]][relation] += 1
        if relation == "joined" and "semarang" in reports[pair["nid_a"]]["isi"].lower():
            in_semarang[pair["label"]] += 1
    assert sum(outcomes["DUP"].values()) == 77
    assert outcomes["DUP"]["joined"] >= 20
    assert outcomes["DUP"]["joined"] + outcomes["DUP"]["suggested"] >= 58
    assert outcomes["NOT"]["joined"] + outcomes["NOT"]["suggested"] <= 24
    assert outcomes["NOT"]["joined"] == 0
    assert outcomes["REL"]["joined"] <= 1
    assert in_semarang["NOT"] == in_semarang["REL"] == 0 < in_semarang["DUP"]
