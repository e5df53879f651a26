"""How fast a step goes, and how long the rest of it takes."""

import pytest

from code_rag.rag_server.pace import WINDOW_SECONDS, Pace


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_nothing_measured_yet() -> None:
    """Before anything is done there is no rate and no time left."""
    step = Pace("headers", 10, Clock()).step()
    assert (step.done, step.total, step.per_second, step.seconds_left) == (0, 10, 0.0, None)


def test_rate_and_time_left() -> None:
    """At 4 a second the other 12 of 20 take 3 seconds."""
    clock = Clock()
    pace = Pace("headers", 20, clock)
    for _ in range(2):
        clock.now += 1
        pace.advance(4)
    step = pace.step()
    assert (step.name, step.done, step.per_second, step.seconds_left) == ("headers", 8, 4.0, 3.0)


def test_the_rate_follows_the_last_seconds() -> None:
    """What was fast at first and is slow now has the slow rate after a while."""
    clock = Clock()
    pace = Pace("whole chunks", 10_000, clock)
    for _ in range(10):
        clock.now += 1
        pace.advance(100)
    for _ in range(int(2 * WINDOW_SECONDS)):
        clock.now += 1
        pace.advance(1)
    assert pace.step().per_second == pytest.approx(1, rel=0.1)
