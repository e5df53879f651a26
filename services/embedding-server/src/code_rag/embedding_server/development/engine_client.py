"""An engine in a process of its own, so that a reload of the service does not load the model again.

The first worker that needs it starts `engine_host.py`, which serves later workers too. It ends with the
reloader, or when a host with newer source replaces it. Objects are pickled and sent over a socket in a folder
that no other user can enter.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

import structlog

from code_rag.embedding_server.development.sockets import exchange, listens, sockets
from code_rag.embedding_server.development.source import up_to_date
from code_rag.embedding_server.engines.base import Engine, Tokens, Vectors
from code_rag.embedding_server.settings import Settings
from code_rag.servicekit.private_folder import private_folder

log = structlog.get_logger(__name__)

START_SECONDS = 30.0
FROM_TEXT = "code_rag.reloader.source"  # a .pyc written within a second of an edit can look current
HOST = "code_rag.embedding_server.development.engine_host"


class EngineClient:
    """The engine of the host that listens in `folder`; a host is started if there is none.

    The host ends with the process `owner`. An exception of its engine is raised here.
    """

    def __init__(self, folder: Path, owner: int) -> None:
        self._folder = folder
        self._owner = owner
        self._opening = threading.Lock()
        self._of_this_thread = threading.local()
        self.name, self.why, self.model, self.space, self.prompts, *numbers = self._ask("load")
        self.dimension, self.max_tokens, self.lanes, self.batch_tokens, self.inference_tokens = numbers

    def tokenize(self, text: str) -> Tokens:
        tokens: Tokens = self._ask("tokenize", text)
        return tokens

    def count(self, text: str) -> int:
        count: int = self._ask("count", text)
        return count

    def decode(self, ids: Sequence[int]) -> str:
        text: str = self._ask("decode", ids)
        return text

    def forward(self, batch: Sequence[Tokens]) -> Vectors:
        vectors: Vectors = self._ask("forward", batch)
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
        """A connection per thread, so that a slow answer does not block other threads."""
        if not hasattr(self._of_this_thread, "connection"):
            with self._opening:
                address = find_current_host(self._folder) or start_host(self._folder, self._owner)
            self._of_this_thread.connection = Client(str(address))
        connection: Connection = self._of_this_thread.connection
        return connection


def load_from_host(settings: Settings) -> Engine:
    """The engine of a process that outlives this one; takes a second if no host runs the current source.

    That process reads its settings from the same environment. Raises the same exceptions as `load_engine`.
    """
    reloader = os.getppid()
    engine = EngineClient(private_folder("embedding-server", reloader), reloader)
    log.info("engine ready in a separate process", model=engine.model)
    return engine


def find_current_host(folder: Path) -> Path | None:
    """The socket of a running host whose source is current; None if there is none."""
    for address in sockets(folder):
        try:
            with Client(str(address)) as connection:
                if up_to_date(exchange(connection, ("source",))):
                    return address
        except (EOFError, OSError):  # it has ended
            address.unlink(missing_ok=True)
    return None


def start_host(folder: Path, owner: int) -> Path:
    """Start a host and return its socket once it listens; the engine is loaded on first use."""
    address = folder / f"{time.time_ns()}.sock"
    command = [sys.executable, "-m", FROM_TEXT, HOST, str(address), str(owner)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=process.wait, daemon=True).start()  # reaps it when it ends
    deadline = time.monotonic() + START_SECONDS
    while not listens(address):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError("The engine's process did not start; see the log for the reason.")
        time.sleep(0.01)
    return address
