"""Lets in as much work as is soon done, and sends the rest back with the wait that it really takes."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from math import ceil
from typing import TypeVar

from code_rag.servicekit.errors import Overloaded

LONGEST_RETRY_SECONDS = 60.0
GUESS_SECONDS = 0.05
"""How long one piece of work is taken to follow another until one has ended."""
WEIGHT = 0.1
"""How much of the average the last piece of work is."""

T = TypeVar("T")


class Admission:
    """Room for `slots` pieces of work at once, and a queue of as many as start within `longest_wait` seconds.

    `always` so many are let in however long they take, so that a few at once are never sent back.
    When work starts is predicted from the pace of the last pieces, an average that forgets exponentially: how
    long each took, divided by how many ran, since what shares a CPU is not done sooner for running together.
    Who is sent back gets a time of its own, one after the other at the rate at which the work is done, so
    that not all come back together. `clock` gives seconds that never go back; `what` is work in the plural.
    """

    def __init__(
        self,
        what: str,
        slots: int,
        longest_wait: float,
        always: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what = what
        self._slots = slots
        self._longest_wait = longest_wait
        self._always = always
        self._clock = clock
        self._free = asyncio.Semaphore(slots)
        self._inside = self._running = 0
        self._pace = GUESS_SECONDS
        self._promised = float("-inf")

    @property
    def inside(self) -> int:
        """How many pieces of work run or wait."""
        return self._inside

    @asynccontextmanager
    async def slot(self) -> AsyncGenerator[None]:
        """Wait for a slot and keep it inside the context; raises Overloaded where the wait is too long."""
        self.require_room()
        self._inside += 1
        try:
            async with self._free:
                started = self._clock()
                self._running += 1
                try:
                    yield
                finally:
                    self._pace += WEIGHT * ((self._clock() - started) / self._running - self._pace)
                    self._running -= 1
        finally:
            self._inside -= 1

    async def during(self, events: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """`events`, with a slot from the first one to the end; raises Overloaded as `slot` does."""
        async with aclosing(events), self.slot():
            async for event in events:
                yield event

    def require_room(self) -> None:
        """Raise Overloaded where `slot` would."""
        wait = max(0, self._inside - self._slots + 1) * self._pace
        if wait <= self._longest_wait or self._inside < self._always:
            return
        now = self._clock()
        self._promised = max(self._promised, now + wait - self._longest_wait) + self._pace
        retry = min(LONGEST_RETRY_SECONDS, self._promised - now)
        raise Overloaded(
            f"Too many {self._what} at once: {self._inside:,} run or wait, and one more would start in "
            f"{wait:.1f} s. Try again in {max(1, ceil(retry))} s.",
            retry_after=retry,
        )
