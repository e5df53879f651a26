"""The entry point of every service: serve; with RELOAD=1, reload each time the source is saved."""

import gc
import os
import signal
import sys
from importlib import import_module
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

KEEP_ALIVE_SECONDS = 75  # longer than our clients keep an idle connection, so that they close first
OFF = ("", "0", "false", "f", "no", "n", "off")
"""What RELOAD may say, in any case, for no reload: as the settings read it."""


def main(package: str) -> None:
    """Run the service in `package`, whose `app` module has a `create_app_from_environment`.

    If the service cannot start, the process ends with an error message and the error's exit code.
    """
    if reload_requested():
        become_reloader(package)
    # Imported here because the reloader's process must not import watched source.
    from code_rag.servicekit.heaps import share_heaps
    from code_rag.servicekit.settings import CannotStart

    share_heaps()
    try:
        app = import_module(f"{package}.app").create_app_from_environment()
    except CannotStart as error:
        error.end_process()
    run(app)


def reload_requested() -> bool:
    """Whether RELOAD in the environment asks for hot reload."""
    return os.environ.get("RELOAD", "").lower() not in OFF


def become_reloader(package: str) -> NoReturn:
    """Replace this process with the reloader, which watches the source of the package and of servicekit."""
    port = os.environ.get("PORT", "")
    if not port.isdecimal():
        raise SystemExit("RELOAD=1 requires PORT in the environment: the port to listen on.")
    specs = [find_spec(name) for name in (package, "code_rag.servicekit")]
    folders = [Path(spec.origin).parent for spec in specs if spec and spec.origin]
    address = ["--host", os.environ.get("HOST") or "127.0.0.1", "--port", port]
    watch = [f"--watch={folder}" for folder in folders]
    factory = f"{package}.app:create_app_from_environment"
    os.execv(sys.executable, [sys.executable, "-m", "code_rag.reloader", factory, *address, *watch])


def run(app: "FastAPI") -> None:
    """Serve `app` with its settings until SIGTERM or SIGINT; then let requests in flight finish."""
    from code_rag.servicekit.server import GracefulServer
    from code_rag.servicekit.settings import CannotStart

    config = _config_of(app)
    # A requested stop ends with exit code 0: uvicorn raises the signal again after its shutdown.
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, lambda *_: None)
    # What is imported stays: a collection that looks through all of it stops requests for 0.3 s.
    gc.collect()
    gc.freeze()
    server = GracefulServer(config, on_stop=app.state.health.drain)
    try:
        server.run()
    except SystemExit as error:  # uvicorn's log has the reason above all that stopping says
        CannotStart(_why_not_listening(config.host, config.port, error.__context__)).end_process()
    if not server.started:
        CannotStart("its start failed; the log above says why").end_process()


def _config_of(app: "FastAPI") -> "uvicorn.Config":
    import uvicorn

    settings = app.state.settings
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=ceil(settings.shutdown_grace_seconds),
    )


def _why_not_listening(host: str, port: int, cause: BaseException | None) -> str:
    reason = cause.strerror if isinstance(cause, OSError) else cause
    return (
        f"it cannot listen at {host}:{port} ({reason}). Stop what listens there, or set another HOST or PORT."
    )
