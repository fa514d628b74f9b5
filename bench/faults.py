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

from bench import backups, clocks, doubles, kills, powercuts, room, sleepers, soak, syscalls
from bench.figures import Row, Terms, line, measured, stands

ROWS = (
    Row("1", "power cut of the log", "embedded", powercuts.power_cuts),
    Row("1a", "control: synchronous=NORMAL", "embedded", powercuts.power_cuts_without_sync, True),
    Row("2", "kill -9 at each system call", "embedded", syscalls.kill_at_syscalls),
    Row("2a", "control: position before effect", "embedded", syscalls.position_before_effect, True),
    Row("3", "kill -9 of every process", "embedded", kills.kills_of_everything),
    Row("P", "dedup wakes after its office moved", "embedded", sleepers.woken_dedup),
    Row("15", "clock set forward and back", "embedded", clocks.stepped_clock),
    Row("16", "the same event from several sides", "embedded", doubles.duplicate_sources),
    Row("16a", "control: no event id", "embedded", doubles.without_event_ids, True),
    Row("18", "soak: memory and open files", "embedded", soak.soak),
    Row("19", "backup while writing, restore", "embedded", backups.backup_while_writing),
    Row("8", "full disk, then room again", "embedded", room.full_disk),
    Row("9", "EIO from fsync, write and read", "embedded", syscalls.io_errors),
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
