"""An encoder in a process of its own, so that a reload of the service does not load the model again.

The first worker that needs it starts `process.py`, which answers every later one too. It ends with the
reloader, or when one of newer source has taken its place. Objects travel by pickle, over a socket in a folder
that no other user can enter.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

import structlog

from code_rag.embedding_server.encoders.base import Encoder, Tokens, Vectors
from code_rag.embedding_server.settings import Settings

log = structlog.get_logger(__name__)

START_SECONDS = 30.0


class RemoteEncoder:
    """The encoder of the process that listens in `folder`, which is started where none does.

    It lives as long as the process `owner`. What the encoder raises there is raised here.
    """

    def __init__(self, folder: Path, owner: int) -> None:
        self._folder = folder
        self._owner = owner
        self._opening = threading.Lock()
        self._of_this_thread = threading.local()
        self.model, self.dimension, self.max_tokens = self._ask("load")

    def tokenize(self, text: str) -> Tokens:
        tokens: Tokens = self._ask("tokenize", text)
        return tokens

    def count(self, text: str) -> int:
        count: int = self._ask("count", text)
        return count

    def embed(self, batch: Sequence[Tokens]) -> Vectors:
        vectors: Vectors = self._ask("embed", batch)
        return vectors

    def _ask(self, *request: object) -> Any:
        try:
            answer = exchange(self._connection(), request)
        except (EOFError, OSError):  # its process has ended
            self._of_this_thread.__dict__.pop("connection", None)
            answer = exchange(self._connection(), request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _connection(self) -> Connection:
        """This thread's own: an answer may take long, and others need not wait for it."""
        if not hasattr(self._of_this_thread, "connection"):
            with self._opening:
                address = current(self._folder) or start(self._folder, self._owner)
            self._of_this_thread.connection = Client(str(address))
        connection: Connection = self._of_this_thread.connection
        return connection


def load_remote_encoder(settings: Settings) -> Encoder:
    """The encoder of a process that outlives this one; takes a second where none of this source is running.

    That process reads its settings itself, from the same environment. Raises what `load_encoder` does.
    """
    reloader = os.getppid()
    encoder = RemoteEncoder(private_folder(reloader), reloader)
    log.info("encoder ready, in a process of its own", model=encoder.model)
    return encoder


def private_folder(owner: int) -> Path:
    """Where the encoders of one reloader listen; raises PermissionError where it is not ours alone."""
    folder = Path(tempfile.gettempdir(), f"embedding-server-{os.getuid()}-{owner}")
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or folder.is_symlink():
        raise PermissionError(f"{folder} is not ours, or others may enter it: remove it.")
    return folder


def current(folder: Path) -> Path | None:
    """The socket of a running encoder whose source is what is on the disk now; None where there is none."""
    for address in sockets(folder):
        try:
            with Client(str(address)) as connection:
                if up_to_date(exchange(connection, ("source",))):
                    return address
        except (EOFError, OSError):  # it has ended
            address.unlink(missing_ok=True)
    return None


def start(folder: Path, owner: int) -> Path:
    """Start a process; its socket, once it listens. The encoder is loaded when it is first asked for."""
    address = folder / f"{time.time_ns()}.sock"
    command = [sys.executable, "-m", "code_rag.embedding_server.encoders.process", str(address), str(owner)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=process.wait, daemon=True).start()  # it may outlive us, but be no zombie
    deadline = time.monotonic() + START_SECONDS
    while not listens(address):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError("The encoder's process did not start; the log says why.")
        time.sleep(0.01)
    return address


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


def sockets(folder: Path) -> list[Path]:
    """Where encoders listen or have listened, the newest first: their names are times."""
    return sorted(folder.glob("*.sock"), reverse=True)


def digests(folders: Iterable[Path]) -> dict[str, str]:
    """Each Python file below `folders`, and the digest of what it says."""
    return {str(file): digest(file) for folder in folders for file in folder.rglob("*.py")}


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def up_to_date(source: Mapping[str, str]) -> bool:
    """Whether every file still says what it did."""
    return all(Path(file).is_file() and digest(Path(file)) == known for file, known in source.items())
