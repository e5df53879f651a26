"""A forked process that imports one version of the source and serves it, or answers with the import error."""

import importlib
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import uvicorn

from code_rag.reloader.broken import broken_app
from code_rag.reloader.options import GRACE_SECONDS, Options
from code_rag.reloader.report import Report

SERVER = "code_rag.servicekit.server"


def work(options: Options, listener: socket.socket, pipe: int, failure: str) -> NoReturn:
    """Import the app, report on the pipe, and serve until SIGTERM; never returns to the supervisor.

    If an earlier worker reported a `failure`, that is served instead.
    """
    code = 1
    try:
        started = time.perf_counter()
        importlib.invalidate_caches()
        report = Report(options, pipe)
        app = broken_app(failure) if failure else load(options, report.ready)
        print(f"reload: imported in {time.perf_counter() - started:.3f} s", file=sys.stderr, flush=True)
        report.ready()
        code = 0 if serve(app, listener, report) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def load(options: Options, imported: Callable[[], object]) -> Any:
    """The app that the factory creates; if the source fails, an app that answers with file and line.

    `imported` is called before the factory, which may need what the old worker holds, such as a lock.
    """
    module, _, factory = options.factory.partition(":")
    try:
        importlib.import_module(SERVER)  # watched source too: an error in it must be reported
        make = getattr(importlib.import_module(module), factory)
        imported()
        return make()
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        return broken_app(place(error, options))


def place(error: BaseException, options: Options) -> str:
    """`error` and where in the watched source it was raised, as `file:line: Kind: message`."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if options.watches(f.filename)]
    where = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
    return f"{where}{type(error).__name__}: {error}"


def serve(app: Any, listener: socket.socket, report: Report) -> bool:
    """Serve `app` at the socket; if its start-up fails, answer with that error until the next change."""
    for served in (app, broken_app("The app did not start; see its log for the reason.")):
        config = uvicorn.Config(
            served,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        server = make_server(config, report)
        server.run(sockets=[listener])
        if server.started:
            return True
    return False


def make_server(config: uvicorn.Config, report: Report) -> uvicorn.Server:
    """The server that production uses; uvicorn's own if that does not import."""
    try:
        from code_rag.servicekit.server import GracefulServer
    except Exception:  # `load` has reported it
        return uvicorn.Server(config)
    return GracefulServer(config, on_tick=report.imports, hands_over=True)
