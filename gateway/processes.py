"""The stages as processes: the supervisor notes them in DATA, `/metrics` tells how each one is."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from prometheus_client import ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from pydantic import TypeAdapter, ValidationError

from core.record import Record


class StageProcess(Record):
    """One stage under the supervisor: its process (none while it is between two), its restarts."""

    stage: str
    pid: int | None
    ready: bool
    restarts: int


_NOTED = TypeAdapter(tuple[StageProcess, ...])
# What ProcessCollector calls a value, and under which name it is told for each stage.
_OF_PROCESS = {
    "process_resident_memory_bytes": "kanal_stage_resident_memory_bytes",
    "process_cpu_seconds": "kanal_stage_cpu_seconds",
    "process_open_fds": "kanal_stage_open_fds",
    "process_start_time_seconds": "kanal_stage_start_time_seconds",
}


def note(data: Path, stages: Sequence[StageProcess]) -> None:
    """Write down how the stages stand, in one piece. A full disk leaves the old note."""
    path = _path(data)
    part = path.with_suffix(".part")
    with contextlib.suppress(OSError):
        part.write_bytes(_NOTED.dump_json(tuple(stages)))
        os.replace(part, path)


def forget(data: Path) -> None:
    """Take the note away: nothing runs any more."""
    with contextlib.suppress(OSError):
        _path(data).unlink(missing_ok=True)


def noted(data: Path) -> tuple[StageProcess, ...]:
    """Return the stages that the supervisor has noted; none without a supervisor."""
    try:
        return _NOTED.validate_json(_path(data).read_bytes())
    except (OSError, ValidationError):
        return ()


def metrics(stages: Iterable[StageProcess]) -> Iterator[Metric]:
    """Return what `/metrics` tells of each stage; a dead one has no memory and no files."""
    up = GaugeMetricFamily("kanal_stage_up", "1 = it is ready.", labels=("stage",))
    restarts = CounterMetricFamily("kanal_stage_restarts", "Started again.", labels=("stage",))
    of_process: dict[str, Metric] = {}
    for stage in stages:
        values = list(_process(stage.pid))
        # A note outlives a supervisor that was killed; the process it names does not.
        up.add_metric((stage.stage,), stage.ready and bool(values))
        restarts.add_metric((stage.stage,), stage.restarts)
        for found in values:
            name = _OF_PROCESS[found.name]
            told = of_process.setdefault(name, Metric(name, found.documentation, found.type))
            for sample in found.samples:
                renamed = sample.name.replace(found.name, name)
                told.add_sample(renamed, {"stage": stage.stage}, sample.value)
    yield from (up, restarts, *of_process.values())


def _process(pid: int | None) -> Iterator[Metric]:
    if pid is None:
        return
    collector = ProcessCollector(pid=lambda: pid, registry=None)
    yield from (metric for metric in collector.collect() if metric.name in _OF_PROCESS)


def _path(data: Path) -> Path:
    return data / "run" / "stages.json"
