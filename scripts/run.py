"""`make run`: starts everything on this machine, indexes a codebase, asks one question and stays up.

Ctrl-C, SIGTERM and SIGHUP stop it with exit code 0; a start that fails ends it with 1 and a sentence.
"""

import argparse
import contextlib
import fcntl
import hashlib
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from dotenv import load_dotenv
from local_stack import HOST, ROOT, STOP_SIGNALS, LocalStack, Ports, StackError, port_in_use
from rich.console import Console
from session import Session

TEST_CODEBASE = ROOT / "test-codebase"
TEST_QUESTION = "When do loyalty points expire?"
GENERAL_QUESTION = "What does this project do and where is its entry point?"
PORT_VARIABLES = ("EMBEDDING_SERVER_PORT", "LLM_SERVER_PORT", "RAG_SERVER_PORT")
# The sample question is asked after this long even while a large codebase is still being indexed.
PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line and in the environment."""

    codebase: Path
    ports: Ports
    question: str | None
    reload: Path | None

    @property
    def name(self) -> str:
        """A folder name of the codebase's own: what it is called, and a hash of where it is."""
        readable = re.sub(r"[^\w.-]+", "-", self.codebase.name) or "root"
        return f"{readable}-{hashlib.sha256(os.fsencode(self.codebase)).hexdigest()[:8]}"


def read_options(arguments: list[str]) -> Options:
    """Read the command line on top of the environment; raises StackError for what cannot be."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--codebase", default=os.environ.get("CODEBASE") or str(TEST_CODEBASE))
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--question", help="ask this once the codebase is indexed")
    asked.add_argument("--no-question", action="store_true", help="ask nothing")
    parser.add_argument(
        "--reload",
        action="store_true",
        default=os.environ.get("RELOAD", "") not in ("", "0"),
        help="serve each saved source file of the services at once (RELOAD=1 in the environment)",
    )
    given = parser.parse_args(arguments)
    codebase = Path(given.codebase).expanduser().resolve()
    if not codebase.is_dir():
        what = "is a file" if codebase.exists() else "does not exist"
        raise StackError(
            f"The codebase {codebase} {what}: name a folder with make run CODEBASE=/path/to/code."
        )
    question = given.question or (TEST_QUESTION if codebase == TEST_CODEBASE else GENERAL_QUESTION)
    return Options(
        codebase, read_ports(), None if given.no_question else question, ROOT if given.reload else None
    )


def read_ports() -> Ports:
    """The three ports from the environment; raises StackError for a bad one and for one that is taken."""
    chosen: dict[str, int] = {}
    for variable, default in zip(PORT_VARIABLES, ("8001", "8002", "8000"), strict=True):
        value = os.environ.get(variable) or default
        if not (value.isdecimal() and 0 < int(value) < 65536):
            raise StackError(f"{variable} is {value!r}: set it to a port number from 1 to 65535.")
        if int(value) in chosen.values():
            raise StackError(f"{variable} is {value}, as another is: give each service a port of its own.")
        chosen[variable] = int(value)
    return Ports(*chosen.values())


def require_free(ports: Ports) -> None:
    """Raise StackError where something already listens on one of the ports."""
    for variable, port in zip(PORT_VARIABLES, (ports.embedding, ports.llm, ports.rag), strict=True):
        if port_in_use(port):
            raise StackError(
                f"Port {port} is in use: stop what listens there, or choose another with "
                f"make run {variable}={port + 100}."
            )


@contextlib.contextmanager
def only_run_of(codebase: Path, folder: Path, url: str) -> Iterator[None]:
    """Hold the lock of one codebase's index, or raise StackError naming who holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StackError(
                f"{codebase} is already served at {lock.read().strip()}: use that one, or stop it first."
            ) from None
        lock.truncate(0)
        lock.write(f"{url} (process {os.getpid()})")
        lock.flush()
        yield


def serve(options: Options, console: Console, began: float) -> None:
    """Start the stack, show what it does, and keep it up until a signal comes."""
    log_dir = ROOT / ".data" / "logs" / options.name
    data_dir = ROOT / ".data" / "index" / options.name
    with only_run_of(options.codebase, log_dir, f"http://{HOST}:{options.ports.rag}"):
        require_free(options.ports)
        start = {"INDEX_ON_START": "true"}
        stack = LocalStack(options.codebase, data_dir, log_dir, options.ports, start, reload=options.reload)
        session = Session(stack, console)
        stack.say = session.say
        stopping = began
        with stack:
            try:
                session.wait_started()
                session.follow_index(PATIENCE_SECONDS)
                if options.question:
                    session.ask(options.question)
                    session.say(f"First answer after {time.monotonic() - began:.1f} s.")
                session.introduce(log_dir)
                session.follow_index(float("inf"))
                session.stay()
            except KeyboardInterrupt:
                stopping = time.monotonic()
                session.say("\nStopping ...")
        session.say(f"All three services stopped in {time.monotonic() - stopping:.1f} s.")


def main() -> int:
    began = time.monotonic()
    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    console = Console()
    try:
        load_dotenv(ROOT / ".env")
        options = read_options(sys.argv[1:])
        serve(options, console, began)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def stop(number: int, frame: FrameType | None) -> None:
    """Unwind from wherever we are; more signals change nothing, stopping takes five seconds at most."""
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
