"""The metrics of chat requests, besides the HTTP metrics of every service."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import aclosing, contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram

from code_rag.llm_server.backends.base import Json
from code_rag.servicekit.errors import ServiceError
from code_rag.servicekit.metrics import LATENCY_BUCKETS


class ChatMetrics:
    """Outcomes, tokens if the backend reports them, and seconds to the first chunk of streams."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._outcomes = Counter(
            "chat_requests", "Chat requests by how they ended: ok, cancelled or an error's status",
            ["outcome"], registry=registry,
        )  # fmt: skip
        self._tokens = Counter(
            "chat_tokens", "Tokens of answers that report their usage", ["direction"], registry=registry
        )
        self._first_chunk = Histogram(
            "chat_first_chunk_seconds", "Seconds until a stream's first chunk",
            buckets=LATENCY_BUCKETS, registry=registry,
        )  # fmt: skip

    async def watch_answer(self, answer: Awaitable[Json]) -> Json:
        """Await a whole answer, counting it."""
        with self._outcome():
            whole = await answer
            self._count_usage(whole)
        return whole

    async def watch_stream(self, chunks: AsyncGenerator[Json]) -> AsyncGenerator[Json]:
        """The same chunks, counting the answer; closes `chunks` when it is closed."""
        started, first = time.perf_counter(), True
        with self._outcome():
            async with aclosing(chunks):
                async for chunk in chunks:
                    if first:
                        self._first_chunk.observe(time.perf_counter() - started)
                        first = False
                    self._count_usage(chunk)
                    yield chunk

    @contextmanager
    def _outcome(self) -> Iterator[None]:
        outcome = "500"
        try:
            yield
            outcome = "ok"
        except ServiceError as error:
            outcome = str(error.status)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            outcome = "cancelled"
            raise
        finally:
            self._outcomes.labels(outcome).inc()

    def _count_usage(self, body: Json) -> None:
        usage = body.get("usage")
        if isinstance(usage, dict):
            self._tokens.labels("input").inc(usage.get("prompt_tokens") or 0)
            self._tokens.labels("output").inc(usage.get("completion_tokens") or 0)
