"""The sockets at which engine hosts listen, and how a request crosses one."""

import os
import tempfile
from collections.abc import Sequence
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any


def private_folder(owner: int) -> Path:
    """Where the hosts of one reloader listen; raises PermissionError where it is not ours alone."""
    folder = Path(tempfile.gettempdir(), f"embedding-server-{os.getuid()}-{owner}")
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or folder.is_symlink():
        raise PermissionError(f"{folder} is not ours, or others may enter it: remove it.")
    return folder


def sockets(folder: Path) -> list[Path]:
    """Where hosts listen or have listened, the newest first: their names are times."""
    return sorted(folder.glob("*.sock"), reverse=True)


def listens(address: Path) -> bool:
    """Whether somebody answers at a socket."""
    try:
        Client(str(address)).close()
    except OSError:
        return False
    return True


def exchange(connection: Connection, request: Sequence[object]) -> Any:
    """Send a request and return what comes back; raises EOFError or OSError where the other side ended."""
    connection.send(request)
    return connection.recv()
