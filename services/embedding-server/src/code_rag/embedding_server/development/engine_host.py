"""One engine for a reloader's workers: `python -m code_rag.reloader.source ….engine_host SOCKET OWNER`."""

import contextlib
import os
import signal
import sys
import threading
from functools import cached_property
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import NoReturn

from code_rag import embedding_server, servicekit
from code_rag.embedding_server.development.sockets import sockets
from code_rag.embedding_server.development.source import digests
from code_rag.embedding_server.engines.base import Engine, Prefixes, Tokenizing, Tokens, Vectors

PACKAGES = [Path(str(package.__file__)).parent for package in (embedding_server, servicekit)]
LOOK_SECONDS = 0.5


class EngineHost:
    """Holds the engine; its public methods are the RPC methods clients may call."""

    def __init__(self) -> None:
        # Taken before the rest is imported: a file saved meanwhile makes this process look out of date.
        self._digests = digests(PACKAGES)
        self._loading = threading.Lock()

    def load(self) -> tuple[str, str, str, str, Prefixes, int, int, int, int, int]:
        """Load the engine if necessary; returns what it says of itself."""
        engine = self._engine
        names = engine.name, engine.why, engine.model, engine.space, engine.prompts
        limits = engine.dimension, engine.max_tokens, engine.lanes
        return *names, *limits, engine.batch_tokens, engine.inference_tokens

    def source(self) -> dict[str, str]:
        """The files of our own packages that this process has imported, with their digests."""
        imported = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
        return {file: known for file, known in self._digests.items() if file in imported}

    def tokenize(self, text: str) -> Tokens:
        return self._engine.tokenize(text)

    def count(self, text: str) -> int:
        return self._engine.count(text)

    def decode(self, ids: list[int]) -> str:
        engine = self._engine
        assert isinstance(engine, Tokenizing)  # noqa: S101 – only `openai` is not, and it runs in the worker
        return engine.decode(ids)

    def forward(self, batch: list[Tokens]) -> Vectors:
        return self._engine.forward(batch)

    @property
    def _engine(self) -> Engine:
        with self._loading:
            return self._loaded

    @cached_property
    def _loaded(self) -> Engine:
        from code_rag.embedding_server.loading import load_engine
        from code_rag.embedding_server.settings import Settings
        from code_rag.servicekit.logging import configure_logging
        from code_rag.servicekit.settings import read_settings

        settings = read_settings(Settings)
        configure_logging("embedding-server", settings.log_level, settings.environment)
        return load_engine(settings)


def serve(listener: Listener, host: EngineHost, users: set[Connection]) -> NoReturn:
    """Answer every connection in a thread of its own."""
    while True:
        connection = listener.accept()
        users.add(connection)
        threading.Thread(target=answer, args=(connection, host, users), daemon=True).start()


def answer(connection: Connection, host: EngineHost, users: set[Connection]) -> None:
    """Answer one connection's requests until it is closed."""
    with connection, contextlib.suppress(EOFError, ConnectionError):
        while True:
            name, *arguments = connection.recv()
            try:
                connection.send(getattr(host, name)(*arguments))
            except Exception as error:  # the worker raises it
                connection.send(error)
    users.discard(connection)


def wait_until_unused(address: Path, owner: int, users: set[Connection]) -> None:
    """Return when the reloader has ended, or when a newer host runs and no client uses this one."""
    look = threading.Event()
    while is_alive(owner) and (users or sockets(address.parent)[:1] == [address]):
        look.wait(LOOK_SECONDS)


def is_alive(process: int) -> bool:
    """Whether a process of our own user runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    """Serve until the host is no longer used."""
    address, owner, users = Path(sys.argv[1]), int(sys.argv[2]), set[Connection]()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; we end with the reloader
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        with Listener(str(address)) as listener:
            threading.Thread(target=serve, args=(listener, EngineHost(), users), daemon=True).start()
            wait_until_unused(address, owner, users)
    finally:
        with contextlib.suppress(OSError):  # another listens there
            address.parent.rmdir()


if __name__ == "__main__":
    main()
