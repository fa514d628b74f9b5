"""A disk that fills up under a running house, on a small tmpfs in a mount namespace of its own."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.figures import Figures, Terms
from bench.load import Load
from bench.sleepers import sending
from bench.watch import audit
from tests.acceptance.running import Running

_SIZE_MB = 640
# Below 256 MB nothing is taken in; below 64 MB the stages stop; at none every write fails.
_LEFT_MB = (128, 32, 0)
_HELD_SECONDS = 4.0
_PATIENCE = 60.0
_RATE = 80.0


def full_disk(terms: Terms) -> Figures:
    """Row 8: refused while there is no room, and resumed by itself when there is."""
    unshare = shutil.which("unshare")
    if unshare is None:
        raise RuntimeError("unshare is missing: apt-get install -y util-linux")
    words = ["-m"] if os.geteuid() == 0 else ["-rm"]
    done = subprocess.run(
        [unshare, *words, sys.executable, __file__, str(terms.folder), str(terms.seed),
         terms.scale],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def _inside(terms: Terms) -> Figures:
    """Run the row where the small disk is mounted; it goes with the namespace."""
    disk = terms.folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE_MB}m", "tmpfs", str(disk)]
    subprocess.run(mount, check=True, capture_output=True)
    found = Figures()
    house = Running(disk / "rumah")
    house.start()
    try:
        house.ready()
        with sending(house, _RATE) as load:
            _wait(lambda: len(load.accepted) > 50)
            for left in (_LEFT_MB * 3)[terms.pick(7, 0) :]:
                _fill_and_free(disk, left, load, found)
        found.sent, found.more["refused"] = load.sent, load.refused
        audit(house, load.accepted, found)
    finally:
        house.stop()
    return found


def _fill_and_free(disk: Path, left_mb: int, load: Load, found: Figures) -> None:
    ballast, refused = disk / "ballast", load.refused
    _fill(disk, ballast, left_mb)
    found.kills += 1
    threading.Event().wait(_HELD_SECONDS)
    found.check(load.refused > refused, f"no 503 with {left_mb} MB left")
    ballast.unlink()
    freed, accepted = time.monotonic(), len(load.accepted)
    resumed = _wait(lambda: len(load.accepted) > accepted + 10)
    found.check(resumed, f"did not resume after {left_mb} MB left")
    found.recoveries.append(time.monotonic() - freed)
    threading.Event().wait(1.0)


def _fill(disk: Path, ballast: Path, left_mb: int) -> None:
    """Take the room away down to what is to be left."""
    with open(ballast, "wb", buffering=0) as file:
        while True:
            free = shutil.disk_usage(disk).free - left_mb * 2**20
            if free <= 0:
                return
            try:
                file.write(bytes(min(free, 2**20)))
            except OSError:
                return


def _wait(done: Callable[[], bool]) -> bool:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if done():
            return True
        time.sleep(0.05)
    return False


if __name__ == "__main__":
    given = Terms(int(sys.argv[2]), "full" if sys.argv[3] == "full" else "small", Path(sys.argv[1]))
    print(json.dumps(asdict(_inside(given))))
