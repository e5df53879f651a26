"""A model server on loopback that answers as it is told to, faults included."""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.fixtures.waiting import wait_for

JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream"}


class Cut(Exception):
    """Raised inside an answer, makes the server close the connection in the middle of it."""


@dataclass(frozen=True)
class Reply:
    """Pieces of a body, then the end, a cut line or silence until the caller leaves."""

    pieces: Sequence[bytes] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: JSON)
    then: Literal["end", "cut", "silence"] = "end"


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


LISTED = Reply([b'{"object": "list", "data": [{"id": "house-model"}]}'])


class FakeUpstream:
    """Gives `replies` to POSTs in turn, the last one for ever, and keeps what it saw; `models` to GETs."""

    def __init__(self) -> None:
        self.url = ""
        self.replies: list[Reply] = []
        self.models = LISTED
        self.seen: list[Seen] = []
        self.caller_left = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET":
            await self._answer(self.models, receive, send)
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.seen.append(Seen(scope["path"], headers, json.loads(await _read(receive))))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        await self._answer(reply, receive, send)

    async def _answer(self, reply: Reply, receive: Receive, send: Send) -> None:
        caller_left = self.caller_left  # of the test that asks, should the news come late
        encoded = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        if reply.pieces or reply.then == "end":
            await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
        for piece in reply.pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if reply.then == "cut":
            raise Cut
        if reply.then == "silence":
            await receive()  # all of the body was read: the next news is that the caller left
            caller_left.set()
        else:
            await send({"type": "http.response.body", "body": b""})


async def _read(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def whole(**fields: Any) -> Reply:
    """A completion that says "hi", with `fields` on top."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return Reply([json.dumps(body | fields).encode()])


def failure(status: int, headers: dict[str, str] | None = None, **error: Any) -> Reply:
    """An error in OpenAI's envelope."""
    return Reply([json.dumps({"error": error}).encode()], status, JSON | (headers or {}))


def chunk(delta: dict[str, Any], finish_reason: str | None = None, **fields: Any) -> dict[str, Any]:
    """One chunk of a stream, with `fields` on top."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return head | {"choices": [choice]} | fields


def data(payload: object) -> bytes:
    """A server-sent event; text goes out as it is."""
    return f"data: {payload if isinstance(payload, str) else json.dumps(payload)}\n\n".encode()


def stream(*payloads: object, then: Literal["end", "cut", "silence"] = "end") -> Reply:
    """A stream of events."""
    return Reply([data(payload) for payload in payloads], headers=SSE, then=then)


@contextmanager
def serving(app: ASGIApp, certificate: Path | None = None) -> Iterator[str]:
    """Serve `app` from a thread on a free port, under TLS with a `certificate`; gives its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, log_config=None, access_log=False, timeout_graceful_shutdown=1, ssl_certfile=certificate
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        wait_for(lambda: server.started or not thread.is_alive(), "the server to start")
        try:
            yield f"{'https' if certificate else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
