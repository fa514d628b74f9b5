"""One write: the rows of a batch and the positions after it, in a transaction of its caller."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
from duckdb import DuckDBPyConnection

from core.bus import Positions
from sink import corrections
from sink.corrections import Corrections
from sink.rows import Act, Row, Work, status_after
from sink.statements import statements

_SQL = statements("write.sql")
_TOUCHED = pa.schema(
    {"case_id": pa.string(), "status": pa.string(), "opd": pa.string(), "pub_seq": pa.int64()}
)

Standing = dict[str, tuple[str, str | None]]
"""case_id -> (status, responsible OPD)."""


class Numbers:
    """Numbers the rows in the order in which they are written."""

    def __init__(self, value: int) -> None:
        self.value = value

    def next(self) -> int:
        """Return the next number."""
        self.value += 1
        return self.value


class Write:
    """The steps of one write over an open transaction."""

    def __init__(self, con: DuckDBPyConnection, schemas: dict[str, pa.Schema], seq: int) -> None:
        self._con = con
        self._schemas = schemas
        self.seq = Numbers(seq)

    def apply(self, work: Work) -> int:
        """Write what a batch brings; return how many rows were written."""
        before = self.seq.value
        known = self._known(work)
        latest = _latest(work.versions, known)
        standing, changed = self._fold(work.acts, latest, known)
        corrected = self._corrected(work.acts, latest)
        self._versions(work.versions, known, standing)
        self._complaints(latest, known, corrected)
        moved = {k["case_id"] for cid, k in known.items() if cid in latest or cid in corrected}
        left, taken = self._move(work.acts)
        changed |= taken
        touched = {r["case_id"] for r in latest.values()} | moved | changed | left
        self._cases(touched, standing, changed)
        self._reporters(work.reporters)
        self.insert("decisions", self._numbered(work.decisions))
        self._park(work)
        self._replace("channel_health", list(work.health.values()))
        self._replace("alarms", list(work.alarms.values()))
        self._books(work, known)
        return self.seq.value - before

    def positions(self, after: Positions, notes: Mapping[tuple[str, int], str]) -> None:
        """Store how far the bus is written; in the same transaction as the rows."""
        rows = [
            {"topic": topic, "part": part, "last": last, "note": notes.get((topic, part), ""),
             "pub_seq": self.seq.value}
            for (topic, part), last in after.items()
        ]  # fmt: skip
        if rows:
            self._lend("incoming", self._arrow("positions", rows))
            self._run("delete_positions")
            self.insert("positions", rows)

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Insert rows through one Arrow table."""
        if rows:
            self._lend("incoming", self._arrow(table, rows))
            self._con.execute(f"INSERT INTO {table} BY NAME FROM incoming")

    def _known(self, work: Work) -> dict[str, Row]:
        asked = {r["complaint_id"] for r in work.versions}
        asked |= {a.decision.complaint_id for a in work.acts if a.decision.complaint_id}
        return {r["complaint_id"]: r for r in self._ask("known_complaints", asked)}

    def _fold(
        self, acts: Sequence[Act], latest: dict[str, Row], known: dict[str, Row]
    ) -> tuple[Standing, set[str]]:
        """Return how every touched case stands after the acts, and which the acts changed."""
        home = {cid: r["case_id"] for cid, r in known.items()}
        home |= {cid: r["case_id"] for cid, r in latest.items()}
        targets = [(a, _target(a, home)) for a in acts]
        asked = {case for _, case in targets} | set(home.values())
        asked |= {case for a in acts if a.decision.kind == "merge" for case in a.merged}
        standing: Standing = {
            r["case_id"]: (r["status"], r["opd"]) for r in self._ask("known_cases", asked)
        }
        changed: set[str] = set()
        for act, case in targets:
            before = standing.get(case, ("baru", None))
            standing[case] = status_after(act, *before)
            if standing[case] != before:
                changed.add(case)
        return standing, changed

    def _move(self, acts: Sequence[Act]) -> tuple[set[str], set[str]]:
        """Move what was merged or split, act by act; return the cases left and those moved to."""
        left: set[str] = set()
        taken: set[str] = set()
        for act in acts:
            if not act.case_id or act.decision.kind not in ("merge", "split"):
                continue
            if act.decision.kind == "merge":
                gone = [case for case in act.merged if case != act.case_id]
            else:
                named = self._ask("known_complaints", [act.decision.complaint_id])
                gone = [row["case_id"] for row in named]
            for case in gone:
                given = {"old": case, "new": act.case_id, "id": act.decision.complaint_id}
                self._con.execute(_SQL["move"], given | {"seq": self.seq.next()})
            left.update(gone)
            taken.add(act.case_id)
        return left, taken

    def _versions(self, versions: Sequence[Row], known: dict[str, Row], standing: Standing) -> None:
        first: dict[str, int] = {cid: r["arrived_seq"] for cid, r in known.items()}
        for row in self._numbered(versions):
            row["arrived_seq"] = first.setdefault(row["complaint_id"], row["pub_seq"])
            row["status"], row["opd"] = standing.get(row["case_id"], ("baru", None))
        self.insert("complaint_versions", versions)

    def _complaints(
        self, latest: dict[str, Row], known: dict[str, Row], corrected: Corrections
    ) -> None:
        """Replace the rows that have a newer version or were corrected."""
        stood = [cid for cid in corrected if cid in known and cid not in latest]
        rows = latest | {r["complaint_id"]: r for r in self._ask("as_the_machine_said", stood)}
        self._numbered([rows[cid] for cid in stood])
        for cid, told in corrected.items():
            if cid in rows:
                rows[cid] = corrections.hold(rows[cid], told)
        if replaced := [cid for cid in rows if cid in known]:
            self._lend("asked", pa.table({"id": pa.array(replaced, pa.string())}))
            self._run("delete_complaints")
        self.insert("complaints", list(rows.values()))

    def _corrected(self, acts: Sequence[Act], latest: Iterable[str]) -> Corrections:
        """Return what holds of corrections for the new rows, and for those corrected just now."""
        now = [a.decision for a in acts if a.decision.kind == "correct"]
        found: Corrections = {}
        for row in self._ask("known_corrections", {*latest, *(d.complaint_id for d in now)}):
            told = corrections.read(json.loads(row["value"]))
            found.setdefault(row["complaint_id"], {}).update(told)
        for decision in now:
            found.setdefault(decision.complaint_id, {}).update(corrections.read(decision.value))
        return found

    def _cases(self, touched: set[str], standing: Standing, changed: set[str]) -> None:
        if not touched:
            return
        self._lend_touched(changed, standing)
        if changed:
            self._run("set_status")
        self._lend_touched(touched, standing)
        self._run("delete_cases")
        self._run("insert_cases")

    def _lend_touched(self, cases: set[str], standing: Standing) -> None:
        rows = []
        # Sorted: the same batch gives the same numbers after a crash.
        for case in sorted(cases):
            status, opd = standing.get(case, ("baru", None))
            rows.append({"case_id": case, "status": status, "opd": opd, "pub_seq": self.seq.next()})
        self._lend("touched", pa.Table.from_pylist(rows, _TOUCHED))

    def _reporters(self, reporters: dict[tuple[str, str], Row]) -> None:
        stored = self._ask("known_reporters", {ref for _, ref in reporters})
        known = {(r["tenant"], r["reporter_ref"]): r for r in stored}
        merged = []
        for key, row in reporters.items():
            before = known.get(key)
            new = row if before is None else {k: v or before[k] for k, v in row.items()}
            if new != before:
                merged.append(new)
        self._replace("reporters", merged)

    def _park(self, work: Work) -> None:
        """Add what is parked and was not; what no stub stands for is counted here."""
        stored = self._ask("known_parked", {r["event_id"] for r in work.parked})
        known = {(r["event_id"], r["stage"]) for r in stored}
        new = {}
        for row in work.parked:
            key = (row["event_id"], row["stage"])
            if key not in known and key not in new:
                new[key] = row
                if row.get("counts"):
                    work.fates[row["tenant"], row["channel"], "parked"] += 1
        self.insert("parked", self._numbered(list(new.values())))

    def _books(self, work: Work, known: dict[str, Row]) -> None:
        """Count the fates of raw messages; a stub that is read after all is parked no more."""
        fates = Counter(work.fates)
        latest = dict(known)
        for row in work.versions:
            before = latest.get(row["complaint_id"])
            # A stub and its rereading may lie in one batch.
            latest[row["complaint_id"]] = row
            if before and before["stub"] and not row["stub"] and row["raw_id"] == before["raw_id"]:
                fates[row["tenant"], row["channel"], "parked"] -= 1
                fates[row["tenant"], row["channel"], "stored"] += row["reread"]
        rows = list(work.tallies.values())
        if fates:
            stood = {
                (r["tenant"], r["channel"], r["outcome"]): r["n"]
                for r in self._con.execute(_SQL["known_books"]).to_arrow_table().to_pylist()
            }
            for key, n in fates.items():
                named = dict(zip(("tenant", "channel", "outcome"), key, strict=True))
                rows.append({**named, "node": "", "n": stood.get(key, 0) + n})
        self._replace("books", rows)

    def _replace(self, table: str, rows: Sequence[Row]) -> None:
        if rows:
            self._lend("incoming", self._arrow(table, self._numbered(rows)))
            self._run(f"delete_{table}")
            self.insert(table, rows)

    def _numbered(self, rows: Sequence[Row]) -> Sequence[Row]:
        for row in rows:
            row["pub_seq"] = self.seq.next()
        return rows

    def _ask(self, name: str, wanted: Iterable[str]) -> list[Row]:
        keys = [k for k in wanted if k]
        if not keys:
            return []
        self._lend("asked", pa.table({"id": pa.array(keys, pa.string())}))
        rows: list[dict[str, Any]] = self._con.execute(_SQL[name]).to_arrow_table().to_pylist()
        return rows

    def _run(self, name: str) -> None:
        self._con.execute(_SQL[name])

    def _lend(self, name: str, table: pa.Table) -> None:
        self._con.register(name, table)

    def _arrow(self, table: str, rows: Sequence[Row]) -> pa.Table:
        schema = self._schemas[table]
        columns = [pa.array([r.get(f.name) for r in rows], f.type) for f in schema]
        return pa.Table.from_arrays(columns, schema=schema)


def _target(act: Act, home: Mapping[str, str]) -> str:
    named = act.decision.case_id or home.get(act.decision.complaint_id, "")
    # A split leaves the case it was decided on as it stands.
    return named if act.decision.kind == "split" else act.case_id or named


def _latest(versions: Sequence[Row], known: dict[str, Row]) -> dict[str, Row]:
    """Choose each complaint's latest version, unless what is stored is later still."""
    latest: dict[str, Row] = {}
    for row in versions:
        cid = row["complaint_id"]
        rival = latest.get(cid) or known.get(cid)
        if rival is None or _rank(row) >= _rank(rival):
            latest[cid] = row
    return latest


def _rank(row: Row) -> tuple[Any, int]:
    return row["version_at"], row["position"]
