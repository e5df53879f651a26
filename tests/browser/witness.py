"""The page's server as an attacker finds it: at a port that is known, and with a note of each answer."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.fixtures.waiting import wait_for
from tests.unit.rag_server.fake_rag_server import Script, create_app

TRUSTED = Path(__file__).parent.parent / "fixtures" / "tls" / "trusted.pem"

Answer = tuple[str, str, int]
"""Method, path and status."""


@dataclass
class Witness:
    """Notes how `app` answers each request."""

    app: ASGIApp
    answers: list[Answer] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.answers.append((scope["method"], scope["path"], message["status"]))
            await send(message)

        await self.app(scope, receive, noting)

    def wait(self, *answers: Answer) -> None:
        """Return once each of these was given."""
        wait_for(lambda: set(answers) <= set(self.answers), f"{answers}; given: {self.answers}", seconds=10)

    @property
    def let_in(self) -> list[Answer]:
        """What was answered with anything but a refusal."""
        return [answer for answer in self.answers if answer[2] not in (400, 403, 421)]


@contextmanager
def victim(script: Script, port: int = 0, *, tls: bool = False) -> Iterator[tuple[Witness, int]]:
    """Serve `script` at a port of loopback, which is chosen unless given; yields the witness and the port."""
    witness = Witness(create_app(script))
    config = uvicorn.Config(
        witness,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
        ssl_certfile=TRUSTED if tls else None,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started or not thread.is_alive(), "the server to start")
    try:
        yield witness, server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


class _Server(ThreadingHTTPServer):
    """Ends its connections when it closes: a browser must not talk to it once its name has changed."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Blank)
        self.connections: list[socket.socket] = []

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def server_close(self) -> None:
        super().server_close()
        for connection in self.connections:
            with suppress(OSError):  # most have ended by themselves
                connection.shutdown(socket.SHUT_RDWR)


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>a prize</title><body>You have won."
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def attacker(*, tls: bool = False) -> Iterator[int]:
    """Serve a page that says nothing, for a test to fill with scripts; yields its port on loopback."""
    server = _Server()
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TRUSTED)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
