"""Runs an app under uvicorn so that a stop first turns `/health` to draining."""

import math
import signal
from types import FrameType

import uvicorn
from fastapi import FastAPI

from servicekit.settings import ServiceSettings

KEEP_ALIVE_SECONDS = 75  # longer than our clients keep an idle connection, so that they close first


class Server(uvicorn.Server):
    """uvicorn's server that tells the app's health before it closes the listener."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.config.app.state.health.drain()  # type: ignore[union-attr]
        super().handle_exit(sig, frame)


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
