"""Shares one engine between many callers: off the event loop, each text once, the short before the long."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from code_rag.embedding_server.admission import Admission
from code_rag.embedding_server.embeddings import Embedded, Embeddings, stacked
from code_rag.embedding_server.engines.base import Engine, Tokens
from code_rag.embedding_server.fair_queue import FairQueue
from code_rag.embedding_server.in_flight import InFlight
from code_rag.embedding_server.lanes import HANGING_SECONDS, CannotEmbed, EngineBroken, Lanes
from code_rag.embedding_server.metrics import EmbeddingMetrics
from code_rag.embedding_server.pace import Pace
from code_rag.embedding_server.request import Row
from code_rag.embedding_server.vector_cache import VectorCache, key_of
from code_rag.servicekit.errors import InvalidInput, Unavailable

TEXTS_AT_ONCE = 32
"""Texts of one caller that are tokenized at a time."""

T = TypeVar("T")


class Batcher:
    """An engine, its queue, its threads and its cache; `open_batcher` opens and closes one."""

    def __init__(
        self,
        engine: Engine,
        metrics: EmbeddingMetrics,
        max_queued_seconds: float,
        cache_bytes: int,
        hanging_seconds: float,
    ) -> None:
        self.engine = engine
        self._metrics = metrics
        self._queue = FairQueue(engine.batch_tokens, engine.inference_tokens)
        self._in_flight = InFlight()
        self._cache = VectorCache(engine.dimension, cache_bytes)
        self._pace = Pace(engine.lanes, engine.inference_tokens)
        self._admission = Admission(self._pace, max_queued_seconds, engine.batch_tokens)
        self._tokenizing = ThreadPoolExecutor(2, "tokenizing")
        self._lanes = Lanes(engine, self._queue, self._pace, metrics, self._finish, hanging_seconds)
        self._ended = ""
        self.broken = asyncio.create_task(self._watch())
        """Ends when the engine is broken, with how that showed."""

    @property
    def queued_tokens(self) -> int:
        """Tokens that wait or are being embedded."""
        return self._in_flight.tokens

    @property
    def queued_seconds(self) -> float:
        """How long the engine is predicted to take for them."""
        return self._pace.queue_seconds(self.queued_tokens)

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """Embed `texts`, all or none; cancelling it drops what nobody else waits for.

        Raises Overloaded when too much is waiting, InvalidInput for a text on which the engine fails, and
        Unavailable once it is broken or closed.
        """
        keys = [key_of(text) for text in texts]
        known = self._cache.known(keys)
        self._metrics.look_up(len(keys), sum(key in known for key in keys))
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            try:
                known |= await self._computed(missing)
            except CannotEmbed as error:
                where = f"The text at index {keys.index(error.key)} cannot be embedded: leave it out."
                raise InvalidInput(f"{where} {error}", code="cannot_embed") from error
        return stacked([known[key] for key in keys])

    async def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """The texts as the model reads them."""
        return await self._for_each(self.engine.tokenize, texts)

    async def count(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each whole text has."""
        return await self._for_each(self.engine.count, texts)

    async def close(self) -> None:
        """Stop after the running inferences; waiting callers get Unavailable."""
        self.broken.cancel()
        await self._lanes.close(wait=not self._ended)
        self._end("embedding-server is shutting down.")
        self._tokenizing.shutdown(cancel_futures=True)

    async def _watch(self) -> EngineBroken:
        error = await self._lanes.broken()
        self._end(f"{error} embedding-server starts again: send this again in a few seconds.")
        return error

    async def _computed(self, texts: Mapping[bytes, str]) -> dict[bytes, Embedded]:
        self._require_room(len(texts))  # a lower bound: do not tokenize what cannot be accepted
        tokens = dict(zip(texts, await self.tokenize(list(texts.values())), strict=True))
        added = self._in_flight.added_by(tokens)
        self._require_room(sum(row.length for row in added))
        request = self._in_flight.join(tokens, added)
        self._queue.put(request)
        self._lanes.wake()
        try:
            await request.done
            return {row.key: row.embedded for row in request.rows if row.embedded}
        finally:
            self._in_flight.leave(request)
            del request  # the traceback of its error would keep it

    def _finish(self, row: Row, result: Embedded | Exception) -> None:
        self._in_flight.remove(row)
        if isinstance(result, Exception):
            row.fail(result)
        else:
            self._cache.put(row.key, result)
            row.land(result)

    def _require_room(self, tokens: int) -> None:
        if self._ended:
            raise Unavailable(self._ended, retry_after=1)
        self._admission.require_room(self.queued_tokens, tokens)

    def _end(self, reason: str) -> None:
        self._ended = self._ended or reason
        self._in_flight.fail(Unavailable(self._ended, retry_after=1))

    async def _for_each(self, work: Callable[[str], T], texts: Sequence[str]) -> list[T]:
        loop = asyncio.get_running_loop()
        results: list[T] = []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            group = texts[start : start + TEXTS_AT_ONCE]
            results += await loop.run_in_executor(self._tokenizing, lambda: [work(text) for text in group])  # noqa: B023 – awaited at once
        return results


@asynccontextmanager
async def open_batcher(
    engine: Engine,
    metrics: EmbeddingMetrics,
    max_queued_seconds: float,
    cache_bytes: int = 0,
    hanging_seconds: float = HANGING_SECONDS,
) -> AsyncGenerator[Batcher]:
    """A running Batcher that is closed on the way out."""
    batcher = Batcher(engine, metrics, max_queued_seconds, cache_bytes, hanging_seconds)
    metrics.queued_tokens.set_function(lambda: batcher.queued_tokens)
    metrics.queued_seconds.set_function(lambda: batcher.queued_seconds)
    try:
        yield batcher
    finally:
        await batcher.close()
