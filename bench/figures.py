"""What a row of the fault suite found, how it is printed, and what makes it break."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Scale = Literal["small", "full"]
Mode = Literal["embedded", "kafka"]


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which a row runs: the seed decides everything that is chance."""

    seed: int
    scale: Scale
    folder: Path
    kills: int = 0
    """More kills than the scale's own, if asked for."""

    def pick(self, small: int, full: int) -> int:
        """Return a figure for the scale."""
        return full if self.scale == "full" else small


@dataclass
class Figures:
    """Counts of one row; `broken` says in words what should not have been."""

    sent: int = 0
    accepted: int = 0
    stored: int = 0
    unique: int = 0
    lost: int = 0
    invented: int = 0
    parked: int = 0
    kills: int = 0
    recoveries: list[float] = field(default_factory=list)
    more: dict[str, object] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    @property
    def duplicated(self) -> int:
        """How many were stored more than once."""
        return self.stored - self.unique

    def compare(self, accepted: Iterable[str], stored: Sequence[str]) -> None:
        """Hold what is stored against what was told to be accepted."""
        truth, found = set(accepted), set(stored)
        self.accepted += len(truth)
        self.stored += len(stored)
        self.unique += len(found)
        self.lost += len(truth - found)
        self.invented += len(found - truth)

    def check(self, good: object, otherwise: str) -> None:
        """Note what is not as it should be."""
        if not good:
            self.broken.append(otherwise)

    def judge(self) -> None:
        """Note the breaches that every row has in common."""
        self.check(self.lost == 0, f"lost {self.lost}")
        self.check(self.duplicated == 0, f"doubled {self.duplicated}")
        self.check(self.invented == 0, f"invented {self.invented}")


Run = Callable[[Terms], Figures]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the suite. A `control` has its protection taken away and must break."""

    number: str
    name: str
    mode: Mode
    run: Run
    control: bool = False


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lies; 0 of none."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else 0.0


def line(row: Row, terms: Terms, found: Figures, wall: float) -> str:
    """Write a row as the one line that is printed."""
    recovery = "/".join(f"{percentile(found.recoveries, share):.1f}s" for share in (0.5, 0.99))
    counts = " ".join(
        f"{name}={getattr(found, name)}"
        for name in ("sent", "accepted", "stored", "unique", "duplicated", "lost", "invented",
                     "parked", "kills")
    )  # fmt: skip
    more = "".join(f" {name}={value}" for name, value in found.more.items())
    return (
        f"{row.number:>4} {row.name:<34} {row.mode} seed={terms.seed} {counts}"
        f" recovery_p50/p99={recovery}{more} wall={wall:.1f}s {verdict(row, found)}"
    )


def verdict(row: Row, found: Figures) -> str:
    """Say whether the row stands: a control stands when it breaks."""
    if row.control:
        return "FAILS AS IT MUST" if found.broken else "BROKEN: the control found nothing"
    return "ok" if not found.broken else "BROKEN: " + "; ".join(found.broken)


def stands(row: Row, found: Figures) -> bool:
    """Say whether the row is as it should be."""
    return bool(found.broken) == row.control


def measured(row: Row, terms: Terms) -> tuple[Figures, float]:
    """Run a row; what it did not foresee breaks it, and the others go on."""
    started = time.monotonic()
    try:
        found = row.run(terms)
        found.judge()
    except Exception as error:
        if row.control:
            raise
        found = Figures(broken=[f"{type(error).__name__}: {error}"])
    return found, time.monotonic() - started
