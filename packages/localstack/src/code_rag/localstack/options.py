"""What `make run` was asked for, on the command line and in the environment."""

import argparse
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from code_rag.localstack.errors import StackError
from code_rag.localstack.ports import Ports
from code_rag.servicekit.main import reload_requested

DESCRIPTION = "Start the three services, index a codebase, answer a question and stay up until Ctrl-C."
TEST_QUESTION = "When do loyalty points expire?"
SUGGESTED = ""
"""The question that rag-server suggests first."""
PORT_VARIABLES = ("EMBEDDING_SERVER_PORT", "LLM_SERVER_PORT", "RAG_SERVER_PORT")


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line and in the environment."""

    folder: Path
    """Where `.env`, `.data` and test-codebase are."""
    codebases: tuple[Path, ...]
    ports: Ports
    question: str | None
    """What to ask first, which may be SUGGESTED; None: nothing."""
    reload: bool
    local_model: bool = False
    """Whether answers are written by a model on this machine."""

    @property
    def name(self) -> str:
        """A folder name for the index: what the codebase is called, and a hash of where it is.

        The first of several names it, so that another one added to them is all that is indexed.
        """
        first = self.codebases[0]
        readable = re.sub(r"[^\w.-]+", "-", first.name) or "root"
        others = "-and-others" if len(self.codebases) > 1 else ""
        return f"{readable}{others}-{hashlib.sha256(os.fsencode(first)).hexdigest()[:8]}"

    @property
    def codebase_path(self) -> str:
        """The folders as CODEBASE_PATH names them."""
        return os.pathsep.join(map(str, self.codebases))


def read_options(arguments: list[str], folder: Path) -> Options:
    """Read the command line on top of the environment; raises StackError for an invalid value."""
    sample = folder / "test-codebase"
    given = _parser(sample).parse_args(arguments)
    names = [name for name in given.codebase.split(os.pathsep) if name.strip()]
    codebases = tuple(_folder(name) for name in names or [given.codebase])
    question = given.question or (TEST_QUESTION if codebases == (sample.resolve(),) else SUGGESTED)
    asked = None if given.no_question else question
    return Options(folder, codebases, read_ports(), asked, given.reload, local_model_requested())


def _folder(name: str) -> Path:
    codebase = Path(name).expanduser().resolve()
    if not codebase.is_dir():
        what = "is a file" if codebase.exists() else "does not exist"
        raise StackError(
            f"The codebase {codebase} {what}: name a folder with make run CODEBASE=/path/to/code, "
            f"or several with {os.pathsep!r} between them."
        )
    return codebase


def _parser(sample: Path) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m code_rag.localstack", description=DESCRIPTION, allow_abbrev=False
    )
    parser.add_argument("--codebase", default=os.environ.get("CODEBASE") or str(sample))
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--question", help="ask this once the codebase is indexed")
    asked.add_argument("--no-question", action="store_true", help="ask nothing")
    parser.add_argument(
        "--reload",
        action="store_true",
        default=reload_requested(),
        help="serve each saved source file of the services at once (RELOAD=1 in the environment)",
    )
    return parser


def local_model_requested() -> bool:
    """Whether LLM asks for a model on this machine; raises StackError for any other value."""
    value = os.environ.get("LLM", "")
    if value not in ("", "local"):
        raise StackError(f"LLM is {value!r}: leave it empty, or use a model on this machine with LLM=local.")
    return value == "local"


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
