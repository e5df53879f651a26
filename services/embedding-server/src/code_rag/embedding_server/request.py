"""What one caller waits for, text by text."""

import asyncio
from collections import deque
from collections.abc import Sequence

from code_rag.embedding_server.embeddings import Embedded
from code_rag.embedding_server.engines.base import Tokens
from code_rag.embedding_server.planning import worth_joining


class Row:
    """One text that is to be embedded, once for all the `requests` that wait for it."""

    def __init__(self, key: bytes, tokens: Tokens) -> None:
        self.key = key
        self.tokens = tokens
        self.length = max(1, len(tokens.ids))
        self.requests: list[Request] = []
        self.taken = False
        self.embedded: Embedded | None = None

    def take(self) -> None:
        """Leave the queue: it is embedded now."""
        self.taken = True
        for request in self.requests:
            request.tokens_waiting -= self.length

    def land(self, embedded: Embedded) -> None:
        """Keep the vector, for all who wait for it."""
        self.embedded = embedded
        for request in self.requests:
            request.count_landed()

    def fail(self, error: Exception) -> None:
        """Raise `error` in all who wait for it."""
        for request in self.requests:
            request.fail(error)


class Request:
    """The rows of one caller; `done` ends with the last vector, an error or a cancelled caller."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.tokens = sum(row.length for row in rows)
        self._missing = len(rows)
        self._queue = deque(sorted((row for row in rows if not row.taken), key=lambda row: row.length))
        self.tokens_waiting = sum(row.length for row in self._queue)
        for row in rows:
            row.requests.append(self)

    def run(self, rows: int, longest: int, limit: int, inference_tokens: int) -> list[Row]:
        """The rows, shortest first, that one inference over them and `rows` others embeds cheapest.

        The others have up to `longest` tokens, the inference at most `limit`, padding included; a row
        may be longer if it goes by itself.
        """
        while self._queue and self._queue[0].taken:
            self._queue.popleft()
        run: list[Row] = []
        for row in self._queue:
            others = rows + len(run)
            if others and not worth_joining(others, longest, 1, row.length, limit, inference_tokens):
                break
            if not row.taken:
                run.append(row)
                longest = max(longest, row.length)
        return run

    def count_landed(self) -> None:
        """One more of the rows has its vector."""
        self._missing -= 1
        if not self._missing and not self.done.done():
            self.done.set_result(None)

    def fail(self, error: Exception) -> None:
        """Raise `error` in the caller."""
        if not self.done.done():
            self.done.set_exception(error)

    def leave(self) -> None:
        """Wait for nothing any more: what nobody else waits for is not embedded, and memory is freed."""
        for row in self.rows:
            row.requests.remove(self)
        self._queue.clear()
        self.tokens_waiting = 0
