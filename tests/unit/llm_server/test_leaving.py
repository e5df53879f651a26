"""A caller who leaves takes the upstream's work along; a caller who waits hears that the line is alive."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from starlette.types import Message

from code_rag.llm_server.streaming import events_of
from code_rag.servicekit.streaming import EventStream
from tests.fixtures.scripted_upstream import Reply, ScriptedUpstream, chunk, stream
from tests.fixtures.waiting import wait_for


def ask(client: httpx2.Client, streamed: bool) -> socket.socket:
    """Send a request and do not read the answer."""
    body = f'{{"messages": [{{"role": "user", "content": "x"}}], "stream": {str(streamed).lower()}}}'
    address = urlsplit(str(client.base_url))
    connection = socket.create_connection((address.hostname, address.port), timeout=10)
    head = [
        "POST /chat/completions HTTP/1.1",
        "host: localhost",
        "content-type: application/json",
        f"content-length: {len(body)}",
    ]
    connection.sendall("\r\n".join([*head, "", body]).encode())
    return connection


@pytest.mark.parametrize(
    ("reply", "streamed"),
    [
        (Reply(then="silence"), False),
        (Reply(then="silence"), True),
        (stream(chunk({"content": "a"}), then="silence"), True),
    ],
    ids=["whole answer", "before the first chunk", "inside a stream"],
)
def test_the_upstream_sees_the_caller_leave(
    gateway: httpx2.Client, upstream: ScriptedUpstream, reply: Reply, streamed: bool
) -> None:
    """The upstream's connection closes when the caller's does, and the metrics call it cancelled."""
    before = cancelled(gateway)
    upstream.replies = [reply]
    with ask(gateway, streamed) as connection:
        wait_for(lambda: upstream.seen, "the request to reach the upstream")
        if reply.pieces:
            connection.recv(1)
    assert upstream.caller_left.wait(10)
    wait_for(lambda: cancelled(gateway) == before + 1, "the metrics to count it")


def cancelled(client: httpx2.Client) -> float:
    lines = client.get("/metrics").text.splitlines()
    return sum(
        float(line.split()[-1])
        for line in lines
        if line.startswith("gen_ai_client_operation_duration_seconds_count") and '"cancelled"' in line
    )


async def test_a_caller_who_leaves_while_we_send_ends_the_source() -> None:
    """The chunks' source is closed by the time the answer is given up, not when it is collected."""
    ended = asyncio.Event()

    async def chunks() -> AsyncGenerator[dict[str, Any]]:
        try:
            yield chunk({"content": "a"})
            yield chunk({"content": "b"})
        finally:
            ended.set()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise ConnectionResetError

    async def receive() -> Message:
        await asyncio.Event().wait()
        return {}

    answer = EventStream(events_of(chunks(), with_usage=False))
    with pytest.raises(ConnectionResetError):
        await answer({"type": "http"}, receive, send)
    assert ended.is_set()
