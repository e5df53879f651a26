"""The process that watches the source folders and names each changed file on a pipe."""

import os
import signal
from typing import NoReturn

from code_rag.servicekit.reload.options import Options

DEBOUNCE_MILLISECONDS = 50  # one save is often several events
STEP_MILLISECONDS = 10


def fork_watcher(options: Options) -> tuple[int, int]:
    """Start the watcher; its pid, and the pipe on which it writes a line per changed file."""
    hear, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(hear)
        watch(options, tell)
    os.close(tell)
    return pid, hear


def watch(options: Options, tell: int) -> NoReturn:
    """Write changed files to `tell` until there is no one to read them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the template ends us
    try:
        # Its native threads are why this is a process of its own.
        from watchfiles import PythonFilter
        from watchfiles import watch as changes

        for batch in changes(
            *options.watch,
            watch_filter=PythonFilter(),
            debounce=DEBOUNCE_MILLISECONDS,
            step=STEP_MILLISECONDS,
            raise_interrupt=False,
        ):
            os.write(tell, "".join(f"{path}\n" for _, path in sorted(batch)).encode())
    finally:
        os._exit(0)
