"""Notes what a server was asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Request = tuple[str, dict[str, Any], Mapping[str, str]]


@dataclass
class Recorder:
    """Notes each request's path, JSON and headers before the app answers it."""

    app: ASGIApp
    requests: list[Request]

    async def __call__(self, connection: Scope, receive: Receive, send: Send) -> None:
        if connection["type"] != "http":
            await self.app(connection, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in connection["headers"]}
        self.requests.append((connection["path"], json.loads(body) if body else {}, headers))
        replayed: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_again() -> Message:
            return replayed.pop() if replayed else await receive()

        await self.app(connection, receive_again, send)
