"""uvicorn's server with limits on connections, and a shutdown that breaks no request."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

from code_rag.servicekit.connection import LimitedConnection

TICK_SECONDS = 1.0
ARRIVAL_SECONDS = 0.1  # how long a request that was sent before the stop may take to arrive


def _do_nothing() -> None:
    pass


class GracefulServer(uvicorn.Server):
    """Finishes requests in flight at shutdown, and ends within `config.timeout_graceful_shutdown` seconds.

    Until then it accepts connections, so that `/health` can answer `draining`; a server that `hands_over` to
    another at the same socket stops accepting at once. `on_stop` is called when shutdown is requested,
    `on_tick` once a second while it serves.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        on_stop: Callable[[], object] = _do_nothing,
        on_tick: Callable[[], object] = _do_nothing,
        hands_over: bool = False,
    ) -> None:
        config.http = LimitedConnection
        super().__init__(config)
        self._on_stop = on_stop
        self._on_tick = on_tick
        self._hands_over = hands_over
        self._stop = asyncio.Event()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal requests shutdown."""
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Start the shutdown; called by uvicorn for SIGTERM and SIGINT."""
        if not self.should_exit:
            self._on_stop()
            self._end_kept_connections()
        super().handle_exit(sig, frame)
        self._loop.call_soon_threadsafe(self._stop.set)

    async def main_loop(self) -> None:
        """Wait for the shutdown request; uvicorn's own loop only polls for it ten times a second."""
        while not self._stop.is_set():
            await self.on_tick(0)  # updates the date in every answer's headers
            self._on_tick()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let requests in flight finish, then close connections and cancel the remaining tasks."""
        deadline = time.monotonic() + (self.config.timeout_graceful_shutdown or 0)
        if self._hands_over:
            self._stop_accepting()
        await self._wait_for_arrivals()
        await self._wait_for_tasks(deadline)
        self._stop_accepting()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._wait_for_tasks(deadline)
        for task in self.server_state.tasks:
            task.cancel()
        await self.lifespan.shutdown()

    def _end_kept_connections(self) -> None:
        # `connection: close` ends a kept-alive connection; closing it without breaks the next request.
        close = (b"connection", b"close")
        self.config.encoded_headers.append(close)  # what a tick makes the default headers of
        self.server_state.default_headers = [*self.server_state.default_headers, close]

    def _stop_accepting(self) -> None:
        for server in self.servers:
            server.close()

    async def _wait_for_arrivals(self) -> None:
        until = time.monotonic() + ARRIVAL_SECONDS
        accepting = not self._hands_over
        while (accepting or self.server_state.connections) and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(ARRIVAL_SECONDS / 10)

    async def _wait_for_tasks(self, deadline: float) -> None:
        while (tasks := set(self.server_state.tasks)) and not self.force_exit:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            await asyncio.wait(tasks, timeout=min(left, ARRIVAL_SECONDS))
