"""Shares one engine between many callers: one inference at a time, off the event loop."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from code_rag.embedding_server.embeddings import Embeddings
from code_rag.embedding_server.engines.base import Engine, Tokens
from code_rag.embedding_server.fair_queue import Batch, FairQueue, Request
from code_rag.embedding_server.metrics import EmbeddingMetrics
from code_rag.servicekit.errors import Overloaded, Unavailable

TEXTS_AT_ONCE = 32
"""Texts of one caller that are tokenized at a time."""
SHARE_OF_LARGE = 0.9
"""Share of the queue that requests of several batches may fill; the rest is for searches during indexing."""
LONGEST_RETRY_SECONDS = 60.0

T = TypeVar("T")


class Batcher:
    """An engine, its queue and its threads; `open_batcher` opens and closes one."""

    def __init__(self, engine: Engine, metrics: EmbeddingMetrics, max_queued_tokens: int) -> None:
        self.engine = engine
        self._metrics = metrics
        self._max_queued = max_queued_tokens
        self._queue = FairQueue(engine.batch_tokens)
        self._pending: set[Request] = set()
        self._tokens_per_second = 5000.0  # a guess until the first batch
        self._inference = ThreadPoolExecutor(1, "inference")
        self._tokenizing = ThreadPoolExecutor(2, "tokenizing")
        self._work = asyncio.Event()
        self._worker = asyncio.create_task(self._serve())

    @property
    def alive(self) -> bool:
        """Whether the embedding task is running; it ends only through a bug or with the service."""
        return not self._worker.done()

    @property
    def queued_tokens(self) -> int:
        """Tokens that wait or are being embedded."""
        return sum(request.tokens_left for request in self._pending)

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """Embed `texts`; raises Overloaded when too much is waiting. Cancelling it drops its batches."""
        if not self.alive:
            raise Unavailable("The embedding worker has stopped; restart embedding-server.")
        self._require_room(len(texts))  # a lower bound: do not tokenize what cannot be accepted
        request = Request(await self.tokenize(texts), self.engine.dimension)
        self._require_room(request.tokens_left)
        self._pending.add(request)
        self._queue.put(request)
        self._work.set()
        try:
            await request.done
        finally:
            self._pending.discard(request)
        return request.result()

    async def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """The texts as the model reads them."""
        return await self._for_each(self.engine.tokenize, texts)

    async def count(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each whole text has."""
        return await self._for_each(self.engine.count, texts)

    async def close(self) -> None:
        """Stop after the running inference; waiting callers get Unavailable."""
        self._worker.cancel()
        await asyncio.gather(self._worker, return_exceptions=True)
        for request in self._pending:
            request.fail(Unavailable("embedding-server is shutting down.", retry_after=1))
        for pool in (self._inference, self._tokenizing):
            pool.shutdown(cancel_futures=True)

    def _require_room(self, tokens: int) -> None:
        queued = self.queued_tokens
        limit = self._max_queued * (1 if tokens <= self.engine.batch_tokens else SHARE_OF_LARGE)
        # An idle engine accepts any size: a request refused then would be refused every time.
        if queued and queued + tokens > limit:
            seconds = queued / self._tokens_per_second
            raise Overloaded(
                f"{queued:,} tokens wait to be embedded, about {seconds:.0f} s of work: try again later.",
                retry_after=min(LONGEST_RETRY_SECONDS, seconds / 2),
            )

    async def _serve(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while batches := self._queue.take():
                await self._forward(batches)

    async def _forward(self, batches: Sequence[Batch]) -> None:
        rows = [row for batch in batches for row in batch.rows]
        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        try:
            vectors = await loop.run_in_executor(self._inference, self.engine.forward, rows)
        except Exception as error:
            await self._fail(batches, error)
            return
        self._record(rows, time.perf_counter() - started)
        start = 0
        for batch in batches:
            if not batch.request.done.done():
                batch.request.store(batch.indices, vectors[start : start + len(batch.indices)])
            start += len(batch.indices)

    async def _fail(self, batches: Sequence[Batch], error: Exception) -> None:
        if len(batches) == 1:
            batches[0].request.fail(error)
            return
        for batch in batches:  # one by one, so that only the batch that cannot be embedded fails
            await self._forward([batch])

    def _record(self, rows: Sequence[Tokens], seconds: float) -> None:
        self._metrics.count(rows, seconds)
        rate = sum(len(row.ids) for row in rows) / seconds
        self._tokens_per_second += 0.1 * (rate - self._tokens_per_second)

    async def _for_each(self, work: Callable[[str], T], texts: Sequence[str]) -> list[T]:
        loop = asyncio.get_running_loop()
        results: list[T] = []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            group = texts[start : start + TEXTS_AT_ONCE]
            results += await loop.run_in_executor(self._tokenizing, lambda: [work(text) for text in group])  # noqa: B023 – awaited at once
        return results


@asynccontextmanager
async def open_batcher(
    engine: Engine, metrics: EmbeddingMetrics, max_queued_tokens: int
) -> AsyncGenerator[Batcher]:
    """A running Batcher that is closed on the way out."""
    batcher = Batcher(engine, metrics, max_queued_tokens)
    metrics.queued_tokens.set_function(lambda: batcher.queued_tokens)
    try:
        yield batcher
    finally:
        await batcher.close()
