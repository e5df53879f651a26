"""The sockets at which engine hosts listen, and how a request crosses one."""

from collections.abc import Sequence
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any


def sockets(folder: Path) -> list[Path]:
    """The sockets of running and ended hosts, newest first: their names are times."""
    return sorted(folder.glob("*.sock"), reverse=True)


def listens(address: Path) -> bool:
    """Whether a host accepts connections at a socket."""
    try:
        Client(str(address)).close()
    except OSError:
        return False
    return True


def exchange(connection: Connection, request: Sequence[object]) -> Any:
    """Send a request and return the answer; raises EOFError or OSError if the other process has ended."""
    connection.send(request)
    return connection.recv()
