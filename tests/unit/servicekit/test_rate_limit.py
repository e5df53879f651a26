"""The limit of what may be taken in a minute, on a clock that the tests move."""

from hypothesis import given
from hypothesis import strategies as st

from code_rag.servicekit.keys.rate_limit import MINUTE, RateLimit
from tests.fixtures.hand_clock import HandClock

LIMITS = st.integers(1, 10**6)
PAUSES = st.one_of(st.just(0), st.integers(0, 3 * MINUTE), st.integers(0, 1000))
ASKS = st.lists(st.tuples(PAUSES, st.integers(0, 2 * 10**6)), max_size=60)


def asked(limit: RateLimit, clock: HandClock, asks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """When something was taken, and how much; what has to wait gives up."""
    taken = []
    for pause, amount in asks:
        clock.now += pause
        if not limit.wait_for(amount):
            taken.append((clock.now, limit.take(amount)))
    return taken


@given(LIMITS, ASKS)
def test_no_window_sees_more_than_its_share_and_a_minutes_worth(
    per_minute: int, asks: list[tuple[int, int]]
) -> None:
    """Between two moments no more is taken than the limit gives for that time, and a minute's on top."""
    clock = HandClock()
    taken = asked(RateLimit(per_minute, clock), clock, asks)
    for first, (start, _) in enumerate(taken):
        total = 0
        for at, amount in taken[first:]:
            total += amount
            assert total * MINUTE <= per_minute * MINUTE + (at - start) * per_minute


@given(LIMITS, ASKS, st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)), max_size=5))
def test_what_remains_is_between_nothing_and_all(
    per_minute: int, asks: list[tuple[int, int]], settled: list[tuple[int, int]]
) -> None:
    """Whatever is taken and settled, the rest is never below 0 nor above the limit, and fills up in time."""
    clock = HandClock()
    limit = RateLimit(per_minute, clock)
    asked(limit, clock, asks)
    for taken, used in settled:
        limit.settle(taken, used)
        assert 0 <= limit.remaining <= per_minute
    clock.now += limit.resets_in
    assert (limit.remaining, limit.resets_in) == (per_minute, 0)


@given(LIMITS, ASKS, st.integers(0, 10**7), st.integers(0, 2 * 10**6))
def test_the_wait_is_long_enough_and_no_longer(
    per_minute: int, asks: list[tuple[int, int]], debt: int, amount: int
) -> None:
    """After the time that is named, and not a nanosecond before it, the amount can be taken."""
    clock = HandClock()
    limit = RateLimit(per_minute, clock)
    asked(limit, clock, asks)
    limit.settle(0, debt)
    wait = limit.wait_for(amount)
    clock.now += max(0, wait - 1)
    assert (limit.wait_for(amount) > 0) == (wait > 0)
    clock.now += 1
    assert limit.wait_for(amount) == 0


def test_more_than_a_minutes_worth_can_be_taken_once_all_is_there() -> None:
    """A request larger than the limit is let in when nothing else was, and what it uses is paid back."""
    clock = HandClock()
    limit = RateLimit(100, clock)
    assert limit.take(1000) == 100
    limit.settle(100, 250)
    assert (limit.remaining, limit.wait_for(1000)) == (0, 2.5 * MINUTE)


def test_what_was_not_used_comes_back() -> None:
    """A reservation larger than its use leaves room at once."""
    limit = RateLimit(100, HandClock())
    limit.settle(limit.take(80), 10)
    assert limit.remaining == 90
