"""A backend whose model server fails when it is asked to."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import httpx2
import structlog

from code_rag.llm_server.backends.base import Call, ChatBackend, Json
from code_rag.llm_server.backends.faults import Faults
from code_rag.llm_server.backends.guard import Guard
from code_rag.llm_server.backends.limits import Limits
from code_rag.llm_server.backends.openai import OpenAIBackend
from code_rag.llm_server.backends.spoilt_server import SpoiltServer
from code_rag.llm_server.backends.upstream_client import Upstream
from code_rag.servicekit.health import CheckResult

log = structlog.get_logger(__name__)

_NO_KEY = "no-key-for-faults"
_URL = "http://provoked.invalid/v1"


@dataclass(frozen=True, slots=True)
class FaultyBackend:
    """Answers as `inner` does, except for calls that take a fault.

    Those go to a model server that writes what `inner` does and spoils its HTTP answer, through the backend
    for real servers: so callers get what a server with that fault causes, retries and deadlines included.
    """

    inner: ChatBackend
    faults: Faults
    model: str
    limits: Limits
    guard: Guard

    async def complete(self, call: Call) -> Json:
        """The inner backend's completion, or what the fault makes of it."""
        async with self._answering(call) as backend:
            return await backend.complete(call)

    async def stream(self, call: Call) -> AsyncGenerator[Json]:
        """The inner backend's chunks, or what the fault makes of them."""
        async with self._answering(call) as backend, aclosing(backend.stream(call)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def models(self) -> list[Json]:
        """The inner backend's."""
        return await self.inner.models()

    async def check(self) -> CheckResult:
        """The inner backend's; `Faults` has a check of its own."""
        return await self.inner.check()

    async def close(self) -> None:
        """Close the inner backend."""
        await self.inner.close()

    @asynccontextmanager
    async def _answering(self, call: Call) -> AsyncGenerator[ChatBackend]:
        """What answers this call."""
        fault = self.faults.take()
        if fault is None:
            yield self.inner
            return
        log.warning("fault provoked", fault=fault.kind)
        http = httpx2.AsyncClient(
            base_url=_URL, transport=SpoiltServer(self.inner, call, fault), timeout=None
        )
        spoilt = OpenAIBackend(Upstream(http, _NO_KEY), self.model, self.limits, self.guard)
        try:
            yield spoilt
        finally:
            await spoilt.close()
