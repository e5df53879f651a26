"""Answers from OpenAI, or from any compatible server, through the `openai` package."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from openai import AsyncOpenAI, AsyncStream, OpenAIError

from code_rag.llm_server.backends.base import Json
from code_rag.llm_server.backends.upstream_errors import translate
from code_rag.servicekit.errors import InvalidInput, ServiceError, UpstreamFailed
from code_rag.servicekit.health import CheckResult
from code_rag.servicekit.middleware import request_id

log = structlog.get_logger(__name__)

_CALLERS_FAULT = {400, 404, 413}  # the upstream works: the request was at fault


class OpenAIBackend:
    """Passes requests and answers through unchanged, including unknown fields."""

    def __init__(self, client: AsyncOpenAI, model: str, timeout: float) -> None:
        self.models = (model,)
        self._client = client
        self._timeout = timeout
        self._last_failure: str | None = None

    async def complete(self, request: Json) -> Json:
        """The upstream's completion, unchanged."""
        body = self._body(request)
        with self._translating():
            answer = await self._post(body)
            if not isinstance(answer, dict) or not isinstance(answer.get("choices"), list):
                raise UpstreamFailed(
                    "The model server answered with something that is not a chat completion. "
                    "Check OPENAI_BASE_URL: it usually ends in /v1."
                )
        return answer

    async def stream(self, request: Json) -> AsyncGenerator[Json]:
        """The upstream's chunks, unchanged; raises UpstreamFailed if they stop before a finish reason."""
        body = self._body(request)
        with self._translating():
            chunks = await self._post(body, stream=True, stream_cls=AsyncStream[object])
        finished: dict[int, bool] = {}
        async with chunks:
            with self._translating(started=True):
                async for chunk in chunks:
                    if not isinstance(chunk, dict):
                        raise UpstreamFailed("The model server sent a chunk that is not a JSON object.")
                    for choice in chunk.get("choices") or []:
                        index = choice.get("index", 0)
                        finished[index] = finished.get(index, False) or bool(choice.get("finish_reason"))
                    yield chunk
                if not finished or not all(finished.values()):
                    raise UpstreamFailed(
                        "The model server's answer ended before it was complete.",
                        code="upstream_stream_truncated",
                    )

    async def check(self) -> CheckResult:
        """The result of the last call: a test call to the upstream could cost money."""
        if self._last_failure:
            return CheckResult("degraded", self._last_failure)
        return CheckResult("ok", f"{self.models[0]} at {self._client.base_url.host}")

    async def close(self) -> None:
        """Close the client's connections."""
        await self._client.close()

    def _body(self, request: Json) -> bytes:
        model = request.get("model") or self.models[0]
        try:
            return json.dumps({**request, "model": model}, allow_nan=False).encode()
        except ValueError:
            raise InvalidInput("JSON has no NaN or Infinity.", code="invalid_json") from None

    async def _post(self, body: bytes, **how: Any) -> Any:
        # cast_to=object leaves the JSON unchanged: no model drops a field.
        async with asyncio.timeout(self._timeout):
            return await self._client.post(
                "/chat/completions",
                cast_to=object,
                content=body,
                options={"headers": {"x-request-id": request_id.get()}, "security": {"bearer_auth": True}},
                **how,
            )

    @contextmanager
    def _translating(self, *, started: bool = False) -> Iterator[None]:
        """Turn the client's exceptions into ServiceErrors, and keep the last result for `/health`."""
        try:
            yield
            self._last_failure = None
        except ServiceError as error:
            self._remember(error)
            raise
        except (OpenAIError, TimeoutError, json.JSONDecodeError, UnicodeDecodeError) as error:
            failure = translate(error, started=started, secret=self._client.api_key)
            self._remember(failure)
            raise failure from error

    def _remember(self, failure: ServiceError) -> None:
        self._last_failure = None if failure.status in _CALLERS_FAULT else failure.message
        log.warning("upstream failed", status=failure.status, code=failure.code, reason=failure.message)
