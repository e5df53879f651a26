"""OpenAI's event stream of an answer's chunks."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from code_rag.llm_server.backends.base import Json
from code_rag.servicekit.errors import UpstreamFailed
from code_rag.servicekit.wire.events import DONE, event


async def first_of(chunks: AsyncGenerator[Json]) -> Json:
    """The first chunk; awaited before the headers are sent, so that an early failure has its own status."""
    try:
        return await anext(chunks)
    except StopAsyncIteration:
        raise UpstreamFailed(
            "The model server sent an empty answer.", code="upstream_stream_truncated"
        ) from None


async def events_of(first: Json, rest: AsyncGenerator[Json]) -> AsyncGenerator[str]:
    """Each chunk as an event and `[DONE]` at the end; however it ends, it closes `rest`."""
    async with aclosing(rest):
        yield event(first)
        async for chunk in rest:
            yield event(chunk)
        yield DONE
