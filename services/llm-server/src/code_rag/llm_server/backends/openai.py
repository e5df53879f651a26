"""Answers from OpenAI, or from any compatible server."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from math import inf

import httpx2

from code_rag.llm_server.backends.base import Call, Json
from code_rag.llm_server.backends.breaker import Resting
from code_rag.llm_server.backends.guard import Guard
from code_rag.llm_server.backends.limits import Deadlines, Limits, unfinished
from code_rag.llm_server.backends.surrogates import characters
from code_rag.llm_server.backends.upstream_body import read_whole
from code_rag.llm_server.backends.upstream_call import ask
from code_rag.llm_server.backends.upstream_client import Upstream
from code_rag.llm_server.backends.upstream_errors import CHECK_URL, SERVERS_FAULT, in_band
from code_rag.llm_server.backends.upstream_probe import UpstreamProbe
from code_rag.llm_server.backends.upstream_state import UpstreamState
from code_rag.llm_server.backends.upstream_stream import chunks_of
from code_rag.servicekit.errors import InvalidInput, ServiceError, UpstreamFailed, UpstreamTimeout
from code_rag.servicekit.health import CheckResult
from code_rag.servicekit.outside.reason import Reason
from code_rag.servicekit.outside.upstream_json import parse

_USAGE = re.compile("stream_options|include_usage")


class OpenAIBackend:
    """Passes requests and answers through unchanged, unknown fields too; streams ask for their usage."""

    def __init__(self, upstream: Upstream, model: str, limits: Limits, guard: Guard) -> None:
        self._upstream = upstream
        self._model = model
        self._limits = limits
        self._guard = guard
        self._probe = UpstreamProbe(upstream, model)
        self._state = UpstreamState()
        self._asks_for_usage = True

    async def complete(self, call: Call) -> Json:
        """The upstream's completion, unchanged."""
        longest = self._limits.of_whole(call.within, call.share)
        body = _encoded(call.request, self._model)
        with self._state.calling(), self._noting(call):
            try:
                async with asyncio.timeout(longest):
                    response = await ask(self._upstream, call, body, self._guard)
                    async with aclosing(response):
                        return self._completion(await read_whole(response))
            except TimeoutError as error:
                raise UpstreamTimeout(unfinished(longest)) from error

    async def stream(self, call: Call) -> AsyncGenerator[Json]:
        """The upstream's chunks, unchanged; raises UpstreamFailed if they stop before a finish reason."""
        deadlines = Deadlines(self._limits.of(call.within, call.share))
        with self._state.calling(), self._noting(call):
            async with deadlines.waiting():
                response = await self._open(call)
            chunks = chunks_of(response, _choices(call.request), deadlines, self._upstream.key)
            async with aclosing(response), aclosing(chunks):
                async for chunk in chunks:
                    self._guard.breaker.answers()
                    yield chunk

    async def models(self) -> list[Json]:
        """The configured model, then the others that the upstream lists; it is asked once a minute."""
        return await self._probe.models()

    async def check(self) -> CheckResult:
        """What the last call came to, and whether the model server answers now; only calls cost money."""
        breaker = self._guard.breaker
        if not self._state.is_calling:  # a server that writes may be too busy to answer
            self._state.seen(await self._probe.failure())
            if not self._state.failure:  # where a look at the server shows that the fault is over
                breaker.answered()
        if why := breaker.resting() or self._state.failure:
            return CheckResult("degraded", why.message)
        return CheckResult("ok", f"{self._model} at {self._upstream.host}")

    async def close(self) -> None:
        """Close the client's connections."""
        await self._upstream.close()

    async def _open(self, call: Call) -> httpx2.Response:
        """The started answer; a server that refuses to count tokens in streams is not asked to again."""
        counted = _counting(call.request) if self._asks_for_usage else call.request
        try:
            return await ask(self._upstream, call, _encoded(counted, self._model), self._guard)
        except InvalidInput as error:
            if counted == call.request or not _USAGE.search(f"{error.param} {error.message}"):
                raise
        self._asks_for_usage = False
        return await ask(self._upstream, call, _encoded(call.request, self._model), self._guard)

    def _completion(self, body: bytes) -> Json:
        try:
            answer = parse(body)
            if isinstance(answer, dict):
                answer = characters(answer, body)
        except (ValueError, RecursionError):
            raise UpstreamFailed("The model server answered with something that is not JSON.") from None
        if isinstance(answer, dict) and isinstance(answer.get("choices"), list):
            return answer
        if isinstance(answer, dict) and answer.get("error"):
            raise in_band(Reason(body, self._upstream.key))
        raise UpstreamFailed(
            f"The model server answered with something that is not a chat completion. {CHECK_URL}"
        )

    @contextmanager
    def _noting(self, call: Call) -> Iterator[None]:
        """Keep what a call came to, for `/health` and for the calls that follow."""
        try:
            yield
        except Resting:
            raise
        except ServiceError as error:
            self._state.failed(error)
            self._blame(error, call)
            raise
        self._state.answered()
        self._guard.breaker.answered()

    def _blame(self, error: ServiceError, call: Call) -> None:
        if not isinstance(error, SERVERS_FAULT):
            if call.attempts:  # a server that finds fault with a request works
                self._guard.breaker.answered()
        elif not isinstance(error, UpstreamTimeout) or (call.within or inf) >= self._limits.first_token:
            self._guard.breaker.failed(error)  # a caller in a hurry says nothing against the server


def _encoded(request: Json, default_model: str) -> bytes:
    try:
        return json.dumps(
            {**request, "model": request.get("model") or default_model}, allow_nan=False
        ).encode()
    except ValueError:
        raise InvalidInput("JSON has no NaN or Infinity.", code="invalid_json") from None
    except RecursionError:
        raise InvalidInput("The body's JSON is nested too deeply.", code="invalid_json") from None


def _counting(request: Json) -> Json:
    """The request, with the usage of the answer asked for."""
    return {**request, "stream_options": {**(request.get("stream_options") or {}), "include_usage": True}}


def _choices(request: Json) -> int:
    wanted = request.get("n")
    return wanted if isinstance(wanted, int) else 1
