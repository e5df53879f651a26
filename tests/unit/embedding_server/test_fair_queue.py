"""The order in which requests have their turns."""

from hypothesis import given, settings
from hypothesis import strategies as st

from code_rag.embedding_server.engines.base import Tokens
from code_rag.embedding_server.fair_queue import FairQueue
from code_rag.embedding_server.request import Request, Row

LIMIT = 512

lengths_of_requests = st.lists(st.lists(st.integers(2, 256), min_size=1, max_size=20), min_size=1, max_size=6)


def row_of(length: int) -> Row:
    """A text of so many tokens."""
    return Row(b"", Tokens(range(length), False))


def request_of(*lengths: int) -> Request:
    """A request of texts with so many tokens."""
    return Request([row_of(length) for length in lengths])


def drained(queue: FairQueue) -> list[list[Row]]:
    """All inferences that the queue hands out until it is empty."""
    return list(iter(lambda: queue.take(LIMIT), []))


async def test_a_short_request_overtakes_the_rest_of_a_long_one() -> None:
    """A query that comes while a large request is being embedded is in the very next inference, by itself."""
    queue, large, query = FairQueue(LIMIT), request_of(*[12] * 1000), request_of(10)
    queue.put(large)
    queue.take(LIMIT)
    queue.put(query)
    assert queue.take(LIMIT) == query.rows


@settings(deadline=None)
@given(
    large=st.lists(st.integers(5, 40), min_size=1, max_size=6),
    before=st.integers(0, 60),
    length=st.integers(2, 128),
)
async def test_it_overtakes_every_long_request(large: list[int], before: int, length: int) -> None:
    """Whatever long requests wait, and however far each has come, a query is in the next inference."""
    queue, query = FairQueue(LIMIT), request_of(length)
    for rows in large:
        queue.put(request_of(*[256] * rows))
    for _ in range(before):
        queue.take(LIMIT)
    queue.put(query)
    assert queue.take(LIMIT) == query.rows


async def test_large_requests_take_turns() -> None:
    """Two equal large requests alternate, though one came first."""
    queue, first, second = FairQueue(LIMIT), request_of(*[256] * 6), request_of(*[256] * 6)
    queue.put(first)
    queue.put(second)
    order = [rows[0].requests[0] for rows in drained(queue)]
    assert order == [first, second] * 3


async def test_short_requests_do_not_starve_a_long_one() -> None:
    """However many short requests keep coming, the long one is served in proportion: two of six turns."""
    queue, large = FairQueue(LIMIT), request_of(*[256] * 4)
    queue.put(large)
    for _ in range(6):
        queue.put(request_of(256, 250))
        queue.take(LIMIT)
    assert all(row.taken for row in large.rows)


async def test_short_requests_share_an_inference() -> None:
    """Queries of many callers are embedded together as far as one inference goes."""
    queue = FairQueue(LIMIT)
    for _ in range(80):
        queue.put(request_of(8))
    assert [len(rows) for rows in drained(queue)] == [64, 16]


async def test_what_its_caller_left_is_not_handed_out() -> None:
    """Rows of a cancelled request are dropped, and no longer counted."""
    queue, gone, waiting = FairQueue(LIMIT), request_of(*[256] * 10), request_of(5)
    queue.put(gone)
    queue.put(waiting)
    gone.leave()
    assert queue.tokens == 5
    assert drained(queue) == [waiting.rows]


async def test_a_text_of_two_requests_is_handed_out_once() -> None:
    """A text that a long and a short request share is embedded at the short one's turn, for both."""
    queue, shared = FairQueue(LIMIT), row_of(256)
    large, short = Request([*(row_of(256) for _ in range(9)), shared]), Request([shared])
    queue.put(large)
    queue.take(LIMIT)
    queue.put(short)
    assert queue.take(LIMIT) == [shared]
    assert sum(len(rows) for rows in drained(queue)) == 7


async def test_a_shared_text_outlives_the_caller_who_came_first() -> None:
    """When one of two callers of a text leaves, the other still gets it."""
    queue, shared = FairQueue(LIMIT), row_of(9)
    first, second = Request([shared]), Request([shared])
    queue.put(first)
    queue.put(second)
    first.leave()
    assert drained(queue) == [[shared]]
    assert shared.requests == [second]


@settings(deadline=None)
@given(requests=lengths_of_requests, limits=st.lists(st.integers(64, LIMIT), min_size=1))
async def test_everything_is_handed_out_once_and_within_the_limit(
    requests: list[list[int]], limits: list[int]
) -> None:
    """Each row of each request is in one inference, of at most the limit's padded tokens or a single row."""
    queue, put = FairQueue(LIMIT), [request_of(*lengths) for lengths in requests]
    for request in put:
        queue.put(request)
    handed: list[Row] = []
    while rows := queue.take(limit := limits[len(handed) % len(limits)]):
        assert len(rows) == 1 or len(rows) * max(row.length for row in rows) <= limit
        handed += rows
    assert queue.tokens == 0
    assert sorted(map(id, handed)) == sorted(id(row) for request in put for row in request.rows)
