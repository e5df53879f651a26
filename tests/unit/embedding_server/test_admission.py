"""What may wait, and when to come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.embedding_server.admission import SHARE_OF_LARGE, Admission
from code_rag.embedding_server.pace import Pace
from code_rag.servicekit.errors import Overloaded

BATCH = 512
inferences = st.lists(st.tuples(st.integers(1, 5000), st.floats(0.001, 5)), max_size=30)
tokens = st.integers(1, 600_000)
seconds = st.floats(0.1, 600)


def measured(lanes: int, inferences: list[tuple[int, float]]) -> Pace:
    """The pace of an engine with so many lanes after these inferences."""
    pace = Pace(lanes)
    for count, took in inferences:
        pace.record(count, took)
    return pace


@given(st.integers(1, 32), inferences, seconds, st.lists(tokens, max_size=40))
def test_what_waits_keeps_to_the_bound(
    lanes: int, past: list[tuple[int, float]], bound: float, requests: list[int]
) -> None:
    """Whatever is sent, what was accepted takes no longer than the bound, unless the engine was idle."""
    pace = measured(lanes, past)
    admission, queued = Admission(pace, bound, BATCH), 0
    for request in requests:
        try:
            admission.require_room(queued, request)
        except Overloaded:
            continue
        assert not queued or pace.queue_seconds(queued + request) <= bound * (1 + 1e-9)
        queued += request


@given(st.integers(1, 32), inferences, seconds, tokens, tokens)
def test_who_comes_back_then_has_room(
    lanes: int, past: list[tuple[int, float]], bound: float, queued: int, request: int
) -> None:
    """After `retry_after` seconds of work the refused request has room, and a tenth of them earlier not."""
    pace = measured(lanes, past)
    admission = Admission(pace, bound, BATCH)
    try:
        admission.require_room(queued, request)
    except Overloaded as refused:
        wait = refused.retry_after or 0.0
        left = queued - wait / pace.queue_seconds(1)
        admission.require_room(max(0, int(left)), request)
        early = queued - 0.9 * wait / pace.queue_seconds(1)
        if early - left > 1:
            with pytest.raises(Overloaded):
                admission.require_room(int(early) + 1, request)


@given(seconds)
def test_room_is_kept_for_short_requests(bound: float) -> None:
    """Where large requests are refused, one of a single batch still has a tenth of the queue."""
    pace = Pace(1)
    queued = int(bound * SHARE_OF_LARGE / pace.queue_seconds(1))
    admission = Admission(pace, bound + pace.queue_seconds(BATCH), BATCH)
    with pytest.raises(Overloaded):
        admission.require_room(queued + BATCH, BATCH + 1)
    admission.require_room(queued, BATCH)
