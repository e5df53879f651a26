"""`make run` as its user meets it, with fakes in place of the services."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple
from pathlib import Path

import pytest

from code_rag.localstack.ports import Ports, free_ports, port_in_use
from tests.fixtures.waiting import wait_for
from tests.unit.localstack.conftest import Fakes

PORTS = ("EMBEDDING_SERVER_PORT", "LLM_SERVER_PORT", "RAG_SERVER_PORT")
Process = subprocess.Popen[bytes]
Launch = Callable[..., Process]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder with a codebase to run on."""
    root = tmp_path / "a project"
    (root / "test-codebase").mkdir(parents=True)
    return root


@pytest.fixture
def launch(project: Path) -> Iterator[Launch]:
    """Starts the launcher on free ports, its output in a file of the project; stops what a test leaves."""
    with contextlib.ExitStack() as started:

        def start(environment: dict[str, str], *arguments: str, ports: Ports | None = None) -> Process:
            chosen = (str(port) for port in astuple(ports or free_ports()))
            with (project / "output").open("w") as output:
                process = subprocess.Popen(
                    [sys.executable, "-m", "code_rag.localstack", *arguments],
                    cwd=project,
                    env={
                        **os.environ,
                        "COLUMNS": "100",
                        **dict(zip(PORTS, chosen, strict=True)),
                        **environment,
                    },
                    stdout=output,
                    stderr=output,
                )
            started.enter_context(process)
            started.callback(process.terminate)
            return process

        yield start


def output_of(project: Path) -> str:
    return (project / "output").read_text()


def wait_up(project: Path) -> str:
    """What was printed once the stack is up."""
    wait_for(lambda: "Press Ctrl-C" in output_of(project), "the stack to be up")
    return output_of(project)


def stop(process: Process, number: signal.Signals = signal.SIGINT) -> int:
    """Ask the launcher to stop and give its exit code."""
    process.send_signal(number)
    return process.wait(10)


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name
)
def test_a_signal_stops_everything(
    project: Path, launch: Launch, fakes: Fakes, number: signal.Signals
) -> None:
    """Ctrl-C, SIGTERM and a closed terminal stop everything within five seconds, with exit code 0."""
    ports = free_ports()
    process = launch(fakes(), ports=ports)
    wait_up(project)
    asked = time.monotonic()
    assert stop(process, number) == 0
    assert time.monotonic() - asked < 5
    assert "All three services stopped in" in output_of(project)
    assert not any(port_in_use(port) for port in astuple(ports))


def test_what_is_printed(project: Path, launch: Launch, fakes: Fakes) -> None:
    """A run prints the index, the answer with its citations and its gaps, the addresses, and how to ask."""
    ports = free_ports()
    process = launch(fakes(), "--question", "What does it do?", ports=ports)
    text = wait_up(project)
    stop(process)
    assert "Files indexed: 2 (0 unchanged, 0 removed, 0 failed), 5 new chunks in 0.5 s." in text
    assert "? What does it do?" in text
    assert "It adds [1]." in text
    assert "✓ a.py:1-2  [1]" in text
    assert "note: semantic search is off: no vectors\n" in text
    assert "set OPENAI_API_KEY" in text
    assert f"http://127.0.0.1:{ports.rag}" in text
    assert f'RAG_SERVER_URL=http://127.0.0.1:{ports.rag} .venv/bin/coderag ask "..."' in text
    assert "First answer after" in text


def test_no_question(project: Path, launch: Launch, fakes: Fakes) -> None:
    """With --no-question nothing is asked."""
    process = launch(fakes(), "--no-question")
    text = wait_up(project)
    stop(process)
    assert "?" not in text


def test_the_first_suggestion_is_asked(project: Path, launch: Launch, fakes: Fakes) -> None:
    """Of a codebase that nobody asked about rag-server says what to ask first."""
    process = launch(fakes(), "--codebase", str(project))
    text = wait_up(project)
    stop(process)
    assert "? What is suggested?" in text
    assert "It adds [1]." in text


def test_without_a_suggestion_nothing_is_asked(project: Path, launch: Launch, fakes: Fakes) -> None:
    """The stack is up all the same."""
    process = launch(fakes(rag_server="no suggestion"), "--codebase", str(project))
    text = wait_up(project)
    stop(process)
    assert "?" not in text


def test_an_answer_that_fails_is_said(project: Path, launch: Launch, fakes: Fakes) -> None:
    """A question that fails is reported with the service's own sentence, and the stack stays up."""
    process = launch(fakes(rag_server="no answer"))
    text = wait_up(project)
    assert "No answer: The model is asleep." in text
    assert stop(process) == 0


def test_dotenv_is_read_and_the_environment_wins(project: Path, launch: Launch, fakes: Fakes) -> None:
    """A key in .env reaches the services' callers, unless the environment names another."""
    (project / ".env").write_text("API_KEY=from-the-file\n")
    process = launch(fakes())
    assert "Key: Bearer from-the-file" in wait_up(project)
    stop(process)
    process = launch({**fakes(), "API_KEY": "from-the-shell"})
    assert "Key: Bearer from-the-shell" in wait_up(project)
    stop(process)


def test_a_second_run_on_the_same_folder(project: Path, launch: Launch, fakes: Fakes) -> None:
    """A codebase that is served already is named with its address, and the first run is not disturbed."""
    ports = free_ports()
    first = launch(fakes(), ports=ports)
    wait_up(project)
    assert launch(fakes()).wait(10) == 1
    assert f"is already served at http://127.0.0.1:{ports.rag} (process {first.pid})" in output_of(project)
    assert port_in_use(ports.rag)
    assert stop(first) == 0


def test_a_service_that_does_not_start(project: Path, launch: Launch, fakes: Fakes) -> None:
    """A service that ends while starting ends the run with 1, its last words, and nothing left running."""
    ports = free_ports()
    assert launch(fakes(llm_server="exits"), ports=ports).wait(20) == 1
    assert "llm-server ended with exit code 1 while starting" in output_of(project)
    assert "PORT: not today" in output_of(project)
    assert not any(port_in_use(port) for port in astuple(ports))


def refusal(project: Path, launch: Launch, environment: dict[str, str], *arguments: str) -> str:
    """What a launch that must fail says, in one line."""
    assert launch(environment, *arguments).wait(10) == 1
    (line,) = output_of(project).splitlines()
    return line


def test_a_missing_folder(project: Path, launch: Launch) -> None:
    """A codebase that does not exist is named with the way to name another."""
    line = refusal(project, launch, {"CODEBASE": str(project / "nowhere")})
    assert "nowhere does not exist: name a folder with make run CODEBASE=" in line


def test_a_file_instead_of_a_folder(project: Path, launch: Launch) -> None:
    """A codebase that is a file is refused."""
    assert "output is a file" in refusal(project, launch, {}, "--codebase", str(project / "output"))


def test_a_port_in_use(project: Path, launch: Launch) -> None:
    """A port that is taken is named with the way to choose another."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        line = refusal(project, launch, {"LLM_SERVER_PORT": str(port)})
    assert line.startswith(f"Port {port} is in use")
    assert "make run LLM_SERVER_PORT=" in line


@pytest.mark.parametrize("value", ["http", "0", "65536", "-1", "8e3"])
def test_a_bad_port(project: Path, launch: Launch, value: str) -> None:
    """A port that is none is named with its variable."""
    assert f"RAG_SERVER_PORT is '{value}': set it to a port number" in refusal(
        project, launch, {"RAG_SERVER_PORT": value}
    )


def test_two_services_on_one_port(project: Path, launch: Launch) -> None:
    """The same port twice is refused."""
    line = refusal(project, launch, {"RAG_SERVER_PORT": "9", "LLM_SERVER_PORT": "9"})
    assert "RAG_SERVER_PORT is 9, as another is" in line
