"""How far a long step is, for whoever waits for it."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

Report = Callable[[str, int, int], None]
"""Takes what is done, such as `fetching the model`, with the bytes done and the bytes in all."""


@dataclass
class Pace:
    """The rate of one step, measured from its first report: what was there before costs no time."""

    clock: Callable[[], float] = time.monotonic
    _step: str = ""
    _began: float = 0.0
    _from: int = 0

    def words(self, step: str, done: int, total: int) -> str:
        """The step with its percentage, and once they are known its rate and the time left."""
        if step != self._step:
            self._step, self._began, self._from = step, self.clock(), done
        text = f"{step}, {100 * done // max(total, 1)} %"
        seconds = self.clock() - self._began
        if done <= self._from or seconds < 1:
            return text
        rate = (done - self._from) / seconds
        return f"{text}, {rate / 1e6:.1f} MB/s, {_duration((total - done) / rate)} left"


@dataclass
class Printed:
    """Reports on a stream: one line that changes on a terminal, elsewhere a line every ten seconds."""

    out: TextIO = field(default_factory=lambda: sys.stderr)
    clock: Callable[[], float] = time.monotonic
    _pace: Pace = field(init=False)
    _said: float = float("-inf")
    _step: str = ""

    def __post_init__(self) -> None:
        self._pace = Pace(self.clock)

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show the step; its start and its end are always shown."""
        words, terminal = self._pace.words(step, done, total), self.out.isatty()
        pause = 0.2 if terminal else 10.0
        if step == self._step and done < total and self.clock() - self._said < pause:
            return
        changed, self._step, self._said = step != self._step, step, self.clock()
        if terminal:
            self.out.write(f"\r\x1b[2K{words}" + ("\n" if done >= total else ""))
        elif changed or done < total or total:
            self.out.write(words + "\n")
        self.out.flush()


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
