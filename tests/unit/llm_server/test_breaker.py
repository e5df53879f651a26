"""When a model server rests, for how long, and how many retries it gets."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from code_rag.llm_server.backends.breaker import FAILURES, REST_SECONDS, Breaker
from code_rag.llm_server.backends.retry_budget import MOST_SAVED, REQUESTS_PER_RETRY, RetryBudget
from code_rag.servicekit.errors import UpstreamFailed

OVERLOADED = UpstreamFailed("overloaded")


@given(st.lists(st.booleans()))
def test_it_rests_after_failures_in_a_row_and_not_before(outcomes: list[bool]) -> None:
    """Whatever came before, only the answers and failures since the last answer count."""
    breaker, in_a_row = Breaker("s", lambda: 0.0), 0
    for is_answer in outcomes:
        if is_answer:
            breaker.answered()
        else:
            breaker.failed(OVERLOADED)
        in_a_row = 0 if is_answer else in_a_row + 1
        assert (breaker.resting() is not None) == (in_a_row >= FAILURES)


@given(st.lists(st.floats(0, 3), max_size=100))
def test_one_call_looks_in_each_rest(pauses: list[float]) -> None:
    """While the server stays silent, calls get through no more often than once in ten seconds."""
    now = 0.0
    breaker = Breaker("s", lambda: now)
    for _ in range(FAILURES):
        breaker.failed(OVERLOADED)
    through: list[float] = [0.0]
    for pause in pauses:
        now += pause
        if breaker.resting() is None:
            breaker.admit()
            through.append(now)
    assert all(later - sooner >= REST_SECONDS for sooner, later in pairwise(through))


def test_a_late_answer_ends_the_rest() -> None:
    """A call from before the rest that is answered during it shows that the server works."""
    breaker = Breaker("s", lambda: 0.0)
    for _ in range(FAILURES):
        breaker.failed(OVERLOADED)
    breaker.answered()
    assert breaker.resting() is None
    breaker.failed(OVERLOADED)
    assert breaker.resting() is None


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    """It rests again at once where the answer that ended the rest fails."""
    breaker = Breaker("s", lambda: 0.0)
    for _ in range(FAILURES):
        breaker.failed(OVERLOADED)
    breaker.answers()
    assert breaker.resting() is None
    breaker.failed(OVERLOADED)
    assert breaker.resting() is not None


@given(st.lists(st.booleans()))
def test_retries_are_a_fifth_of_the_requests_and_ten_more(requests: list[bool]) -> None:
    """In any order of requests and retries, no more is spent than is saved."""
    budget, came, taken = RetryBudget(), 0, 0
    for is_request in requests:
        if is_request:
            budget.requested()
            came += 1
        elif budget.take():
            taken += 1
    assert taken * REQUESTS_PER_RETRY <= came + MOST_SAVED * REQUESTS_PER_RETRY


def test_no_more_than_ten_retries_are_saved() -> None:
    """A quiet week does not pay for a storm."""
    budget = RetryBudget()
    for _ in range(1_000):
        budget.requested()
    assert [budget.take() for _ in range(MOST_SAVED + 1)] == [True] * MOST_SAVED + [False]
