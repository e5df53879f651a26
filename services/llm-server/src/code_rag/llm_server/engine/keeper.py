"""Starts the engine's process, watches it, and starts it again when it has ended."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from code_rag.llm_server.engine.place import EnginePlace
from code_rag.llm_server.engine.state import EngineState, read_state
from code_rag.servicekit.errors import Unavailable

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 15.0
STEADY_SECONDS = 60.0
"""An engine that was ready for so long starts over with short pauses."""
STOP_SECONDS = 3.0
_TAKEN = 75  # the engine's exit code where another one serves in its place
_SECRETS = ("OPENAI_API_KEY", "API_KEY")
COMMAND = (sys.executable, "-m", "code_rag.llm_server.engine")


@dataclass
class EngineKeeper:
    """One engine at `place`: this process' own, or one that an earlier worker of `owner` has started.

    `changed` is called whenever the state has.
    """

    place: EnginePlace
    identity: str
    owner: int
    command: Sequence[str] = COMMAND
    is_current: Callable[[], bool] = lambda: True
    """Whether `identity` is still that of the source on the disk: an older worker leaves the engine to it."""
    pause_seconds: float = 0.5
    """Before the first start after an engine has ended; each further failure doubles it."""
    restarts: int = 0
    ended: str = ""
    """Why the last engine ended, if one has."""
    state: EngineState | None = None
    _process: "subprocess.Popen[bytes] | None" = None
    _failures: int = 0
    _ready_since: float | None = None
    _changed: list[Callable[[], None]] = field(default_factory=list)

    @property
    def is_ready(self) -> bool:
        return self.state is not None and self.state.phase == "ready"

    @property
    def outlives(self) -> bool:
        """Whether the engine stays for the next worker of a reloader."""
        return self.owner != os.getpid()

    def require_ready(self) -> EngineState:
        """The state of an engine that answers; raises Unavailable, with how far it is, without one."""
        if self.state is None or self.state.phase != "ready":
            raise Unavailable(f"{self.words()} Ask again in a moment.", code="loading", retry_after=5)
        return self.state

    def words(self) -> str:
        """What the engine does, and why it was started again, in sentences."""
        again = f" It was started again {times(self.restarts)}: {self.ended}." if self.restarts else ""
        if self.state is None:
            return f"The local model is starting.{again}"
        if self.state.phase == "failed":
            return f"{self.state.detail}{again}"
        return f"The local model is not ready yet: {self.state.detail}.{again}"

    def on_change(self, callback: Callable[[], None]) -> None:
        """Have `callback` called after each change of the state."""
        self._changed.append(callback)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Keep an engine running; on the way out it is stopped, unless it outlives this process."""
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            if not self.outlives:
                await asyncio.to_thread(self._stop)
            elif self._process:  # collects it should it end before this process
                threading.Thread(target=self._process.wait, daemon=True).start()

    async def gone(self, known: EngineState, seconds: float) -> bool:
        """Whether the `known` engine ends within so many seconds: its connection breaks first."""
        deadline = time.monotonic() + seconds
        while self.state is known and time.monotonic() < deadline:  # noqa: ASYNC110 – ends with the deadline
            await asyncio.sleep(LOOK_SECONDS / 2)
        return self.state is not known

    async def _keep(self) -> None:
        if not self.place.is_held():
            self._start()
        while True:
            if self._lives():
                self._read()
            elif self.is_current():
                await self._restart()
            await asyncio.sleep(LOOK_SECONDS)

    def _lives(self) -> bool:
        own = self._process is not None and self._process.poll() is None
        return own or self.place.is_held()

    def _read(self) -> None:
        """Take over what the engine says; end one that a worker with older source or settings has started."""
        found = read_state(self.place.state)
        if found is None or found == self.state:
            return
        if found.identity != self.identity:
            if self.is_current():
                _end(found.pid)
            return
        if found.phase == "ready":
            self._ready_since = time.monotonic()
            log.info("local model ready", **_figures(found))
        self._become(found)

    async def _restart(self) -> None:
        """Note why the engine has ended, and start it again after a pause."""
        code = self._process.returncode if self._process else None
        self._process = None
        if code != _TAKEN and (self.state or code is not None):
            self._note(code)
            await asyncio.sleep(min(LONGEST_PAUSE_SECONDS, self.pause_seconds * 2**self._failures))
            self._failures += 1
        if not self.place.is_held():
            self._start()

    def _note(self, code: int | None) -> None:
        said = read_state(self.place.state)
        failed = said is not None and said.phase == "failed"
        if self._ready_since and time.monotonic() - self._ready_since > STEADY_SECONDS:
            self._failures = 0
        self._ready_since = None
        self.ended = said.detail if said and failed else _cause(code)
        log.error("the local model's process has ended", reason=self.ended, restarts=self.restarts)
        self._become(said if failed else None)
        self.restarts += 0 if failed else 1

    def _become(self, state: EngineState | None) -> None:
        self.state = state
        for callback in self._changed:
            callback()

    def _start(self) -> None:
        """Start it in a session of its own: signals for this service's group are this service's to handle."""
        self.place.folder.mkdir(mode=0o700, exist_ok=True)
        if not self.place.is_held():
            self.place.state.unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if name not in _SECRETS}
        command = [*self.command, str(self.place.folder), str(self.owner), self.identity]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, env=environment, start_new_session=True
        )

    def _stop(self) -> None:
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self.place.clear()


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def _cause(code: int | None) -> str:
    if code is None:
        return "its process ended, and the log may say why"
    if code == -signal.SIGKILL:
        return "its process was killed (signal 9), which is what happens where memory runs out"
    if code < 0:
        return f"its process ended by signal {-code} ({signal.Signals(-code).name})"
    return f"its process ended with exit code {code}; the log says why"


def times(count: int) -> str:
    """The count in words."""
    return "once" if count == 1 else f"{count} times"


def _figures(state: EngineState) -> dict[str, object]:
    return {
        "model": state.model,
        "context_tokens": state.context_tokens,
        "reading_tokens_per_second": state.reading_tokens_per_second,
        "writing_tokens_per_second": state.writing_tokens_per_second,
        "detail": state.detail,
    }
