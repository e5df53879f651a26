"""The sockets at which engine hosts listen, and how a request crosses one."""

import os
import tempfile
from collections.abc import Sequence
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any


def private_folder(owner: int) -> Path:
    """The folder of one reloader's sockets; raises PermissionError if another user owns or can enter it."""
    folder = Path(tempfile.gettempdir(), f"embedding-server-{os.getuid()}-{owner}")
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or folder.is_symlink():
        raise PermissionError(f"{folder} belongs to another user, or others may enter it: remove it.")
    return folder


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
