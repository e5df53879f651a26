"""Server-sent events."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from code_rag.servicekit.errors import UpstreamFailed
from code_rag.servicekit.streaming import PING, EventStream, ending_in_errors, with_pings


async def told(*events: str, error: Exception | None = None) -> AsyncGenerator[str, None]:
    """Yield `events`, then raise `error` if there is one."""
    for event in events:
        yield event
    if error:
        raise error


async def test_silence_is_filled_with_pings() -> None:
    """While the source is silent, comments keep the connection alive; its events come through in order."""
    go_on = asyncio.Event()

    async def source() -> AsyncGenerator[str, None]:
        yield "one"
        await go_on.wait()
        yield "two"

    stream = with_pings(source(), 0.01)
    seen = [await anext(stream) for _ in range(3)]
    go_on.set()
    seen += [event async for event in stream]

    assert seen[:3] == ["one", PING, PING]
    assert [event for event in seen if event != PING] == ["one", "two"]


async def test_closing_stops_a_source_that_is_at_work() -> None:
    """Closing the stream cancels what the source waits for and runs its clean-up before it returns."""
    cleaned = asyncio.Event()

    async def source() -> AsyncGenerator[str, None]:
        try:
            await asyncio.Event().wait()
            yield "never"
        finally:
            cleaned.set()

    stream = with_pings(source(), 0.01)
    assert await anext(stream) == PING

    await stream.aclose()

    assert cleaned.is_set()


async def test_closing_between_two_events_closes_the_source() -> None:
    """A source that waits for its next turn is closed too, before the stream's own closing returns."""
    cleaned = asyncio.Event()

    async def source() -> AsyncGenerator[str, None]:
        try:
            yield "one"
            yield "two"
        finally:
            cleaned.set()

    held = source()
    stream = with_pings(held, 5)
    assert await anext(stream) == "one"

    await stream.aclose()

    assert cleaned.is_set()


async def test_an_error_of_ours_is_the_last_event() -> None:
    """What ends the stream is told in the envelope, under the name that was asked for."""
    failing = told("one", error=UpstreamFailed("The model broke off."))

    *_, last = [event async for event in ending_in_errors(failing, "error")]

    assert last.startswith("event: error\ndata: {")
    assert '"message": "The model broke off."' in last


async def test_a_bug_is_not_dressed_up() -> None:
    """An error that is not ours ends the stream as it is, for the server to log."""
    stream = ending_in_errors(told("one", error=ZeroDivisionError()), "error")

    assert await anext(stream) == "one"
    with pytest.raises(ZeroDivisionError):
        await anext(stream)


async def test_the_response_forbids_caching_and_buffering() -> None:
    """Proxies are told to pass each event on at once."""
    response = EventStream(told())

    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["x-accel-buffering"] == "no"
    await response._events.aclose()
