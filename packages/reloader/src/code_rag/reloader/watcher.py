"""The process that watches the source folders and writes the name of each changed file to a pipe."""

import os
import signal
from typing import NoReturn

from code_rag.reloader.options import Options

DEBOUNCE_MILLISECONDS = 50  # one save is often several events
STEP_MILLISECONDS = 10


def fork_watcher(options: Options) -> tuple[int, int]:
    """Start the watcher; returns its pid and the pipe to read a line per changed file from."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        watch(options, write_end)
    os.close(write_end)
    return pid, read_end


def watch(options: Options, pipe: int) -> NoReturn:
    """Write the names of changed files to `pipe` until its read end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor stops us
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
            os.write(pipe, "".join(f"{path}\n" for _, path in sorted(batch)).encode())
    finally:
        os._exit(0)
