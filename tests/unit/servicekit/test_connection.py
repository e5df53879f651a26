"""Connections that send too much, too slowly, too many, or do not read."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from code_rag.servicekit.connection import MAX_HEAD_BYTES, LimitedConnection
from code_rag.servicekit.server import GracefulServer

HEAD = b"POST /x HTTP/1.1\r\nhost: localhost\r\n"
WHOLE = HEAD + b"content-length: 2\r\n\r\nok"
SECONDS = 20
"""A deadline for what takes a part of a second."""


class Hasty(LimitedConnection):
    """Gives clients little time, and has room for few."""

    request_seconds = 0.3
    stalled_seconds = 0.3

    @staticmethod
    def max_connections() -> int:
        """As many as a test can open."""
        return 600


class Few(Hasty):
    """Has room for three."""

    @staticmethod
    def max_connections() -> int:
        """Three."""
        return 3


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body and send as many bytes as the path says, or the body's length."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    name = scope["path"].strip("/")
    body = b"x" * int(name) if name.isdecimal() else str(size).encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving(
    protocol: type[LimitedConnection], app: ASGIApp = echo
) -> AsyncIterator[tuple[uvicorn.Server, int]]:
    """A server with these limits, and its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=1_000) as listener:
        config = uvicorn.Config(app, http=protocol, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield server, listener.getsockname()[1]
        finally:
            server.should_exit = True
            await running


async def answer_to(port: int, sent: bytes) -> bytes:
    """All that comes back for some bytes, until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        async with asyncio.timeout(SECONDS):
            return await reader.read(-1)
    finally:
        writer.close()


async def until(condition: Callable[[], bool]) -> None:
    """Return when it holds."""
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 – the server says nothing about its connections
            await asyncio.sleep(0.01)


def error_in(answer: bytes) -> tuple[int, str]:
    """The status and the code of an error in our envelope."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head
    return int(head.split()[1]), json.loads(body)["error"]["code"]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"GET / HT", (408, "request_timeout")),
        (HEAD, (408, "request_timeout")),
        (HEAD + b"content-length: 9\r\n\r\nslow", (408, "request_timeout")),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n4\r\nslow\r\n", (408, "request_timeout")),
        (HEAD + b"a: " + b"b" * MAX_HEAD_BYTES, (431, "request_too_large")),
        (HEAD + b"a: " + b"b" * MAX_HEAD_BYTES + b"\r\n\r\n", (431, "request_too_large")),
        (HEAD + b"a: b\r\n" * 20_000 + b"\r\n", (431, "request_too_large")),
        (b"GET /" + b"x" * 2 * MAX_HEAD_BYTES, (431, "request_too_large")),
        (b"no HTTP at all\r\n\r\n", (400, "invalid_http")),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_what_is_too_slow_or_too_large_is_refused(sent: bytes, expected: tuple[int, str]) -> None:
    """The refusal has the status, the code and a sentence, and the connection ends."""
    async with serving(Hasty) as (_, port):
        assert error_in(await answer_to(port, sent)) == expected


async def test_a_connection_that_sends_nothing_ends_without_an_answer() -> None:
    """A browser that connects ahead of time is not sent an answer to a request that it did not make."""
    async with serving(Hasty) as (_, port):
        assert await answer_to(port, b"") == b""


async def test_a_kept_connection_has_its_time_for_each_request() -> None:
    """The pause between two requests does not count, and the second one may not be slow either."""
    async with serving(Hasty) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(WHOLE)
            assert (await reader.readuntil(b"\r\n\r\n2")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(Hasty.request_seconds)
        writer.write(HEAD)
        async with asyncio.timeout(SECONDS):
            assert error_in(await reader.read(-1)) == (408, "request_timeout")
        writer.close()


async def test_five_hundred_slow_connections_end_while_others_are_answered() -> None:
    """Connections that do not go on are all closed, and a whole request among them is answered."""
    async with serving(Hasty) as (server, port):
        slow = [asyncio.create_task(answer_to(port, HEAD)) for _ in range(500)]
        await until(lambda: len(server.server_state.connections) > 200)
        assert b"200 OK" in await answer_to(port, b"GET / HTTP/1.0\r\n\r\n")
        answers = await asyncio.gather(*slow)
    assert {error_in(answer) for answer in answers} == {(408, "request_timeout")}


async def test_one_connection_too_many_is_sent_back() -> None:
    """Where all places are taken, the next connection gets a 429; where one is free again, an answer."""
    async with serving(Few) as (server, port):
        kept = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for reader, writer in kept:
            writer.write(WHOLE)
            await reader.readuntil(b"\r\n\r\n2")
        refused = await answer_to(port, b"")
        kept[0][1].close()
        await until(lambda: len(server.server_state.connections) == 2)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(WHOLE)
        assert (await reader.readuntil(b"\r\n\r\n2")).startswith(b"HTTP/1.1 200")
        for _, open_writer in (*kept, (reader, writer)):
            open_writer.close()
    assert error_in(refused) == (429, "too_many_connections")
    assert b"retry-after: 1" in refused


async def test_a_client_that_does_not_read_its_answer_is_disconnected() -> None:
    """What it does not read is not kept for ever: the connection ends, and with it what waits to be sent."""
    async with serving(Hasty) as (server, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(b"GET /90000000 HTTP/1.1\r\nhost: localhost\r\n\r\n")
        await until(lambda: bool(server.server_state.connections))
        await until(lambda: not server.server_state.connections)
        writer.transport.abort()


async def test_an_answer_before_the_body_is_not_followed_by_another() -> None:
    """A request that was answered early is closed in silence where its body does not come."""

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    async with serving(Hasty, refuse) as (_, port):
        answer = await answer_to(port, HEAD + b"content-length: 9\r\n\r\nslow")
    assert answer.count(b"HTTP/1.1") == 1
    assert answer.startswith(b"HTTP/1.1 413")


def test_every_service_has_the_limits() -> None:
    """The server that all services use takes the limited connection."""
    config = uvicorn.Config(echo)
    GracefulServer(config)
    assert config.http is LimitedConnection
