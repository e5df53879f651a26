"""The process of one service."""

import contextlib
import ctypes
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from code_rag.localstack.ports import HOST
from code_rag.localstack.signals import uninterrupted

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class Service:
    """One service's process: how it is started, where it logs, and when it may be started again."""

    name: str
    port: int
    log: Path
    environment: Mapping[str, str]
    command: Sequence[str]
    folder: Path
    """Where it runs: relative paths in its settings start there."""
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    failures: int = 0
    due: float | None = None
    """When it is to be started again; None unless it has died."""

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Start it in a process group of its own: a Ctrl-C in the terminal is the launcher's to handle."""
        with self.log.open("ab") as log, uninterrupted():
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                preexec_fn=_die_with_parent if _libc else None,
            )
        self.started, self.due = time.monotonic(), None

    def exit_code(self) -> int | None:
        """The code it ended with; None while it runs or before it was started."""
        return self.process.poll() if self.process else None

    def health(self) -> dict[str, Any]:
        """What it says of itself; nothing while it does not answer."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/health")
            body: dict[str, Any] = json.loads(connection.getresponse().read())
            return body
        except (OSError, http.client.HTTPException):
            return {}
        finally:
            connection.close()

    def send(self, number: signal.Signals) -> None:
        """Send `number` to its process group; nothing happens where it has ended."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def wait(self, seconds: float) -> None:
        """Wait until it has ended, `seconds` at most."""
        if self.process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(max(0.0, seconds))

    def report(self, what: str) -> str:
        """A sentence on what happened to it, with where its log is and the log's last lines."""
        lines = self.log.read_text(errors="replace").splitlines()[-5:]
        return "\n  ".join([f"{self.name} {what}. Its log, {self.log}, ends with:", *lines])


def _die_with_parent() -> None:
    """Have Linux stop this child when its parent ends; elsewhere it outlives a killed parent."""
    if _libc:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
