"""How much may be taken in a minute."""

import time
from collections.abc import Callable

MINUTE = 60 * 10**9
"""In nanoseconds."""


class RateLimit:
    """A token bucket that holds a minute's worth, is full at first and fills up evenly.

    So no span of time sees more than its share and a minute's worth on top. `clock` gives nanoseconds that
    never go back; whole numbers keep it exact: the bucket's level is in units of 1/MINUTE.
    """

    def __init__(self, per_minute: int, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._level = self._full
        self._at = clock()

    def wait_for(self, amount: int) -> int:
        """Nanoseconds until `amount` can be taken; 0: now. Of more than a minute's worth, that is enough."""
        return self._until(self._bounded(amount) * MINUTE)

    def take(self, amount: int) -> int:
        """Take `amount`, which can be taken now; returns how much that is: at most a minute's worth."""
        taken = self._bounded(amount)
        self.settle(0, taken)
        return taken

    def settle(self, taken: int, used: int) -> None:
        """Correct what was taken to what was used; what is more than there is, the next ones wait for."""
        self._level = min(self._full, self._filled() + (taken - used) * MINUTE)

    @property
    def remaining(self) -> int:
        """How much can be taken now."""
        return max(0, self._filled() // MINUTE)

    @property
    def resets_in(self) -> int:
        """Nanoseconds until a minute's worth can be taken."""
        return self._until(self._full)

    @property
    def _full(self) -> int:
        return self.per_minute * MINUTE

    def _bounded(self, amount: int) -> int:
        return min(amount, self.per_minute)

    def _until(self, level: int) -> int:
        return max(0, -((self._filled() - level) // self.per_minute))

    def _filled(self) -> int:
        now = self._clock()
        self._level = min(self._full, self._level + (now - self._at) * self.per_minute)
        self._at = now
        return self._level
