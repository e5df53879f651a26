"""Whether the process that an engine works for still runs."""

import os


class Owner:
    """The service that has started this process, or the reloader above it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._is_parent = os.getppid() == pid

    def is_alive(self) -> bool:
        """False once it has ended, even if nobody has collected it yet where it is our parent."""
        if self._is_parent:
            return os.getppid() == self._pid
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:
            return False
        return True
