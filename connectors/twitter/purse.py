"""The money a day may cost: X sells every post read."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from core.connector import Context
from core.errors import RetryLater


@dataclass(frozen=True, slots=True)
class Prices:
    """What one read costs in US dollars; `user` is 0 if no names are asked for."""

    post: float
    mention: float
    user: float


class Purse:
    """What has been spent today (UTC, as X counts); kept in the cursor, so a restart is no reset.

    X bills a post once in 24 hours however often it is read, so this counts rather too much.
    """

    def __init__(self, limit: float, prices: Prices, context: Context) -> None:
        self.limit, self.prices = limit, prices
        self._clock, self._zone = context.clock, context.zone
        self.day, self.spent = "", 0.0

    def resume(self, day: str, spent: float) -> None:
        """Go on from what the cursor remembers, unless this process knows of more."""
        if day > self.day:
            self.day, self.spent = day, spent
        elif day == self.day:
            self.spent = max(self.spent, spent)

    def affords(self, price: float, least: int = 1) -> int:
        """Return how many reads at this price (with their author) the day still allows.

        Raises RetryLater until the next day if they are fewer than `least`.
        """
        self._today()
        each = price + self.prices.user
        # Cents that a sum of floats has lost must not cost a read.
        reads = int((self.limit - self.spent + 1e-9) / each) if each else 1_000_000
        if reads < least:
            raise self.empty()
        return reads

    def pay(self, price: float, posts: int, users: int) -> None:
        """Count what a reading brought."""
        self._today()
        self.spent = round(self.spent + posts * price + users * self.prices.user, 6)

    def empty(self) -> RetryLater:
        """Say that the day's money is gone, and when there is new."""
        now = self._clock()
        tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
        hour = tomorrow.astimezone(self._zone).strftime("%H.%M %Z")
        return RetryLater(
            f"Anggaran X hari ini (USD {self.limit:.2f}) habis; berlanjut pukul {hour}.",
            after=(tomorrow - now).total_seconds() + 1,
        )

    def _today(self) -> None:
        today = self._clock().astimezone(UTC).date().isoformat()
        if today != self.day:
            self.day, self.spent = today, 0.0
