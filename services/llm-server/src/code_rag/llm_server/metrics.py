"""The metrics of chat requests, besides the HTTP metrics of every service.

Names, units, attributes and buckets are those of OpenTelemetry's semantic conventions for generative AI, as
Prometheus writes them: https://github.com/open-telemetry/semantic-conventions-genai. One operation is one
answer to a caller, further attempts included. They have no cost: `gen_ai_client_cost_dollars` is our own.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter, Histogram

from code_rag.llm_server.backends.base import Call, Json
from code_rag.llm_server.model_names import ModelNames
from code_rag.llm_server.usage import Usage, priced
from code_rag.servicekit.errors import ServiceError

TOKEN_BUCKETS = tuple(4**power for power in range(14))
SECONDS_BUCKETS = tuple(0.01 * 2**power for power in range(14))
_PREFIX = "gen_ai_client"
_ABOUT = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "gen_ai_response_model",
          "server_address")  # fmt: skip
_OPERATION, _PROVIDER = "chat", "openai"  # whose API all model servers here have


@dataclass(slots=True)
class _Operation:
    """One answer on its way."""

    call: Call
    started: float = field(default_factory=time.perf_counter)
    previous: float = 0.0
    """When the last chunk came; 0 before the first."""
    model: object = None
    usage: Usage | None = None

    def read(self, body: Json) -> Json:
        """Take note of a completion or chunk, and give it its cost."""
        body = priced(body, self.call.answered_by)
        self.model = body.get("model") or self.model
        self.usage = Usage.of(body) or self.usage  # some servers count in each chunk what came so far
        return body


class ChatMetrics:
    """Durations and outcomes, tokens and cost where they are known, the pace of streams."""

    def __init__(self, registry: CollectorRegistry, names: ModelNames, host: str) -> None:
        """`host` is the model server's, where there is one and the alias names no other."""
        self._names = names
        self._host = host
        self._tokens = Histogram(
            f"{_PREFIX}_token_usage", "Tokens of an answer whose usage is known, read and written",
            [*_ABOUT, "gen_ai_token_type"], buckets=TOKEN_BUCKETS, registry=registry,
        )  # fmt: skip
        self._cost = Counter(
            f"{_PREFIX}_cost_dollars", "US dollars for answers, where known", _ABOUT, registry=registry
        )
        self._seconds = {
            name: Histogram(
                f"{_PREFIX}_operation_{name}_seconds", text, [*_ABOUT, *more],
                buckets=SECONDS_BUCKETS, registry=registry,
            )
            for name, text, more in (
                ("duration", "Seconds for an answer; error_type: cancelled, or a status", ["error_type"]),
                ("time_to_first_chunk", "Seconds to a stream's first chunk", []),
                ("time_per_output_chunk", "Seconds between two chunks of a stream", []),
            )
        }  # fmt: skip

    async def watch_answer(self, answer: Awaitable[Json], call: Call) -> Json:
        """A whole answer with its cost, counted, and what it came to noted."""
        with self._measured(call) as operation:
            return operation.read(await answer)

    async def watch_stream(self, chunks: AsyncGenerator[Json], call: Call) -> AsyncGenerator[Json]:
        """The same chunks with their cost, the answer counted and noted; closes `chunks` when closed."""
        with self._measured(call) as operation:
            async with aclosing(chunks):
                async for chunk in chunks:
                    chunk = operation.read(chunk)
                    self._tick(operation)
                    yield chunk

    def _tick(self, operation: _Operation) -> None:
        now = time.perf_counter()
        name = "time_per_output_chunk" if operation.previous else "time_to_first_chunk"
        elapsed = now - (operation.previous or operation.started)
        self._seconds[name].labels(*self._about(operation)).observe(elapsed)
        operation.previous = now

    @contextmanager
    def _measured(self, call: Call) -> Iterator[_Operation]:
        operation, outcome = _Operation(call), "500"
        try:
            yield operation
            outcome = "ok"
        except ServiceError as error:
            outcome = str(error.status)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            outcome = "cancelled"
            raise
        finally:
            call.notes |= {"outcome": outcome, "attempts": call.attempts}
            self._count(operation, "" if outcome == "ok" else outcome)

    def _count(self, operation: _Operation, error: str) -> None:
        about, usage, notes = self._about(operation), operation.usage, operation.call.notes
        self._seconds["duration"].labels(*about, error).observe(time.perf_counter() - operation.started)
        if usage is None:
            return
        for direction, tokens in (("input", usage.input), ("output", usage.output)):
            if tokens:
                self._tokens.labels(*about, direction).observe(tokens)
                notes[f"{direction}_tokens"] = tokens
        if usage.cost is not None:
            self._cost.labels(*about).inc(usage.cost)
            notes["cost"] = usage.cost

    def _about(self, operation: _Operation) -> tuple[str, ...]:
        """The labels of _ABOUT."""
        call, entry = operation.call, operation.call.answered_by
        host = urlsplit(entry.base_url).hostname if entry else self._host
        names = self._names.requested(call.request), self._names.answered(operation.model)
        return _OPERATION, _PROVIDER, *names, host or ""
