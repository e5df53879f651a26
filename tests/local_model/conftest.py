"""llm-server with the real 0.5B model on one thread, and nothing to connect to but this machine."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest

from code_rag.llm_server.gguf.pinned import MODELS
from code_rag.llm_server.settings import Settings
from tests.fixtures.waiting import wait_for

FOLDER = Path(__file__).parent
COMMAND = [sys.executable, "-m", "code_rag.llm_server"]
VARIABLES = {
    "PYTHONPATH": str(FOLDER / "loopback_only"),
    "LLM_BACKEND": "local",
    "LOCAL_MODEL": "0.5b",
    "LOCAL_THREADS": "1",
    "LOCAL_CONTEXT_TOKENS": "1024",
    "HF_HUB_OFFLINE": "1",
}
MODEL = "qwen2.5-coder-0.5b"


@dataclass(frozen=True)
class Running:
    """A started llm-server: its process, a client, and the file that connections elsewhere are noted in."""

    process: "subprocess.Popen[bytes]"
    client: httpx2.Client
    reached_out: Path

    def engine(self) -> int:
        """The process that serves the model."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "-f", "llm_server.engine"], capture_output=True, text=True
        )
        return int(found.stdout.split()[0])

    def detail(self) -> str:
        return " ".join(each["detail"] for each in self.client.get("/health").json()["checks"].values())


@contextmanager
def llm_server(folder: Path, port: int, wait: bool = True, **variables: str) -> Iterator[Running]:
    """Run llm-server as `make run LLM=local` does."""
    reached_out = folder / "reached-out"
    reached_out.touch()
    given = VARIABLES | {"REACHED_OUT": str(reached_out), "PORT": str(port)} | variables
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(COMMAND, env=os.environ | given, stdout=log, stderr=log) as process,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client,
    ):
        try:
            wait_for(lambda: answers(client), "llm-server to listen")
            if wait:
                wait_for(lambda: client.get("/health").status_code == 200, "the model to be loaded", 90)
            yield Running(process, client, reached_out)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/livez").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.fixture(scope="session", autouse=True)
def installed() -> None:
    """Skip, and say why, where `make test-local-model` has not put engine and model there."""
    if find_spec("xllamacpp") is None:
        pytest.skip("llama.cpp is not installed: run make test-local-model")
    if not (Settings().model_cache / MODELS["0.5b"].name).exists():
        pytest.skip("the model is not in the cache: run make test-local-model")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, installed: None) -> Iterator[Running]:
    """One llm-server for the tests of a file; in the end it has connected to nothing else."""
    with llm_server(tmp_path_factory.mktemp("local"), free_port()) as running:
        yield running
    assert running.reached_out.read_text() == ""


def free_port() -> int:
    """A port that nothing listens at."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port
