"""Runs an app under uvicorn so that a stop breaks no request, and `/health` says draining meanwhile."""

import asyncio
import math
import signal
import socket
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI

from code_rag.servicekit.settings import ServiceSettings

KEEP_ALIVE_SECONDS = 75  # longer than our clients keep an idle connection, so that they close first
LINGER_SECONDS = 0.1  # how long a request that is on its way may take to arrive


class Server(uvicorn.Server):
    """uvicorn's server that goes on answering until what was in flight at the stop has ended."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.config.app.state.health.drain()  # type: ignore[union-attr]
        # A kept connection ends with an answer that says so; closed in between, it breaks the next request.
        self.config.encoded_headers.append((b"connection", b"close"))
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        deadline = time.monotonic() + (self.config.timeout_graceful_shutdown or 0)
        await asyncio.sleep(LINGER_SECONDS)
        while (tasks := set(self.server_state.tasks)) and not self.force_exit and time.monotonic() < deadline:
            await asyncio.wait(tasks, timeout=LINGER_SECONDS)
        self.config.timeout_graceful_shutdown = max(1, math.ceil(deadline - time.monotonic()))
        await super().shutdown(sockets)


def run(app: FastAPI, settings: ServiceSettings) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight get `shutdown_grace_seconds` to finish."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=math.ceil(settings.shutdown_grace_seconds),
    )
    # A stop that was asked for ends with exit code 0: uvicorn raises the signal again once it is down.
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, lambda *_: None)
    server = Server(config)
    server.run()
    if not server.started:
        raise SystemExit(1)
