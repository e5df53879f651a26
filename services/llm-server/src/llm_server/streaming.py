"""Server-sent events to a caller who may leave at any moment."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from llm_server.generators.base import Json
from servicekit.errors import ServiceError, UpstreamFailed, body_of
from servicekit.wire.chat import DONE, event

PING = ": ping\n\n"
PING_SECONDS = 15.0
_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}  # proxies must not hold events back

T = TypeVar("T")


class EventStream(StreamingResponse):
    """OpenAI's event stream of `chunks`, the `first` of which was awaited already.

    A failure on the way puts an `error` event in place of `[DONE]`. However it ends, it closes `chunks`.
    """

    def __init__(self, first: Json, chunks: AsyncGenerator[Json], ping_seconds: float = PING_SECONDS) -> None:
        self._chunks = chunks
        self._events = with_pings(_events(first, chunks), ping_seconds)
        super().__init__(self._events, media_type="text/event-stream", headers=_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._events.aclose()
            await self._chunks.aclose()


async def first_of(chunks: AsyncGenerator[Json]) -> Json:
    """The first chunk; awaited before the headers go out, so that a failure up to here has its own status."""
    try:
        return await anext(chunks)
    except StopAsyncIteration:
        raise UpstreamFailed("The answer ended before it began.", code="upstream_stream_truncated") from None


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Await `work`, and cancel it as soon as the caller disconnects: nobody would read the answer."""
    answer, gone = asyncio.create_task(work), asyncio.create_task(_disconnect(request))
    try:
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        raise HTTPException(499, "The caller has left.")
    finally:
        answer.cancel()
        gone.cancel()
        await asyncio.gather(answer, gone, return_exceptions=True)


async def with_pings(events: AsyncGenerator[str], seconds: float) -> AsyncGenerator[str]:
    """The events, with a comment after every `seconds` of silence, which proxies take for a dead line."""
    while True:
        upcoming = asyncio.ensure_future(anext(events, None))
        try:
            while not (await asyncio.wait({upcoming}, timeout=seconds))[0]:
                yield PING
        finally:
            if not upcoming.done():
                upcoming.cancel()
                await asyncio.gather(upcoming, return_exceptions=True)
        if (text := upcoming.result()) is None:
            return
        yield text


async def _events(first: Json, chunks: AsyncGenerator[Json]) -> AsyncGenerator[str]:
    try:
        yield event(first)
        async for chunk in chunks:
            yield event(chunk)
        yield DONE
    except ServiceError as error:
        yield event(body_of(error))


async def _disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
