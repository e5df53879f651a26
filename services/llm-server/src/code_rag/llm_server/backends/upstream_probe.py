"""Asks the model server for its list of models: that costs nothing, and shows whether it answers."""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing

import httpx2

from code_rag.llm_server.backends.base import Json, listed
from code_rag.llm_server.backends.upstream_body import read_start, read_whole
from code_rag.llm_server.backends.upstream_client import Upstream
from code_rag.llm_server.backends.upstream_errors import of_status
from code_rag.servicekit.errors import ServiceError, UpstreamFailed, UpstreamTimeout
from code_rag.servicekit.outside.reason import Reason
from code_rag.servicekit.outside.upstream_connection import of_transport
from code_rag.servicekit.outside.upstream_json import parse

PROBE_SECONDS = 1.5
"""Below the two seconds that a health check may take."""
REMEMBERED_SECONDS = 60.0
_NO_LIST = {404, 405, 501}
"""What a server answers that answers chats, but lists no models."""
_CONTEXT_WINDOW = ("context_window", "context_length", "max_model_len", "max_context_length")


class UpstreamProbe:
    """Looks at one model server, and remembers what it says of its models, `model` first."""

    def __init__(self, upstream: Upstream, model: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._upstream = upstream
        self._model = model
        self._clock = clock
        self._models: list[Json] = [listed(model)]
        self._asked_at = float("-inf")

    async def failure(self) -> ServiceError | None:
        """Why answers cannot be expected; None if the server answers, also that it has no such list."""
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                self._models = _models(await self._list(), self._model)
        except TimeoutError:
            return UpstreamTimeout("The model server did not answer in time.")
        except ServiceError as failure:
            return failure if isinstance(failure, UpstreamFailed | UpstreamTimeout) else None
        self._asked_at = self._clock()
        return None

    async def models(self) -> list[Json]:
        """Its models, no older than a minute if it answers."""
        if self._clock() - self._asked_at > REMEMBERED_SECONDS:
            await self.failure()
        return self._models

    async def _list(self) -> object:
        """What it lists; None if that is no list."""
        try:
            response = await self._upstream.http.send(
                self._upstream.http.build_request("GET", "/models"), stream=True
            )
        except httpx2.TransportError as error:
            raise of_transport(error, "OPENAI_BASE_URL") from error
        async with aclosing(response):
            if response.status_code in _NO_LIST:
                return None
            if not response.is_success:
                reason = Reason(await read_start(response), self._upstream.key)
                raise of_status(response.status_code, response.headers, reason)
            try:
                return parse(await read_whole(response))
            except ValueError:
                return None


def _models(answer: object, default: str) -> list[Json]:
    """What is listed, the default first, with the tokens it takes where they are known."""
    data = answer.get("data") if isinstance(answer, dict) else None
    known = [each for each in data if _is_model(each)] if isinstance(data, list) else []
    chosen = next((each for each in known if each["id"] == default), known[0] if len(known) == 1 else {})
    size = _context_window(chosen)
    first = listed(default, **({"context_window": size} if size else {}))
    return [first, *(listed(**each) for each in known if each["id"] != default)]


def _is_model(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("id"), str)


def _context_window(model: Json) -> int | None:
    """What llama.cpp, vLLM and others add to their list; OpenAI does not."""
    meta = model.get("meta")
    sizes = [model.get(name) for name in _CONTEXT_WINDOW]
    sizes.append(meta.get("n_ctx") if isinstance(meta, dict) else None)
    return next((size for size in sizes if isinstance(size, int) and size > 0), None)
