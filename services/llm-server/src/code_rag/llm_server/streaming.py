"""OpenAI's event stream of an answer's chunks."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import Request

from code_rag.llm_server.backends.base import Json
from code_rag.servicekit.disconnect import unless_gone
from code_rag.servicekit.streaming import PING_SECONDS, Events, EventStream, with_pings
from code_rag.servicekit.wire.events import DONE, event


async def stream_of(
    request: Request, chunks: AsyncGenerator[Json], *, with_usage: bool, ping_seconds: float = PING_SECONDS
) -> EventStream:
    """The response, once the first event is known, so that a failure before it has its own status.

    While a model thinks for longer than `ping_seconds`, comments are sent: its failure is an event then.
    """
    events = with_pings(events_of(chunks, with_usage=with_usage), ping_seconds)
    first = await unless_gone(request, _next(events))
    return EventStream(_resumed(first, events), ping_seconds=None)


async def events_of(chunks: AsyncGenerator[Json], *, with_usage: bool) -> Events:
    """Each chunk as an event and `[DONE]` at the end; however it ends, it closes `chunks`.

    The chunk that only counts tokens is for callers who asked for it.
    """
    async with aclosing(chunks):
        async for chunk in chunks:
            if with_usage or not _only_counts(chunk):
                yield event(chunk)
        yield DONE


def _only_counts(chunk: Json) -> bool:
    return chunk.get("choices") == [] and bool(chunk.get("usage"))


async def _next(events: Events) -> str:
    return await anext(events)


async def _resumed(first: str, rest: Events) -> Events:
    async with aclosing(rest):
        yield first
        async for encoded in rest:
            yield encoded
