"""What the rounds need to know of a place where the services run."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from code_rag.localstack.ports import port_in_use
from code_rag.localstack.service import Service
from tests.chaos import proxy
from tests.chaos.faults import Injector
from tests.fixtures.waiting import wait_for


class Place(Injector, Protocol):
    """A running system that may be disturbed."""

    services: tuple[str, ...]
    url: str
    """Where rag-server is asked, over a proxy."""
    addresses: Mapping[str, str]
    """Where each service is reached directly."""
    codebase: Path
    seconds: float
    """How soon all must be well again after a fault."""

    def tend(self) -> bool:
        """Start again what has ended, where nothing else does; whether all run that will stay."""

    def save(self, folder: Path) -> None:
        """Keep the logs of all services in `folder`."""


@contextmanager
def proxied(folder: Path, routes: Mapping[str, tuple[int, str]]) -> Iterator[Path]:
    """A proxy process that listens on ports of loopback; gives the folder of its weather.

    `routes` has a port and a host:port for each name.
    """
    weather = folder / "weather"
    weather.mkdir()
    arguments = [f"{name}=127.0.0.1:{port}={to}" for name, (port, to) in routes.items()]
    command = [sys.executable, str(proxy.__file__), str(weather), *arguments]
    process = Service("proxy", 0, folder / "proxy.log", os.environ, command, folder)
    process.start()
    try:
        for port, _ in routes.values():
            wait_for(lambda it=port: port_in_use(it), f"the proxy to listen at port {port}")  # type: ignore[misc]
        yield weather
    finally:
        process.send(signal.SIGKILL)
        process.wait(5)


def set_weather(folder: Path, name: str, how: str) -> None:
    """Say how a route of the proxy is; the proxy reads old or new, never half."""
    draft = folder / f".{name}"
    draft.write_text(how)
    draft.replace(folder / name)
