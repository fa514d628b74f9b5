"""What asks the providers does not end unseen."""

import asyncio

import pytest

from gateway.pulls import Poll, Polling


class _Broken(Poll):
    """A poll that ends by itself, as only a bug can make it."""

    def __init__(self) -> None:
        pass

    async def run(self, stop: asyncio.Event) -> None:
        raise OSError("habis")


def test_a_poll_that_ends_by_itself_ends_the_daemon() -> None:
    async def scenario() -> None:
        polling = Polling([_Broken()])
        polling.check()  # it has not begun
        await asyncio.sleep(0)
        with pytest.raises(OSError, match="habis"):
            polling.check()

    asyncio.run(scenario())
