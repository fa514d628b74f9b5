"""A sink in a process of its own, for tests that kill it or take its disk away."""

import resource
import sys
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from core.bus import Batch
from core.clock import FrozenClock
from core.errors import RetryLater
from sink import Sink
from tests.sink.sink_makers import KEY, START, TENANT, heads, many

BATCH = 50


def main(mode: str, folder: str, total: int) -> None:
    """Write entries 0..total from where the file stands; say on stdout what is done."""
    clock = FrozenClock(START)
    sink = Sink(Path(folder), {TENANT: ZoneInfo("Asia/Jakarta")}, {TENANT: b"k"}, clock)
    if mode == "full":
        _limit(1_500_000)
    while (start := sink.positions().get(KEY, -1) + 1) < total:
        records = many(min(BATCH, total - start), start)
        try:
            sink.handle(Batch(records, {}, heads(records)))
        except RetryLater:
            print("refused", flush=True)
            _limit(resource.RLIM_INFINITY)
        print(f"written {start}", flush=True)
        clock.at += timedelta(seconds=2)
        if mode == "kill" and start % (5 * BATCH) == 0:
            sink.maybe_publish(clock.at)
    if mode == "full":
        _limit(100_000)
        print("published" if sink.maybe_publish(clock.at) else "not published", flush=True)
        _limit(resource.RLIM_INFINITY)
    if mode != "plain":
        sink.maybe_publish(clock.at + timedelta(minutes=5))
    sink.close()
    print("done", flush=True)


def _limit(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
