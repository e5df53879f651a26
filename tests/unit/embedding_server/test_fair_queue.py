"""The order in which requests have their turns."""

from hypothesis import given, settings
from hypothesis import strategies as st

from code_rag.embedding_server.engines.base import Tokens
from code_rag.embedding_server.fair_queue import Batch, FairQueue, Request

BATCH_TOKENS = 512

lengths_of_requests = st.lists(st.lists(st.integers(2, 256), min_size=1, max_size=20), min_size=1, max_size=6)


def request_of(*lengths: int) -> Request:
    """A request of texts with so many tokens."""
    return Request([Tokens(range(length), False) for length in lengths], dimension=1)


def drained(queue: FairQueue) -> list[list[Batch]]:
    """All inferences that the queue hands out until it is empty."""
    return list(iter(queue.take, []))


async def test_a_short_request_overtakes_the_rest_of_a_long_one() -> None:
    """A query that comes while a large request is being embedded is in the very next inference."""
    queue, large, query = FairQueue(BATCH_TOKENS), request_of(*[256] * 100), request_of(10)
    queue.put(large)
    queue.take()
    queue.put(query)
    assert queue.take()[0].request is query


async def test_large_requests_take_turns() -> None:
    """Two equal large requests alternate, though one came first."""
    queue, first, second = FairQueue(BATCH_TOKENS), request_of(*[256] * 6), request_of(*[256] * 6)
    queue.put(first)
    queue.put(second)
    order = [batch.request for inference in drained(queue) for batch in inference]
    assert order == [first, second] * 3


async def test_short_requests_do_not_starve_a_long_one() -> None:
    """However many short requests keep coming, the long one is served in proportion."""
    queue, large = FairQueue(BATCH_TOKENS), request_of(*[256] * 4)
    queue.put(large)
    served = 0
    for _ in range(20):
        queue.put(request_of(256, 200))
        served += sum(batch.request is large for batch in queue.take())
    assert served == 2


async def test_short_requests_share_an_inference() -> None:
    """Queries of many callers are embedded together as far as one inference goes."""
    queue = FairQueue(BATCH_TOKENS)
    for _ in range(80):
        queue.put(request_of(8))
    assert [len(inference) for inference in drained(queue)] == [64, 16]


async def test_what_its_caller_left_is_not_handed_out() -> None:
    """Batches of a cancelled request are dropped."""
    queue, gone, waiting = FairQueue(BATCH_TOKENS), request_of(*[256] * 10), request_of(5)
    queue.put(gone)
    queue.put(waiting)
    gone.done.cancel()
    assert [[batch.request for batch in inference] for inference in drained(queue)] == [[waiting]]


@settings(deadline=None)
@given(requests=lengths_of_requests)
async def test_everything_is_handed_out_once_and_within_the_budget(requests: list[list[int]]) -> None:
    """Each row of each request is in one inference, of at most the budget's padded tokens."""
    queue, put = FairQueue(BATCH_TOKENS), [request_of(*lengths) for lengths in requests]
    for request in put:
        queue.put(request)
    handed: list[tuple[int, int]] = []
    for inference in drained(queue):
        rows = sum(len(batch.indices) for batch in inference)
        assert rows * max(batch.longest for batch in inference) <= BATCH_TOKENS
        handed += [(put.index(batch.request), index) for batch in inference for index in batch.indices]
    assert sorted(handed) == [(r, i) for r, lengths in enumerate(requests) for i in range(len(lengths))]
