"""Answers from OpenAI, or from any compatible server, through the `openai` package."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from contextlib import aclosing, contextmanager
from typing import Any

from openai import AsyncOpenAI, AsyncStream, OpenAIError

from code_rag.llm_server.backends.base import Json
from code_rag.llm_server.backends.upstream_client import pauses_up_to
from code_rag.llm_server.backends.upstream_errors import translate
from code_rag.llm_server.backends.upstream_probe import UpstreamProbe
from code_rag.llm_server.backends.upstream_state import UpstreamState
from code_rag.servicekit.errors import InvalidInput, ServiceError, UpstreamFailed
from code_rag.servicekit.health import CheckResult
from code_rag.servicekit.middleware import request_id


class OpenAIBackend:
    """Passes requests and answers through unchanged, including unknown fields."""

    def __init__(self, client: AsyncOpenAI, model: str, timeout: float) -> None:
        self.models = (model,)
        self._client = client
        self._timeout = timeout
        self._probe = UpstreamProbe(client, model)
        self._state = UpstreamState()
        self._asked_for_models = False

    async def complete(self, request: Json, within: float | None = None) -> Json:
        """The upstream's completion, unchanged."""
        body = self._body(request)
        with self._state.calling(), self._translating():
            answer = await self._post(body, within or self._timeout)
            if not isinstance(answer, dict) or not isinstance(answer.get("choices"), list):
                raise UpstreamFailed(
                    "The model server answered with something that is not a chat completion. "
                    "Check OPENAI_BASE_URL: it usually ends in /v1."
                )
        return answer

    async def stream(self, request: Json, within: float | None = None) -> AsyncGenerator[Json]:
        """The upstream's chunks, unchanged; raises UpstreamFailed if they stop before a finish reason."""
        body, longest = self._body(request), within or self._timeout
        with self._state.calling():
            with self._translating():
                chunks = await self._post(body, longest, stream=True, stream_cls=AsyncStream[object])
            async with chunks, aclosing(_each_within(chunks, longest)) as each:
                with self._translating(started=True):
                    async with aclosing(_complete(each)) as complete:
                        async for chunk in complete:
                            yield chunk

    async def check(self) -> CheckResult:
        """What the last call came to, and whether the model server answers now; only calls cost money."""
        if not self._state.is_calling:  # a server that writes may be too busy to answer
            self._state.seen(await self._probe.failure())
        if why := self._state.failure:
            return CheckResult("degraded", why.message)
        return CheckResult("ok", f"{self.models[0]} at {self._client.base_url.host}")

    async def context_window(self) -> int | None:
        """As the model server says, which is asked once."""
        if not self._asked_for_models:
            self._asked_for_models = await self._probe.failure() is None
        return self._probe.context_window

    async def close(self) -> None:
        """Close the client's connections."""
        await self._client.close()

    def _body(self, request: Json) -> bytes:
        model = request.get("model") or self.models[0]
        try:
            return json.dumps({**request, "model": model}, allow_nan=False).encode()
        except ValueError:
            raise InvalidInput("JSON has no NaN or Infinity.", code="invalid_json") from None

    async def _post(self, body: bytes, longest: float, **how: Any) -> Any:
        # cast_to=object leaves the JSON unchanged: no model drops a field.
        async with asyncio.timeout(longest):
            return await self._client.post(
                "/chat/completions",
                cast_to=object,
                content=body,
                options={
                    "headers": {"x-request-id": request_id.get()},
                    "security": {"bearer_auth": True},
                    "timeout": pauses_up_to(longest),
                },
                **how,
            )

    @contextmanager
    def _translating(self, *, started: bool = False) -> Iterator[None]:
        """Turn the client's exceptions into ServiceErrors, and keep the last result for `/health`."""
        try:
            yield
            self._state.answered()
        except ServiceError as error:
            self._state.failed(error)
            raise
        except (OpenAIError, TimeoutError, json.JSONDecodeError, UnicodeDecodeError) as error:
            failure = translate(error, started=started, secret=self._client.api_key)
            self._state.failed(failure)
            raise failure from error


async def _each_within(chunks: AsyncIterable[object], longest: float) -> AsyncGenerator[object]:
    """The chunks; raises TimeoutError where one takes longer, also if the server says that it is at work."""
    upcoming = aiter(chunks)
    while True:
        async with asyncio.timeout(longest):
            chunk = await anext(upcoming, None)
        if chunk is None:
            return
        yield chunk


async def _complete(chunks: AsyncGenerator[object]) -> AsyncGenerator[Json]:
    """The chunks; raises UpstreamFailed for what is none, and where not every choice says why it ended."""
    finished: dict[int, bool] = {}
    async for chunk in chunks:
        if not isinstance(chunk, dict):
            raise UpstreamFailed("The model server sent a chunk that is not a JSON object.")
        for choice in chunk.get("choices") or []:
            index = choice.get("index", 0)
            finished[index] = finished.get(index, False) or bool(choice.get("finish_reason"))
        yield chunk
    if not finished or not all(finished.values()):
        raise UpstreamFailed(
            "The model server's answer ended before it was complete.", code="upstream_stream_truncated"
        )
