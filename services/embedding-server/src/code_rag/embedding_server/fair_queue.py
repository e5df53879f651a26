"""A queue of batches, ordered so that short requests do not wait for long ones."""

import asyncio
import heapq
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from code_rag.embedding_server.embeddings import Embeddings
from code_rag.embedding_server.engines.base import Tokens, Vectors
from code_rag.embedding_server.planning import plan_batches, worth_joining


class Request:
    """Rows to embed and their vectors so far; `done` ends with the last, an error or a cancelled caller."""

    def __init__(self, rows: Sequence[Tokens], dimension: int) -> None:
        self.rows = rows
        self.lengths = [len(row.ids) for row in rows]
        self.tokens_left = sum(self.lengths)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._vectors = np.empty((len(rows), dimension), np.float32)

    def store(self, indices: list[int], vectors: Vectors) -> None:
        """Store the vectors of some rows."""
        self._vectors[indices] = vectors
        self.tokens_left -= sum(self.lengths[index] for index in indices)
        if not self.tokens_left:
            self.done.set_result(None)

    def fail(self, error: Exception) -> None:
        """Raise `error` in the caller."""
        if not self.done.done():
            self.done.set_exception(error)

    def result(self) -> Embeddings:
        """All vectors; valid once `done` has completed."""
        return Embeddings(self._vectors, self.lengths, [row.truncated for row in self.rows])


@dataclass(order=True, slots=True)
class Batch:
    """Rows of one request that are embedded together, ordered by turn."""

    turn: int
    number: int
    request: Request = field(compare=False)
    indices: list[int] = field(compare=False)
    longest: int = field(compare=False)

    @property
    def rows(self) -> list[Tokens]:
        return [self.request.rows[index] for index in self.indices]


class FairQueue:
    """Self-clocked fair queueing (S. J. Golestani, 1994), with padded tokens as the cost.

    A batch's turn is the clock when its request arrived, plus the cost of the request up to and including the
    batch; the clock is the last turn taken. So a short request is served before the rest of a long one, and
    two long ones alternate.
    """

    def __init__(self, batch_tokens: int) -> None:
        self._batch_tokens = batch_tokens
        self._waiting: list[Batch] = []
        self._numbers = itertools.count()
        self._clock = 0

    def put(self, request: Request) -> None:
        """Queue a request, split into batches."""
        turn = self._clock
        for indices in plan_batches(request.lengths, self._batch_tokens):
            longest = request.lengths[indices[-1]]
            turn += longest * len(indices)
            heapq.heappush(self._waiting, Batch(turn, next(self._numbers), request, indices, longest))

    def take(self) -> list[Batch]:
        """The next batch and the ones after it that are cheaper to embed with it; [] when none waits."""
        taken: list[Batch] = []
        rows = longest = 0
        while self._waiting:
            head = self._waiting[0]
            if head.request.done.done():  # its caller was cancelled
                heapq.heappop(self._waiting)
                continue
            if taken and not worth_joining(
                rows, longest, len(head.indices), head.longest, self._batch_tokens
            ):
                break
            taken.append(heapq.heappop(self._waiting))
            rows, longest = rows + len(head.indices), max(longest, head.longest)
            self._clock = head.turn
        return taken
