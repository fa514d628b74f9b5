"""Publishes whole, immutable, versioned snapshots in two flavours behind one pointer."""

import hashlib
import hmac
import os
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
from duckdb import DuckDBPyConnection

from core.clock import Clock
from core.log import get_logger
from sink import manifest
from sink.manifest import FLAVOURS, Flavour, Manifest
from sink.statements import script
from sink.store import Store

_KEPT = timedelta(minutes=10)
# Whole snapshots weigh much: beyond this weight the older ones go after a minute.
_KEPT_BYTES = 2 * 2**30
_KEPT_AT_LEAST = timedelta(seconds=60)
_LEAST_PAUSE = 1.0
# A publication may take a quarter of the sink's time, however big the file has grown.
_PAUSE_PER_SECOND = 3.0
_AFTER_FAILURE = 30.0
_MODES: dict[Flavour, int] = {"operator": 0o600, "analyst": 0o640}


class Publisher:
    """Makes publications from the live file; used by the thread that writes it."""

    def __init__(
        self, store: Store, folder: Path, clock: Clock, analyst_keys: Mapping[str, bytes]
    ) -> None:
        self._store = store
        self._folder = folder
        self._clock = clock
        self._keys = analyst_keys
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep_unfinished()
        self._rest_span: tuple[datetime, datetime] | None = None
        self._seen: int | None = None
        current = manifest.load(folder)
        if current is not None and current.pub_seq == store.pub_seq:
            whole = all((folder / name).exists() for name in current.flavours.values())
            self._seen = store.revision if whole else None

    def due(self, now: datetime) -> bool:
        """Say whether there is something new and the last publication is old enough."""
        if self._seen == self._store.revision:
            return False
        if self._rest_span is None:
            return True
        began, until = self._rest_span
        # Before it began: the clock was set back, which must not stop publications.
        return not began <= now < until

    def publish(self) -> Manifest:
        """Write both flavours, then move the pointer. A failure leaves the old one standing."""
        started = time.perf_counter()
        now, seen = self._clock(), self._store.revision
        self._rest(now, _AFTER_FAILURE)
        try:
            made = self._write_files(now)
        except BaseException:
            self._sweep_unfinished()
            raise
        before = manifest.load(self._folder)
        manifest.store(self._folder, made)
        self._seen = seen
        self._point_links(made)
        self._let_go(before, made, now)
        took = time.perf_counter() - started
        self._rest(now, max(_LEAST_PAUSE, took * (1 + _PAUSE_PER_SECOND)))
        # At debug: with a steady stream this happens every second.
        get_logger().debug(
            "snapshot_published", version=made.version, duration_ms=round(took * 1000)
        )
        return made

    def _write_files(self, now: datetime) -> Manifest:
        version = manifest.next_version(self._folder)
        with self._store.connection() as con:
            made = Manifest(
                version=version,
                flavours={f: manifest.name_of(f, version) for f in FLAVOURS},
                snapshot=version,
                positions=manifest.written(self._store.positions()),
                pub_seq=self._store.pub_seq,
                made_at=now,
            )
            for flavour in FLAVOURS:
                self._write_file(con, flavour, made)
        for flavour, name in made.flavours.items():
            self._finish(flavour, name, now)
        manifest.sync(self._folder)
        return made

    def _write_file(self, con: DuckDBPyConnection, flavour: Flavour, made: Manifest) -> None:
        path = self._folder / f"{made.flavours[flavour]}.tmp"
        con.execute(f"ATTACH '{_quoted(path)}' AS pub")
        path.chmod(_MODES[flavour])
        if flavour == "analyst":
            con.register("pseudonyms", self._pseudonyms(con))
        con.execute(script(f"publish_{flavour}.sql"))
        con.execute(
            "INSERT INTO pub.published SELECT ?, ?, ?, count(*), ? FROM pub.complaints",
            [made.version, flavour, made.made_at, made.pub_seq],
        )
        con.execute("CHECKPOINT pub")
        con.execute("DETACH pub")

    def _pseudonyms(self, con: DuckDBPyConnection) -> pa.Table:
        """Give every reporter a pseudonym under the office's key; without a key, none."""
        refs = con.execute(
            "SELECT DISTINCT tenant, reporter_ref FROM complaint_versions WHERE reporter_ref <> ''"
        ).to_arrow_table()
        tenants, known = refs["tenant"].to_pylist(), refs["reporter_ref"].to_pylist()
        made = [pseudonym(self._keys.get(t), r) for t, r in zip(tenants, known, strict=True)]
        return refs.append_column("pseudonym", pa.array(made, pa.string()))

    def _finish(self, flavour: Flavour, name: str, now: datetime) -> None:
        path = self._folder / f"{name}.tmp"
        path.chmod(_MODES[flavour])
        manifest.sync(path)
        os.utime(path, (now.timestamp(), now.timestamp()))
        path.rename(self._folder / name)

    def _point_links(self, made: Manifest) -> None:
        for flavour, name in made.flavours.items():
            new = self._folder / f"{flavour}.link.tmp"
            new.unlink(missing_ok=True)
            new.symlink_to(name)
            new.replace(self._folder / f"{flavour}.duckdb")

    def _let_go(self, before: Manifest | None, made: Manifest, now: datetime) -> None:
        """Delete what has not been current for ten minutes."""
        for name in before.flavours.values() if before else ():
            # Its age counts from now, when it stops being current.
            if (self._folder / name).exists():
                os.utime(self._folder / name, (now.timestamp(), now.timestamp()))
        weight = 0
        for path, stat in self._superseded(made):
            weight += stat.st_size
            kept = _KEPT if weight <= _KEPT_BYTES else _KEPT_AT_LEAST
            if stat.st_mtime < (now - kept).timestamp():
                path.unlink(missing_ok=True)

    def _superseded(self, made: Manifest) -> list[tuple[Path, os.stat_result]]:
        old = [p for p in self._folder.glob("*-*.duckdb") if p.name not in made.flavours.values()]
        # Newest first, so that the budget is spent on what readers may still be opening.
        return sorted(((p, p.stat()) for p in old), key=lambda f: f[1].st_mtime, reverse=True)

    def _sweep_unfinished(self) -> None:
        for pattern in ("*.tmp", "*.tmp.wal"):
            for path in self._folder.glob(pattern):
                path.unlink(missing_ok=True)

    def _rest(self, now: datetime, seconds: float) -> None:
        self._rest_span = (now, now + timedelta(seconds=seconds))


def pseudonym(key: bytes | None, reporter_ref: str) -> str:
    """Name a reporter for analysts: HMAC with the office's own key, which may be rotated."""
    if not key:
        return ""
    return hmac.digest(key, reporter_ref.encode(), hashlib.sha256).hex()[:16]


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
