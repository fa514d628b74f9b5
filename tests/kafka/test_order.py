"""The bus's property of order on a real broker: a few examples, for each costs seconds."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from tests.contract.bus_engines import ENGINES, House, play
from tests.contract.test_bus_order import steps, walk

[KAFKA] = [engine for engine in ENGINES if engine.name == "kafka"]


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=steps)
def test_every_group_gets_every_record_in_order(story: list[tuple[object, ...]]) -> None:
    async def played(house: House) -> None:
        await walk(house, story)

    with tempfile.TemporaryDirectory() as folder:
        play(KAFKA, Path(folder), played)
