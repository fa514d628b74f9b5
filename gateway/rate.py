"""How often an address may call: a token bucket for each, in bounded memory."""

from collections import OrderedDict
from collections.abc import Callable
from math import ceil

_MOST = 10_000


class Buckets:
    """Token buckets by address; the address heard longest ago is forgotten first."""

    def __init__(self, monotonic: Callable[[], float], most: int = _MOST) -> None:
        self._now = monotonic
        self._most = most
        # address -> tokens left, and when that was so
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def take(self, who: str, per_minute: float, burst: int) -> int:
        """Take a token and return 0, or return after how many whole seconds there is one."""
        now = self._now()
        left, at = self._left.pop(who, (float(burst), now))
        left = min(float(burst), left + (now - at) * per_minute / 60)
        taken = left >= 1
        self._left[who] = (left - 1 if taken else left, now)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
        return 0 if taken else max(1, ceil((1 - left) * 60 / per_minute))
