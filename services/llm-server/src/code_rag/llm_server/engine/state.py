"""What the engine's process says of itself, in a file beside its socket."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class EngineState:
    """How far one engine is, and once it is ready what it serves."""

    pid: int
    identity: str
    """What it was started for: see `identity.py`."""
    phase: Literal["starting", "ready", "failed"] = "starting"
    detail: str = "starting"
    """What it does or why it failed, in words."""
    model: str = ""
    context_tokens: int = 0
    reading_tokens_per_second: float = 0.0
    writing_tokens_per_second: float = 0.0

    def write(self, file: Path) -> None:
        """Replace the file in one step: who reads it sees the old state or the new one."""
        new = file.with_suffix(f".{self.pid}")
        new.write_text(json.dumps(asdict(self)))
        new.replace(file)


def read_state(file: Path) -> EngineState | None:
    """What was written last; None if nothing was."""
    try:
        return EngineState(**json.loads(file.read_text()))
    except FileNotFoundError:
        return None
