"""How fast a step of an index run goes, and how long the rest of it takes."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

WINDOW_SECONDS = 30.0
"""The rate is that of the last seconds, so that it follows what the machine does now."""

StepName = Literal["words", "headers", "whole chunks"]


@dataclass(frozen=True, slots=True)
class Step:
    """How far a step is: files for `words`, chunks for the other two."""

    name: StepName
    done: int
    total: int
    per_second: float
    """0 until there is something to measure."""
    seconds_left: float | None
    """None until the rate is known."""


class Pace:
    """Measures one step; `clock` is in seconds."""

    def __init__(self, name: StepName, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self.total = total
        self._clock = clock
        self._done = 0
        self._samples: deque[tuple[float, int]] = deque([(clock(), 0)])

    def advance(self, count: int) -> None:
        """Record that so many more are done."""
        now = self._clock()
        self._done += count
        self._samples.append((now, self._done))
        while len(self._samples) > 2 and self._samples[1][0] <= now - WINDOW_SECONDS:
            self._samples.popleft()

    def step(self) -> Step:
        """How far the step is now."""
        (start, before), (last, done) = self._samples[0], self._samples[-1]
        rate = (done - before) / (last - start) if last > start else 0.0
        left = max(self.total - self._done, 0)
        return Step(self.name, self._done, self.total, rate, left / rate if rate else None)
