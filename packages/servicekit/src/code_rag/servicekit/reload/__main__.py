"""`python -m code_rag.servicekit.reload`: see the package."""

import os
import socket
import sys

from code_rag.servicekit.reload.options import GRACE_SECONDS, Options
from code_rag.servicekit.reload.template import LISTENER, Template
from code_rag.servicekit.reload.watcher import fork_watcher


def main() -> None:
    """Serve as the command line says."""
    options = Options.parse(sys.argv[1:])
    reloader = os.environ.get("RELOADER", "fork")
    if reloader == "uvicorn":
        use_uvicorn(options)
    if reloader != "fork":
        raise SystemExit(f"RELOADER is {reloader!r}: set it to fork or uvicorn.")
    # numpy's linear algebra starts threads when it is imported, and a process with threads must not fork.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    watcher, changes = fork_watcher(options)
    Template(options, bind(options), changes, watcher).run()


def bind(options: Options) -> socket.socket:
    """The listening socket, or the one that this template's predecessor left."""
    inherited = os.environ.pop(LISTENER, None)
    if inherited:
        return socket.socket(fileno=int(inherited))
    try:
        return socket.create_server((options.host, options.port), backlog=2048)
    except OSError as error:
        raise SystemExit(f"Cannot listen on {options.host}:{options.port}: {error.strerror}.") from None


def use_uvicorn(options: Options) -> None:
    """Become uvicorn with its own reloader."""
    folders = [f"--reload-dir={folder}" for folder in options.watch]
    address = [f"--host={options.host}", f"--port={options.port}"]
    grace = f"--timeout-graceful-shutdown={GRACE_SECONDS}"
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        options.factory,
        *address,
        "--reload",
        *folders,
        grace,
    ]
    os.execv(sys.executable, [*command, "--no-access-log"])


if __name__ == "__main__":
    main()
