"""A queue of requests, ordered so that short ones do not wait for long ones."""

import heapq
import itertools

from code_rag.embedding_server.planning import INFERENCE_TOKENS
from code_rag.embedding_server.request import Request, Row


class FairQueue:
    """Self-clocked fair queueing (S. J. Golestani, 1994), with tokens as the cost.

    A request's turn is the clock when it arrived, plus what was taken of it so far, plus what one inference
    takes next; the clock is the furthest that a request has come so. Thus long requests alternate. One that
    fits one inference is ahead by one: it goes before the next inference of every long request, as long as
    such requests take no more than their share.
    """

    def __init__(self, batch_tokens: int, inference_tokens: int = INFERENCE_TOKENS) -> None:
        self._batch_tokens, self._inference_tokens = batch_tokens, inference_tokens
        self._waiting: list[tuple[int, int, int, Request]] = []
        self._numbers = itertools.count()
        self._clock = 0

    @property
    def tokens(self) -> int:
        """Tokens that wait; those of a text that two requests wait for count twice."""
        return sum(request.tokens_waiting for *_, request in self._waiting)

    def put(self, request: Request) -> None:
        """Queue a request."""
        self._push(request, self._clock)

    def take(self, limit: int) -> list[Row]:
        """Rows for one inference of at most `limit` tokens: those whose turn it is; [] when none wait.

        Whole requests that are cheaper to embed with them come too, but no part of a long one: short
        requests would wait for it.
        """
        taken: list[Row] = []
        longest = 0
        while self._waiting:
            _, _, start, request = self._waiting[0]
            run = request.run(len(taken), longest, limit, self._inference_tokens)
            cost = sum(row.length for row in run)
            if taken and cost < request.tokens_waiting:
                break
            heapq.heappop(self._waiting)
            for row in run:
                row.take()
            longest = max([longest, *(row.length for row in run)])
            taken += run
            self._clock = max(self._clock, start + cost)
            if request.tokens_waiting:
                self._push(request, start + cost)
        return taken

    def _push(self, request: Request, start: int) -> None:
        turn = start + min(request.tokens_waiting, self._batch_tokens)
        if request.tokens <= self._batch_tokens:
            turn -= self._batch_tokens
        heapq.heappush(self._waiting, (turn, next(self._numbers), start, request))
