"""A stream's response, before and after its first chunk."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message

from code_rag.llm_server.streaming import stream_of
from code_rag.servicekit.errors import UpstreamTimeout
from code_rag.servicekit.streaming import PING
from tests.fixtures.scripted_upstream import chunk, data

Chunks = AsyncGenerator[dict[str, Any]]


async def _receive() -> Message:
    await asyncio.Event().wait()
    return {}


def a_request() -> Request:
    """A request of a caller who stays."""
    return Request({"type": "http", "method": "POST", "headers": []}, _receive)


async def test_comments_are_sent_while_the_model_thinks() -> None:
    """The response begins without a chunk, with comments, and goes on with the chunks."""
    think = asyncio.Event()

    async def chunks() -> Chunks:
        await think.wait()
        yield chunk({"content": "a"})

    response = await stream_of(a_request(), chunks(), with_usage=False, ping_seconds=0.01)
    events = aiter(response.body_iterator)
    assert [await anext(events), await anext(events)] == [PING, PING]
    think.set()
    rest = [event async for event in events if event != PING]
    assert rest == [data(chunk({"content": "a"})).decode(), "data: [DONE]\n\n"]


async def test_a_failure_after_a_comment_is_an_event() -> None:
    """Once the response has begun, its status cannot change: the error is its last event."""
    think = asyncio.Event()

    async def chunks() -> Chunks:
        await think.wait()
        raise UpstreamTimeout("too late")
        yield {}

    response = await stream_of(a_request(), chunks(), with_usage=False, ping_seconds=0.01)
    think.set()
    events = [event async for event in response.body_iterator if event != PING]
    assert "too late" in str(events[0])
    assert len(events) == 1


async def test_a_failure_before_it_has_its_status() -> None:
    """An error before the first event is raised, for a response of its own."""

    async def chunks() -> Chunks:
        raise UpstreamTimeout("too late")
        yield {}

    with pytest.raises(UpstreamTimeout, match="too late"):
        await stream_of(a_request(), chunks(), with_usage=False)


async def test_a_caller_who_leaves_while_the_model_thinks_ends_it() -> None:
    """The work stops before the response has begun."""
    stopped = asyncio.Event()

    async def chunks() -> Chunks:
        try:
            await asyncio.Event().wait()
            yield {}
        finally:
            stopped.set()

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    request = Request({"type": "http", "method": "POST", "headers": []}, gone)
    with pytest.raises(Exception, match="disconnected"):
        await stream_of(request, chunks(), with_usage=False)
    assert stopped.is_set()
