"""Who may use a model that writes one answer at a time, and how long the others wait."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from code_rag.servicekit.errors import Overloaded, UpstreamTimeout

FIRST_GUESS_SECONDS = 20.0
"""What an answer is taken to need before one was written."""
_WEIGHT = 0.3  # of the last answer in the mean


class WaitingLine:
    """One turn after the other, in the order of asking; at most `places` wait."""

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._places = places
        self._clock = clock
        self._lock = asyncio.Lock()
        self._mean = FIRST_GUESS_SECONDS
        self._began: float | None = None
        self.waiting = 0
        self.refused = 0

    @property
    def is_taken(self) -> bool:
        """Whether an answer is being written."""
        return self._began is not None

    def wait_seconds(self) -> float:
        """How long one who asks now would wait, by what the last answers took."""
        rest = max(self._mean - (self._clock() - self._began), 1.0) if self._began is not None else 0.0
        return rest + self.waiting * self._mean

    @asynccontextmanager
    async def turn(self, longest: float) -> AsyncGenerator[None]:
        """Wait for a turn, `longest` seconds at most, and hold it.

        Raises Overloaded, with when to come back, where all places are taken, and UpstreamTimeout.
        """
        if self.is_taken and self.waiting >= self._places:
            self.refused += 1
            raise self._full()
        await self._wait(longest)
        began = self._began = self._clock()
        try:
            yield
            self._mean += _WEIGHT * (self._clock() - began - self._mean)
        finally:
            self._began = None
            self._lock.release()

    async def _wait(self, longest: float) -> None:
        self.waiting += 1
        try:
            async with asyncio.timeout(longest):
                await self._lock.acquire()
        except TimeoutError:
            raise UpstreamTimeout(
                f"The local model wrote other answers for {longest:g} s, and none for this request."
            ) from None
        finally:
            self.waiting -= 1

    def _full(self) -> Overloaded:
        seconds = math.ceil(self.wait_seconds())
        return Overloaded(
            f"The local model writes one answer at a time, and {self.waiting} more wait for it: a place is "
            f"free in about {seconds} s. LOCAL_QUEUE says how many may wait.",
            code="queue_full",
            retry_after=seconds,
        )
