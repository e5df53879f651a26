"""The threads in which the engine computes, each watched."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from code_rag.embedding_server.embeddings import Embedded
from code_rag.embedding_server.engines.base import Engine, Vectors
from code_rag.embedding_server.fair_queue import FairQueue
from code_rag.embedding_server.metrics import EmbeddingMetrics
from code_rag.embedding_server.pace import Pace
from code_rag.embedding_server.planning import INFERENCE_TOKENS
from code_rag.embedding_server.request import Row
from code_rag.servicekit.errors import InvalidInput, ServiceError

log = structlog.get_logger(__name__)

BATCH_SECONDS = 0.05
"""How long one inference may be, by prediction: a query waits for one to end."""
LEAST_BATCH_SHARE = 4
"""But it may be this part of a full batch: in less, its fixed cost shows in the throughput."""
LEAST_SHARE = 2 * INFERENCE_TOKENS
"""Tokens of which an idle lane is worth an inference of its own."""
HANGING_SECONDS = 120.0
HANGING_FACTOR = 20
"""An engine hangs whose inference takes this many times what was predicted, and the seconds above."""
LOOKS = 10
PROBE = "def add(a, b): return a + b"


class EngineBroken(Exception):
    """The engine computes nothing any more; the message says how that showed."""


class CannotEmbed(Exception):
    """The engine fails on one text, though not on others; `key` is the text's."""

    def __init__(self, key: bytes, reason: str) -> None:
        super().__init__(reason)
        self.key = key


class Lanes:
    """`engine.lanes` inferences at once, each in a thread, of what `queue` hands out, until one breaks.

    Each row that is done goes to `finish`, with its vector and counts or with the reason why there is none.
    """

    def __init__(
        self,
        engine: Engine,
        queue: FairQueue,
        pace: Pace,
        metrics: EmbeddingMetrics,
        finish: Callable[[Row, Embedded | Exception], None],
        hanging_seconds: float,
    ) -> None:
        self._engine, self._queue, self._pace, self._metrics = engine, queue, pace, metrics
        self._finish = finish
        self._hanging_seconds = hanging_seconds
        self._probe = Row(b"", engine.tokenize(PROBE))
        self._threads = ThreadPoolExecutor(engine.lanes, "inference")
        self._work = asyncio.Event()
        self._idle = engine.lanes
        self._tasks = [asyncio.create_task(self._serve()) for _ in range(engine.lanes)]

    def wake(self) -> None:
        """Look into the queue: something was put there."""
        self._work.set()

    async def broken(self) -> EngineBroken:
        """Wait until a lane has ended, which it does only when the engine or the code is broken; why."""
        await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        error = next(task.exception() for task in self._tasks if task.done())
        if isinstance(error, EngineBroken):
            return error
        log.critical("a bug has ended a lane", exc_info=error)
        return EngineBroken(f"A bug has ended the work on the queue: {type(error).__name__}.")

    async def close(self, *, wait: bool) -> None:
        """Stop after the inferences under way; a thread that hangs is not to be waited for."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.shutdown(wait, cancel_futures=True)

    async def _serve(self) -> None:
        while True:
            if rows := self._queue.take(self._limit()):
                self._idle -= 1
                await self._embed(rows)
                self._idle += 1
            else:
                self._work.clear()
                await self._work.wait()

    def _limit(self) -> int:
        """Tokens of the next inference: no longer than a query may wait, and a share for each idle lane."""
        full = self._engine.batch_tokens
        most = min(full, max(full // LEAST_BATCH_SHARE, self._pace.tokens_in(BATCH_SECONDS)))
        if self._idle < 2:
            return most
        return min(most, max(LEAST_SHARE, math.ceil(self._queue.tokens / self._idle)))

    async def _embed(self, rows: Sequence[Row]) -> None:
        result = await self._forward(rows)
        if isinstance(result, Exception):
            await self._explain(rows, result)
            return
        for row, vector in zip(rows, result, strict=True):
            self._finish(row, Embedded(vector.copy(), len(row.tokens.ids), row.tokens.truncated))

    async def _explain(self, rows: Sequence[Row], error: Exception) -> None:
        """Embed each half by itself, until it is clear which text the engine fails on."""
        if isinstance(error, ServiceError) and not isinstance(error, InvalidInput):
            for row in rows:  # another service computes, and is down
                self._finish(row, error)
        elif len(rows) > 1:
            await self._embed(rows[: len(rows) // 2])
            await self._embed(rows[len(rows) // 2 :])
        elif isinstance(error, InvalidInput):
            self._finish(rows[0], CannotEmbed(rows[0].key, error.message))
        else:
            log.error("the engine fails on a text", tokens=rows[0].length, exc_info=error)
            await self._require_sound()
            reason = (
                "The engine fails on it, though not on others; the log of embedding-server has the details."
            )
            self._finish(rows[0], CannotEmbed(rows[0].key, reason))

    async def _require_sound(self) -> None:
        error = await self._forward([self._probe])
        if isinstance(error, Exception):
            raise EngineBroken(f"The engine fails on every text: {type(error).__name__}.") from error

    async def _forward(self, rows: Sequence[Row]) -> Vectors | Exception:
        """The vectors, or the engine's error: raised here, it would keep the texts until it is collected."""
        batch, tokens = [row.tokens for row in rows], sum(row.length for row in rows)
        bound = max(self._hanging_seconds, HANGING_FACTOR * self._pace.inference_seconds(tokens))
        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._threads, self._engine.forward, batch)
        for _ in range(LOOKS):  # a single wait would take a process that was paused for one that hangs
            if (await asyncio.wait({running}, timeout=bound / LOOKS))[0]:
                break
        else:
            raise EngineBroken(f"An inference over {tokens} tokens has not ended within {bound:.0f} s.")
        if isinstance(error := running.exception(), Exception):
            return error
        vectors = running.result()
        seconds = time.perf_counter() - started
        self._metrics.count(batch, seconds)
        self._pace.record(tokens, seconds)
        return vectors
