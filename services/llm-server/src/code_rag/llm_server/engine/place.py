"""The folder in which an engine and those who call it find each other."""

import contextlib
import fcntl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

HOLD_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class EnginePlace:
    """A folder that no other user can enter, with the engine's socket, its state and its lock."""

    folder: Path

    @property
    def socket(self) -> Path:
        return self.folder / "engine.sock"

    @property
    def state(self) -> Path:
        return self.folder / "state.json"

    @property
    def _lock(self) -> Path:
        return self.folder / "engine.lock"

    def hold(self) -> IO[str] | None:
        """The lock, held until this process ends, however it ends; None if another engine holds it."""
        lock, deadline = self._lock.open("w"), time.monotonic() + HOLD_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # one that only looks holds it for a moment
                if time.monotonic() > deadline:
                    lock.close()
                    return None
                time.sleep(HOLD_SECONDS / 20)
            else:
                return lock

    def is_held(self) -> bool:
        """Whether an engine lives here."""
        with self._lock.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def clear(self) -> None:
        """Remove the folder of an engine that has ended."""
        for file in (self.socket, self.state, self._lock):
            file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # somebody else has put something there
            self.folder.rmdir()
