"""`python -m code_rag.reloader`: see the package."""

import os
import socket
import sys
from typing import NoReturn

from code_rag.reloader.options import GRACE_SECONDS, Options
from code_rag.reloader.source import compile_from_text
from code_rag.reloader.supervisor import Supervisor
from code_rag.reloader.watcher import fork_watcher


def main() -> None:
    """Serve the app that the command line names."""
    options = Options.parse(sys.argv[1:])
    reloader = os.environ.get("RELOADER") or "fork"
    if reloader == "uvicorn":
        become_uvicorn(options)
    if reloader != "fork":
        raise SystemExit(f"RELOADER is {reloader!r}: set it to fork or uvicorn.")
    # numpy's linear algebra starts threads when it is imported, and a process with threads must not fork.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    compile_from_text(options.watch)
    watcher, changes = fork_watcher(options)
    Supervisor(options, bind(options), changes, watcher).run()


def bind(options: Options) -> socket.socket:
    """The listening socket; a port that is in use ends the process with an error message."""
    try:
        return socket.create_server((options.host, options.port), backlog=2048)
    except OSError as error:
        raise SystemExit(f"Cannot listen on {options.host}:{options.port}: {error.strerror}.") from None


def become_uvicorn(options: Options) -> NoReturn:
    """Replace this process with uvicorn and its own reloader."""
    folders = [f"--reload-dir={folder}" for folder in options.watch]
    address = [f"--host={options.host}", f"--port={options.port}"]
    behaviour = ["--reload", f"--timeout-graceful-shutdown={GRACE_SECONDS}", "--no-access-log"]
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # byte code written between two saves could be stale
    command = ["-m", "uvicorn", "--factory", options.factory, *address, *behaviour, *folders]
    os.execv(sys.executable, [sys.executable, *command])


if __name__ == "__main__":
    main()
