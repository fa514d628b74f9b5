"""The fault suite: one line per row of the matrix; exit 1 if any row breaks (see --help).

A negative control has its protection taken away and must break: it shows that the suite would see.
docs/reliability.md says what each row does and what was found.
"""

import argparse
import logging
import sys
import tempfile
from pathlib import Path

import structlog

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import (
    abuse,
    backups,
    clocks,
    damage,
    doubles,
    kafka_faults,
    kills,
    poison,
    powercuts,
    room,
    sleepers,
    soak,
    syscalls,
)
from bench.figures import Mode, Row, Terms, line, measured, stands

_E: Mode = "embedded"
_K: Mode = "kafka"
ROWS = (
    Row("1", "power cut of the log", _E, powercuts.power_cuts),
    Row("1a", "control: synchronous=NORMAL", _E, powercuts.power_cuts_without_sync, True),
    Row("2", "kill -9 at each system call", _E, syscalls.kill_at_syscalls),
    Row("2a", "control: position before effect", _E, syscalls.position_before_effect, True),
    Row("3", "kill -9 of every process", _E, kills.kills_of_everything),
    Row("8", "full disk, then room again", _E, room.full_disk),
    Row("9", "EIO from fsync, write and read", _E, syscalls.io_errors),
    Row("10", "damaged files", _E, damage.damaged_files),
    Row("11", "poison among good messages", _E, poison.poison),
    Row("11a", "control: decoded before the guard", _E, poison.decoded_outside_the_guard, True),
    Row("13", "attacks on the webhook", _E, abuse.webhook_abuse),
    Row("15", "clock set forward and back", _E, clocks.stepped_clock),
    Row("16", "the same event from several sides", _E, doubles.duplicate_sources),
    Row("16a", "control: no event id", _E, doubles.without_event_ids, True),
    Row("18", "soak: memory and open files", _E, soak.soak),
    Row("19", "backup while writing, restore", _E, backups.backup_while_writing),
    Row("20", "dedup wakes after its office moved", _E, sleepers.woken_dedup),
    Row("4", "kill -9 of every process", _K, kafka_faults.kills_of_everything),
    Row("5", "broker killed, held, and away", _K, kafka_faults.broker_away),
    Row("6", "stages join and leave all the time", _K, kafka_faults.rebalance_storm),
    Row("20", "dedup wakes after its office moved", _K, kafka_faults.woken_dedup),
)


def main() -> None:
    """Run the chosen rows and print a line for each."""
    args = _arguments()
    # What the stages log is theirs to say; here only the lines of the rows are printed.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    chosen = [row for row in ROWS if row.mode == args.mode and _asked(row, args.rows)]
    if not chosen:
        raise SystemExit(f"no row of {args.rows} in {args.mode} mode")
    broken = 0
    for row in chosen:
        with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as folder:
            terms = Terms(args.seed, args.scale, Path(folder), args.kills)
            found, wall = measured(row, terms)
        print(line(row, terms, found, wall), flush=True)
        broken += not stands(row, found)
    print(f"{len(chosen)} rows, {broken} broken, seed={args.seed} scale={args.scale}")
    sys.exit(1 if broken else 0)


def _asked(row: Row, rows: str) -> bool:
    """Say whether a row was asked for; 3 brings its controls 3a, 3b with it."""
    asked = [name.strip() for name in rows.split(",") if name.strip()]
    return not asked or row.number in asked or row.number.rstrip("abc") in asked


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="", help="e.g. 1,3,8; all without it")
    parser.add_argument("--mode", choices=["embedded", "kafka"], default="embedded")
    parser.add_argument("--seed", type=int, default=1708)
    parser.add_argument("--scale", choices=["small", "full"], default="full")
    parser.add_argument("--kills", type=int, default=0, help="kills in row 3 (full: 120)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
