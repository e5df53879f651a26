"""What a worker reports to the supervisor on a pipe: that it is ready, and what it has imported."""

import contextlib
import json
import os
import sys

from code_rag.reloader.options import Options

READY = b""  # this line means that the source is imported, or known to be broken


class Report:
    """The worker's end of the pipe; lines are discarded once a newer worker has taken over."""

    def __init__(self, options: Options, pipe: int) -> None:
        self._options = options
        self._pipe = pipe
        self._known = set(sys.modules)

    def ready(self) -> None:
        """Take over from the previous worker."""
        self._write(READY)

    def imports(self) -> None:
        """Name the third-party modules imported since the last call, in the order of their import."""
        new = [name for name in list(sys.modules) if name not in self._known]
        self._known.update(new)
        files = {name: getattr(sys.modules.get(name), "__file__", None) for name in new}
        if modules := [name for name, file in files.items() if file and not self._options.watches(file)]:
            self._write(json.dumps(modules).encode())

    def _write(self, line: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe, line + b"\n")
