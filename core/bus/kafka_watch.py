"""The watchdog's count: how long the client has heard nothing of a partition."""

from typing import Any


class Watch:
    """Counts how long the client has waited for a partition without any answer about it.

    Time that the stage spends on its own work does not count.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self.reset()

    def reset(self) -> None:
        """Begin to count anew."""
        self._waited = 0.0
        self._heard: dict[Any, tuple[object, float]] = {}
        self._moving_since: float | None = None

    def stuck(self, client: Any, moving: bool, waited: float) -> list[Any] | None:
        """Return partitions unheard of for too long, [] if the group never settles, else None."""
        self._waited += waited
        if moving:
            self._moving_since = self._waited if self._moving_since is None else self._moving_since
            return [] if self._waited - self._moving_since >= self._limit else None
        self._moving_since = None
        for tp in client.assignment():
            stamp = client.last_poll_timestamp(tp)
            if tp not in self._heard or self._heard[tp][0] != stamp:
                self._heard[tp] = (stamp, self._waited)
        late = [tp for tp, (_, at) in self._heard.items() if self._waited - at >= self._limit]
        return late or None


class Stalled(Exception):
    """Records wait, the broker answers, and none arrives: end the process and start it anew."""
