"""A forked process that imports one version of the source and serves it, or says why it cannot."""

import asyncio
import contextlib
import importlib
import json
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

import uvicorn

from code_rag.servicekit.reload.options import GRACE_SECONDS, Options
from code_rag.servicekit.reload.report import Report

TICK_SECONDS = 1.0
LINGER_SECONDS = 0.1  # how long a request that is on its way may take to arrive


class Server(uvicorn.Server):
    """uvicorn's server that makes room for its successor at once, and serves what is on its way to itself.

    uvicorn looks ten times a second whether to stop, accepts until then, and pauses once more in the end.
    """

    def __init__(self, config: uvicorn.Config, report: Report) -> None:
        super().__init__(config)
        self.report = report
        self.told = asyncio.Event()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().serve(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.loop.call_soon_threadsafe(self.told.set)

    async def main_loop(self) -> None:
        while not self.told.is_set():
            await self.on_tick(0)  # the date in every answer's headers
            self.report.imports()  # some packages import more when they are first used
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.told.wait(), TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        # A kept connection ends with an answer that says so; closed in between, it breaks the next request.
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        deadline = time.monotonic() + LINGER_SECONDS
        while self.server_state.connections and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(LINGER_SECONDS / 10)
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            _, unfinished = await asyncio.wait(self.server_state.tasks, timeout=GRACE_SECONDS)
            for task in unfinished:
                task.cancel()
        await self.lifespan.shutdown()


def work(options: Options, listener: socket.socket, pipe: int, failure: str) -> NoReturn:
    """Import the app, report on the pipe, and serve until SIGTERM; never returns to the template.

    Where a worker before this one found a `failure`, that is served instead.
    """
    code = 1
    try:
        started = time.perf_counter()
        importlib.invalidate_caches()
        report = Report(options, pipe)
        app = broken(failure) if failure else make_app(options, report.ready)
        print(f"reload: imported in {time.perf_counter() - started:.3f} s", file=sys.stderr, flush=True)
        report.ready()
        code = 0 if serve(app, listener, report) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def make_app(options: Options, imported: Callable[[], object]) -> Any:
    """The app that the factory makes, or one that says what went wrong, with file and line.

    `imported` is called in between: the factory may need what the old worker holds, such as a folder's lock.
    """
    module, _, factory = options.factory.partition(":")
    try:
        make = getattr(importlib.import_module(module), factory)
        imported()
        return make()
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        return broken(place(error, options))


def place(error: BaseException, options: Options) -> str:
    """What `error` says and where in our source it arose, as `file:line: Kind: message`."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if options.ours(f.filename)]
    where = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
    return f"{where}{type(error).__name__}: {error}"


def serve(app: Any, listener: socket.socket, report: Report) -> bool:
    """Serve `app` at the socket; where its start-up fails, say so at the same place until the next change."""
    for served in (app, broken("The app did not start; its log says why.")):
        config = uvicorn.Config(
            served,
            log_config=None,
            access_log=False,
            server_header=False,
        )
        server = Server(config, report)
        server.run(sockets=[listener])
        if server.started:
            return True
    return False


def broken(failure: str) -> Any:
    """An app that answers 503 with `failure` on every route: as our errors look, and as `/health` does."""
    error = {"message": failure, "type": "server_error", "param": None, "code": "source_broken"}
    checks = {"source": {"status": "failing", "detail": failure}}
    body = json.dumps({"status": "failing", "checks": checks, "error": error}).encode()

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        headers = [(b"content-type", b"application/json"), (b"retry-after", b"1")]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
