"""Answers from the model on this machine, which an engine in a process of its own serves."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

from code_rag.llm_server.backends.base import Call, Json, listed
from code_rag.llm_server.backends.joining import can_join, join
from code_rag.llm_server.backends.openai import OpenAIBackend
from code_rag.llm_server.backends.waiting_line import WaitingLine
from code_rag.llm_server.engine.keeper import EngineKeeper, times
from code_rag.servicekit.errors import NotFound, UpstreamFailed
from code_rag.servicekit.health import CheckResult

END_SECONDS = 1.0
"""How long after a broken connection the engine's end may be seen."""


class LocalBackend:
    """Lets one request at a time through to the engine; any other name than its model's is refused."""

    def __init__(
        self, keeper: EngineKeeper, engine: OpenAIBackend, line: WaitingLine, longest_wait: float
    ) -> None:
        self._keeper = keeper
        self._engine = engine
        self._line = line
        self._longest_wait = longest_wait

    async def complete(self, call: Call) -> Json:
        """The engine's completion, with its own figures in `timings`; it is streamed where it is only text.

        A stream is left at once when the caller leaves; for anything else the engine looks once a second.
        """
        if can_join(call.request):
            return await join(self.stream(call))
        async with self._turn(call):
            return await self._engine.complete(call)

    async def stream(self, call: Call) -> AsyncGenerator[Json]:
        """The engine's chunks; how far it has read is among them for callers who set `return_progress`."""
        wanted = call.request.get("return_progress")
        # With something to send after each batch, the engine sees there that its caller has left.
        call.request = {**call.request, "stream": True, "return_progress": True}
        async with self._turn(call), aclosing(self._engine.stream(call)) as chunks:
            async for chunk in chunks:
                if wanted or "prompt_progress" not in chunk:
                    yield chunk

    async def models(self) -> list[Json]:
        """The model, with the tokens it takes and those it reads and writes a second."""
        state = self._keeper.require_ready()
        return [
            listed(
                state.model,
                context_window=state.context_tokens,
                reading_tokens_per_second=state.reading_tokens_per_second,
                writing_tokens_per_second=state.writing_tokens_per_second,
            )
        ]

    async def check(self) -> CheckResult:
        """What the engine does, who waits for it, and why it was started again if it was."""
        keeper, line = self._keeper, self._line
        if not keeper.is_ready or keeper.state is None:
            return CheckResult("degraded", keeper.words())
        detail = f"{keeper.state.model} on this machine ({keeper.state.detail})"
        if line.is_taken:
            detail += (
                f"; writes an answer, {line.waiting} wait, about {line.wait_seconds():.0f} s for one more"
            )
        if keeper.restarts:
            detail += f"; started again {times(keeper.restarts)}: {keeper.ended}"
        return CheckResult("ok", detail)

    async def close(self) -> None:
        """Close the connections to the engine."""
        await self._engine.close()

    @asynccontextmanager
    async def _turn(self, call: Call) -> AsyncIterator[None]:
        """Wait for the engine and hold it; an engine that ends meanwhile is one clear error."""
        self._require_listed(call.request.get("model"))
        async with self._line.turn(call.within or self._longest_wait):
            state = self._keeper.require_ready()
            try:
                yield
            except UpstreamFailed as failure:
                if not await self._keeper.gone(state, END_SECONDS):
                    raise
                raise UpstreamFailed(
                    f"The local model stopped while it answered: {self._keeper.ended}. It is loaded again: "
                    "ask again in a moment.",
                    code="engine_ended",
                ) from failure

    def _require_listed(self, name: str | None) -> None:
        """Raise Unavailable while the model loads, and NotFound for another name than its own."""
        model = self._keeper.require_ready().model
        if name and name != model:
            raise NotFound(
                f"There is no model {name!r} here, only {model!r}: LOCAL_MODEL chooses it.",
                param="model",
                code="model_not_found",
            )
