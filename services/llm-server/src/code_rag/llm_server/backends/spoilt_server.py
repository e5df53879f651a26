"""A model server inside this process: it writes what a backend answers, and spoils the answer."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import httpx2

from code_rag.llm_server.backends.base import Call, ChatBackend, Json
from code_rag.llm_server.backends.chunk_reader import MOST_UNREADABLE
from code_rag.llm_server.backends.faults import Fault
from code_rag.servicekit.wire.events import DONE, event

CHUNKS = 5
"""So much of a stream comes before it ends, or pauses."""
_RETRY_AFTER = {"retry-after": "20"}
_LIMITED = {"code": "rate_limit_exceeded", "message": "Rate limit reached: provoked by LLM_FAULTS."}
_BROKEN = {"code": "server_error", "message": "Internal error: provoked by LLM_FAULTS."}
_GARBLED = '{"id": "chatcmpl-\ufffd, "choices": [{'


class SpoiltServer(httpx2.AsyncBaseTransport):
    """Answers one call, and its further attempts, with the same fault."""

    def __init__(self, backend: ChatBackend, call: Call, fault: Fault) -> None:
        self._backend = backend
        self._call = call
        self._asked = replace(call, headers={}, notes={})  # attempts at this server are counted in `call`
        self._fault = fault

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The HTTP answer; the request is known from the call."""
        if self._fault.kind == "429":
            return httpx2.Response(429, headers=_RETRY_AFTER, json={"error": _LIMITED})
        if self._fault.kind == "500":
            return httpx2.Response(500, json={"error": _BROKEN})
        streams = bool(self._call.request.get("stream"))
        pieces = self._stream() if streams else self._whole()
        kind = "text/event-stream" if streams else "application/json"
        return httpx2.Response(200, headers={"content-type": kind}, stream=_Body(pieces))

    async def _whole(self) -> AsyncGenerator[str]:
        if self._fault.kind == "garbled":
            yield _GARBLED
            return
        if self._fault.kind == "slow":
            await asyncio.sleep(self._fault.seconds)
        body = json.dumps(await self._backend.complete(self._asked))
        self._call.answered_by = self._asked.answered_by
        if self._fault.kind == "truncated":
            yield body[: len(body) // 2]
            raise _lost()
        yield body

    async def _stream(self) -> AsyncGenerator[str]:
        if self._fault.kind == "garbled":
            for _ in range(MOST_UNREADABLE + 1):
                yield f"data: {_GARBLED}\n\n"
            return
        if self._fault.kind == "slow":
            await asyncio.sleep(self._fault.seconds)
        async with aclosing(self._backend.stream(self._asked)) as chunks:
            count = 0
            async for chunk in chunks:
                self._call.answered_by = self._asked.answered_by
                if self._fault.kind == "truncated" and (count == CHUNKS or _ends(chunk)):
                    raise _lost()
                if self._fault.kind == "slow" and count == CHUNKS:
                    await asyncio.sleep(self._fault.seconds)
                yield event(chunk)
                count += 1
        yield DONE


class _Body(httpx2.AsyncByteStream):
    """A body that is closed when the caller leaves."""

    def __init__(self, pieces: AsyncGenerator[str]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
            yield piece.encode()

    async def aclose(self) -> None:
        """Stop what writes the body."""
        await self._pieces.aclose()


def _ends(chunk: Json) -> bool:
    """Whether it says why a choice ends, without which an answer is not complete."""
    return any(choice.get("finish_reason") for choice in chunk.get("choices") or ())


def _lost() -> httpx2.RemoteProtocolError:
    """What the HTTP client raises for a connection that is closed within a body."""
    return httpx2.RemoteProtocolError("peer closed connection without sending complete message body")
