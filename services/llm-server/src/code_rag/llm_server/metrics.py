"""The metrics of chat requests, besides the HTTP metrics of every service."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import aclosing, contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram

from code_rag.llm_server.backends.base import Call, Json
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

    async def watch_answer(self, answer: Awaitable[Json], call: Call) -> Json:
        """Await a whole answer, counting it and noting what it came to."""
        with self._outcome(call):
            whole = await answer
            self._count_usage(whole, call)
        return whole

    async def watch_stream(self, chunks: AsyncGenerator[Json], call: Call) -> AsyncGenerator[Json]:
        """The same chunks, counting the answer and noting what it came to; closes `chunks` when closed."""
        started, first = time.perf_counter(), True
        with self._outcome(call):
            async with aclosing(chunks):
                async for chunk in chunks:
                    if first:
                        self._first_chunk.observe(time.perf_counter() - started)
                        first = False
                    self._count_usage(chunk, call)
                    yield chunk

    @contextmanager
    def _outcome(self, call: Call) -> Iterator[None]:
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
            call.notes |= {"outcome": outcome, "attempts": call.attempts}
            self._outcomes.labels(outcome).inc()

    def _count_usage(self, body: Json, call: Call) -> None:
        usage = body.get("usage")
        if not isinstance(usage, dict):
            return
        for direction, name in (("input", "prompt_tokens"), ("output", "completion_tokens")):
            tokens = usage.get(name)
            if isinstance(tokens, int) and tokens > 0:
                self._tokens.labels(direction).inc(tokens)
                call.notes[f"{direction}_tokens"] = tokens
