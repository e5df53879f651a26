"""`make run`: starts everything on this machine, indexes a codebase, asks one question and stays up.

The folder it is started in is the one whose `.env`, `.data` and test-codebase it uses. Ctrl-C, SIGTERM and
SIGHUP stop it with exit code 0; a start that fails ends it with 1 and a sentence.
"""

import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from dotenv import load_dotenv

from code_rag.localstack.errors import StackError
from code_rag.localstack.options import PORT_VARIABLES, Options, read_options
from code_rag.localstack.ports import Ports, port_in_use
from code_rag.localstack.processes import LocalStack
from code_rag.localstack.signals import STOP_SIGNALS

# The sample question is asked after this long even while a large codebase is still being indexed.
INDEX_WAIT_SECONDS = 10.0


def main() -> int:
    """Run the stack of this folder until a signal comes; returns the exit code."""
    began = time.monotonic()
    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    folder = Path.cwd()
    try:
        load_dotenv(folder / ".env")
        serve(read_options(sys.argv[1:], folder), began)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def stop(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt; ignore further signals, as stopping takes five seconds at most."""
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def serve(options: Options, began: float) -> None:
    """Start the stack, show what it does, and keep it up until a signal comes."""
    stack = stack_of(options)
    with only_run_of(options.codebase_path, stack.log_dir, stack.rag_url):
        require_free(options.ports)
        stopping = began
        with stack:
            try:
                show(stack, options.question, began)
            except KeyboardInterrupt:
                stopping = time.monotonic()
                print("\nStopping ...", flush=True)
        print(f"All three services stopped in {time.monotonic() - stopping:.1f} s.", flush=True)


def stack_of(options: Options) -> LocalStack:
    """The stack that serves what was asked for, with data and logs of the codebase's own."""
    data = options.folder / ".data"
    return LocalStack(
        options.codebase_path,
        data / "index" / options.name,
        data / "logs" / options.name,
        options.ports,
        {"INDEX_ON_START": "true"} | ({"LLM_BACKEND": "local"} if options.local_model else {}),
        reload=options.folder if options.reload else None,
        folder=options.folder,
    )


def show(stack: LocalStack, question: str | None, began: float) -> None:
    """Show what the stack does, from its start until a signal ends it."""
    from code_rag.localstack.session import Session  # slow to import: the services start meanwhile

    with Session(stack) as session:
        session.wait_started(began)
        session.follow_index(INDEX_WAIT_SECONDS)
        if question is not None and session.ask(question or session.suggested()):
            session.say(f"First answer after {time.monotonic() - began:.1f} s.")
        session.introduce()
        session.follow_index(float("inf"))
        session.stay()


def require_free(ports: Ports) -> None:
    """Raise StackError where something already listens on one of the ports."""
    for variable, port in zip(PORT_VARIABLES, (ports.embedding, ports.llm, ports.rag), strict=True):
        if port_in_use(port):
            raise StackError(
                f"Port {port} is in use: stop what listens there, or choose another with "
                f"make run {variable}={port + 100}."
            )


@contextlib.contextmanager
def only_run_of(codebase_path: str, folder: Path, url: str) -> Iterator[None]:
    """Hold the lock of these codebases' index, or raise StackError naming who holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StackError(
                f"{codebase_path} is already served at {lock.read().strip()}: use that one, or stop it first."
            ) from None
        lock.truncate(0)
        lock.write(f"{url} (process {os.getpid()})")
        lock.flush()
        yield


if __name__ == "__main__":
    sys.exit(main())
