"""`python -m code_rag.llm_server.engine FOLDER OWNER IDENTITY` serves the local model until OWNER ends.

It reads its settings from the environment of llm-server, writes its state to FOLDER, and listens there.
"""

import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from code_rag.llm_server.engine.llama import CannotLoad, serve
from code_rag.llm_server.engine.measuring import measure
from code_rag.llm_server.engine.owner import Owner
from code_rag.llm_server.engine.place import EnginePlace
from code_rag.llm_server.engine.state import EngineState
from code_rag.llm_server.gguf.failures import ModelMissing
from code_rag.llm_server.gguf.progress import Pace
from code_rag.llm_server.gguf.resolving import resolve, sources_of
from code_rag.llm_server.settings import Settings
from code_rag.servicekit.cpu_quota import usable_cpus
from code_rag.servicekit.logging import configure_logging
from code_rag.servicekit.settings import settings_or_exit

LOOK_SECONDS = 0.2
FAILED, TAKEN = 1, 75
"""Exit codes: it cannot serve and has said why; another engine serves here."""


class Announcer:
    """Writes the state for llm-server to read, a step's progress at most five times a second."""

    def __init__(self, place: EnginePlace, identity: str) -> None:
        self._place = place
        self._state = EngineState(os.getpid(), identity)
        self._pace = Pace()
        self._written = float("-inf")
        self.say()

    def say(self, **changed: object) -> None:
        """Write the state with these fields changed."""
        self._state = replace(self._state, **changed)  # type: ignore[arg-type]
        self._state.write(self._place.state)
        self._written = time.monotonic()

    def progress(self, step: str, done: int, total: int) -> None:
        """Note how far a step is."""
        words = self._pace.words(step, done, total)
        if time.monotonic() - self._written >= LOOK_SECONDS:
            self.say(detail=words)


def main() -> None:
    """Serve until the owner ends or SIGTERM comes; another engine in the same folder has this one end."""
    place, owner, identity = EnginePlace(Path(sys.argv[1])), Owner(int(sys.argv[2])), sys.argv[3]
    settings = settings_or_exit(Settings)
    configure_logging("llm-server", settings.log_level, settings.environment)
    held = place.hold()
    if held is None:
        raise SystemExit(TAKEN)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    threading.Thread(target=_end_with, args=(owner, place), daemon=True).start()
    announcer = Announcer(place, identity)
    try:
        server = _serve(settings, place, announcer)
    except (ModelMissing, CannotLoad) as error:
        announcer.say(phase="failed", detail=str(error))
        raise SystemExit(FAILED) from None
    while server:
        signal.pause()


def _serve(settings: Settings, place: EnginePlace, announcer: Announcer) -> object:
    """The running server; its state says when it is ready."""
    file = resolve(settings.local_model, sources_of(settings), announcer.progress)
    announcer.say(detail=f"loading {file.id}")
    place.socket.unlink(missing_ok=True)
    threads, tokens = settings.local_threads or usable_cpus(), settings.local_context_tokens
    server = serve(file.path, file.id, place.socket, tokens, threads)
    announcer.say(detail="measuring its speed")
    speed = measure(place.socket)
    announcer.say(
        phase="ready",
        detail=f"from {file.source}, {threads} threads",
        model=file.id,
        context_tokens=tokens,
        reading_tokens_per_second=speed.reading,
        writing_tokens_per_second=speed.writing,
    )
    return server


def _end_with(owner: Owner, place: EnginePlace) -> NoReturn:
    """End this process once its owner has ended, whatever else it does."""
    while owner.is_alive():
        time.sleep(LOOK_SECONDS)
    place.clear()
    os._exit(0)  # there is nothing to finish, and the memory goes back with the process


if __name__ == "__main__":
    main()
