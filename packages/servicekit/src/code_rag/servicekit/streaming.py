"""Server-sent events: pings during pauses, an error as the last event, an end when the client disconnects."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from code_rag.servicekit.errors import ServiceError, body_of
from code_rag.servicekit.wire.events import event

PING = ": ping\n\n"
PING_SECONDS = 15.0
"""Below the idle timeouts of common proxies, which start at 30 s."""

Events = AsyncGenerator[str, None]


class EventStream(StreamingResponse):
    """Streams encoded events; a ServiceError that they raise becomes the last event, named `error_name`.

    `ping_seconds` is None for events that have pings already.
    """

    media_type = "text/event-stream"

    def __init__(
        self, events: Events, *, error_name: str | None = None, ping_seconds: float | None = PING_SECONDS
    ) -> None:
        whole = ending_in_errors(events, error_name)
        self._events = with_pings(whole, ping_seconds) if ping_seconds else whole
        super().__init__(self._events, headers={"cache-control": "no-cache", "x-accel-buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all events; on disconnect, close their source at once, not at garbage collection."""
        async with aclosing(self._events):
            await super().__call__(scope, receive, send)


async def ending_in_errors(events: Events, error_name: str | None) -> Events:
    """`events`, then the envelope of the ServiceError that ended them, if any."""
    async with aclosing(events):
        try:
            async for encoded in events:
                yield encoded
        except ServiceError as error:
            yield event(body_of(error), error_name)


async def with_pings(events: Events, seconds: float) -> Events:
    """`events`, with a comment whenever `seconds` pass without an event."""
    upcoming = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            done, _ = await asyncio.wait({upcoming}, timeout=seconds)
            if not done:
                yield PING
                continue
            encoded = upcoming.result()
            if encoded is None:
                return
            yield encoded
            upcoming = asyncio.ensure_future(anext(events, None))
    finally:
        upcoming.cancel()
        await asyncio.wait({upcoming})
        await events.aclose()
